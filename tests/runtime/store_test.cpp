// The store on a real RocksDB: what was written is there after it was closed,
// and what does not add up is not written.

#include "runtime/storage/codec.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

#include <random>

using namespace rota;

TEST_CASE("a store counts its runs and remembers names", "[storage]") {
  store_fixture fix;
  REQUIRE(fix.disk);
  CHECK(fix.disk->run() == 1);
  const auto first = fix.disk->id_of("north-1");
  const auto second = fix.disk->id_of("south");
  CHECK(first == account_id{1});
  CHECK(second == account_id{2});
  CHECK(fix.disk->id_of("north-1") == first);
  CHECK(fix.disk->next_batch_id() == batch_id{1});
  REQUIRE(fix.open() == "");
  CHECK(fix.disk->run() == 2);
  CHECK(fix.disk->id_of("south") == second);
  CHECK(fix.disk->id_of("west") == account_id{3});
  CHECK(fix.disk->head_of(first).name == "north-1");
  CHECK(fix.disk->head_of(first).seq == 0);
  CHECK(fix.disk->next_batch_id() == batch_id{2});
  CHECK(fix.failures.empty());
}

TEST_CASE("what clients spend is written with the entries that say so",
          "[storage]") {
  store_fixture fix;
  const auto alice = fix.disk->client_of("alice").client;
  const auto bob = fix.disk->client_of("bob").client;
  CHECK(alice == client_id{1});
  CHECK(bob == client_id{2});
  const auto id = fix.disk->id_of("north-1");
  const auto other = fix.disk->id_of("south");
  ledger books{id, "north-1", {}};
  ledger others{other, "south", {}};
  const timestamp day{1'795'046'400'000}; // Midnight.
  const auto late = day - milliseconds{1};
  const auto until = day + milliseconds{1'000};
  REQUIRE(books.open({1'000'000}, late) == ec::ok);
  REQUIRE(others.open({1'000'000}, late) == ec::ok);
  const hold_id a{{{}, 1, alice}, 0x101};
  const hold_id b{{{}, 2, alice}, 0x101};
  const hold_id c{{{}, 3, bob}, 0x101};
  const hold_id nobody{{{4}, 4}, 0x101};
  for (const auto& x : {a, c, nobody})
    REQUIRE(books.hold(x, {5'000}, {}, until, late) == ec::ok);
  REQUIRE(others.hold(b, {5'000}, {}, until, late) == ec::ok);
  REQUIRE(books.settle(a, {7'000}, late) == ec::ok);
  REQUIRE(books.settle(nobody, {1'000}, late) == ec::ok);
  REQUIRE(books.release(c, late) == ec::ok);
  REQUIRE(others.settle(b, {300}, day) == ec::ok);
  REQUIRE(fix.disk->write({fix.booking(books.take_entries()),
                           fix.booking(others.take_entries())})
          == "");
  for (int i = 0; i < 2; ++i) {
    const auto x = fix.disk->client_of("alice");
    CHECK(x.client == alice);
    CHECK(x.calls == 2);
    CHECK(x.spent == money{7'300});
    CHECK(x.day_spent == money{300});
    CHECK(x.month_spent == money{7'300});
    CHECK(x.last_used == late);
    const auto y = fix.disk->client_of("bob");
    CHECK(y.calls == 1);
    CHECK(y.spent == money{});
    REQUIRE(fix.open() == "");
  }
  CHECK(fix.disk->client_of("carol").client == client_id{3});
}

TEST_CASE("all parts of a commit are there after a restart", "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  const timestamp now{1'795'000'000'000};
  const hold_id hold{{{17}, 42}, 0x101};
  REQUIRE(books.open({1'000'000}, now) == ec::ok);
  REQUIRE(books.hold(hold, {5'000}, {}, now + milliseconds{1'000}, now)
          == ec::ok);
  auto x = std::make_shared<commit>();
  x->entries = books.take_entries();
  x->account = sample_account_row();
  x->account->account = id;
  x->batch = sample_batch_row();
  x->result = std::make_shared<item_result>(sample_result());
  REQUIRE(fix.disk->write({x}) == "");
  for (int i = 0; i < 2; ++i) {
    CHECK(same_books(fix.disk->head_of(id), books.snapshot()));
    CHECK(fix.disk->head_of(id).name == "north-1");
    CHECK(fix.disk->row_of(id).value().reason == "429 Too Many Requests");
    CHECK(fix.disk->heads().size() == 1);
    REQUIRE(fix.disk->batches().size() == 1);
    CHECK(fix.disk->batch({17}).value().options.name == "night run");
    CHECK_FALSE(fix.disk->batch({18}).has_value());
    REQUIRE(fix.results({17}).size() == 1);
    CHECK(fix.results({17})[0].body == sample_result().body);
    uint64_t entries = 0;
    CHECK(fix.disk->for_each_entry(id, [&](const ledger_entry& y) {
      CHECK(y.seq == ++entries);
    }));
    CHECK(entries == 2);
    REQUIRE(fix.open() == "");
  }
}

TEST_CASE("ten thousand random commits fold to the same heads", "[storage]") {
  store_fixture fix;
  fix.options.write_buffer_bytes = 64 * 1024; // Many flushes and compactions.
  REQUIRE(fix.open() == "");
  std::mt19937_64 draw{7};
  constexpr size_t accounts = 20;
  std::vector<ledger> books;
  std::vector<std::vector<hold_id>> open(accounts);
  timestamp now{1'795'000'000'000};
  for (size_t i = 0; i < accounts; ++i) {
    const auto name = "account-" + std::to_string(i);
    books.emplace_back(fix.disk->id_of(name), name, ledger_rules{});
    REQUIRE(books.back().open({1'000'000'000'000}, now) == ec::ok);
  }
  uint64_t jobs = 0;
  size_t commits = 0;
  std::vector<commit_ptr> group;
  while (commits < 10'000) {
    const auto i = draw() % accounts;
    auto& mine = open[i];
    now = now + milliseconds{static_cast<int64_t>(draw() % 50)};
    const money amount{static_cast<int64_t>(draw() % 1'000'000)};
    const auto pick = mine.empty() ? 0 : draw() % mine.size();
    switch (mine.empty() ? 0 : draw() % 8) {
      case 0:
      case 1:
      case 2:
        mine.push_back({{{1}, ++jobs}, 0x101});
        REQUIRE(books[i].hold(mine.back(), amount, {},
                              now + milliseconds{600'000}, now)
                == ec::ok);
        break;
      case 3:
        REQUIRE(books[i].release(mine[pick], now) == ec::ok);
        mine.erase(mine.begin() + static_cast<ptrdiff_t>(pick));
        break;
      case 4:
        // What is in doubt already may be put in doubt again, or refused.
        std::ignore = books[i].doubt(mine[pick], now + milliseconds{9'000}, now);
        break;
      case 5:
        books[i].adjust(amount, now);
        break;
      default:
        REQUIRE(books[i].settle(mine[pick], amount, now) == ec::ok);
        mine.erase(mine.begin() + static_cast<ptrdiff_t>(pick));
    }
    group.push_back(store_fixture::booking(books[i].take_entries()));
    ++commits;
    if (group.size() > draw() % 200) {
      REQUIRE(fix.disk->write(group) == "");
      group.clear();
    }
  }
  REQUIRE(fix.disk->write(group) == "");
  REQUIRE(fix.open() == "");
  CHECK(chained(*fix.disk));
  for (const auto& x : books) {
    const auto head = fix.disk->head_of(x.head().account);
    CHECK(same_books(head, x.snapshot()));
    CHECK(head.name == x.head().name);
    uint64_t seq = 0;
    CHECK(fix.disk->for_each_entry(head.account, [&](const ledger_entry& y) {
      seq += y.seq == seq + 1;
    }));
    CHECK(seq == head.seq);
  }
  CHECK(fix.failures.empty());
}

TEST_CASE("books that do not add up are not written", "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  REQUIRE(books.open({1'000'000}, {1'795'000'000'000}) == ec::ok);
  const auto good = books.take_entries();
  REQUIRE(fix.disk->write({store_fixture::booking(good)}) == "");
  books.adjust({5}, {1'795'000'000'001});
  auto bad = books.take_entries();
  const auto what = GENERATE(0, 1, 2, 3);
  if (what == 0) // A gap.
    bad[0].seq += 1;
  if (what == 1) // A repeat.
    bad = good;
  if (what == 2) // Another sum.
    bad[0].balance_after.nanos += 1;
  if (what == 3)
    bad[0].held_after.nanos += 1;
  const auto bystander = store_fixture::ending({1}, 0);
  const auto fault
    = fix.disk->write({bystander, store_fixture::booking(bad)});
  CHECK_THAT(fault, ContainsSubstring("account 1 (north-1) do not add up at"
                                      " entry"));
  CHECK(fix.failures == std::vector<std::string>{fault});
  // From then on nothing is written, and nobody is told twice.
  CHECK(fix.disk->write({store_fixture::ending({1}, 1)}) != "");
  CHECK(fix.failures.size() == 1);
  REQUIRE(fix.open() == "");
  CHECK(fix.disk->head_of(id).seq == 1);
  CHECK(fix.disk->head_of(id).balance == money{1'000'000});
  CHECK(fix.results({1}).empty());
}

TEST_CASE("the first result of a line stays", "[storage]") {
  store_fixture fix;
  const auto end = [](uint64_t item, const char* body) {
    return store_fixture::ending({3}, item, body);
  };
  REQUIRE(fix.disk->write({end(7, "first"), end(8, "x"), end(7, "again")})
          == "");
  CHECK(fix.disk->duplicates() == 1);
  REQUIRE(fix.disk->write({end(7, "later"), end(9, "y")}) == "");
  CHECK(fix.disk->duplicates() == 2);
  REQUIRE(fix.open() == "");
  REQUIRE(fix.disk->write({end(8, "after a restart")}) == "");
  CHECK(fix.disk->duplicates() == 1);
  const auto found = fix.results({3});
  REQUIRE(found.size() == 3);
  CHECK(found[0].body == "first");
  CHECK(found[1].body == "x");
  CHECK(found[2].body == "y");
}

TEST_CASE("a line that ended twice still has its money booked", "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  for (int i = 0; i < 2; ++i) {
    books.adjust({10}, {1'795'000'000'000 + i});
    auto x = std::make_shared<commit>(*store_fixture::ending({3}, 7));
    x->entries = books.take_entries();
    REQUIRE(fix.disk->write({x}) == "");
  }
  CHECK(fix.disk->head_of(id).balance == money{20});
  CHECK(fix.disk->duplicates() == 1);
}

TEST_CASE("results come in order, from an item on", "[storage]") {
  store_fixture fix;
  std::vector<commit_ptr> group;
  for (const uint64_t item : {300, 2, 65'536, 0, 255, 256})
    group.push_back(store_fixture::ending({5}, item));
  group.push_back(store_fixture::ending({4}, 1));
  group.push_back(store_fixture::ending({6}, 1));
  REQUIRE(fix.disk->write(group) == "");
  const auto items = [&fix](uint64_t from, size_t most) {
    std::vector<uint64_t> found;
    CHECK(fix.disk->for_each_result({5}, from, [&](const item_result& x) {
      found.push_back(x.id.item);
      return found.size() < most;
    }));
    return found;
  };
  CHECK(items(0, 99) == std::vector<uint64_t>{0, 2, 255, 256, 300, 65'536});
  CHECK(items(255, 99) == std::vector<uint64_t>{255, 256, 300, 65'536});
  CHECK(items(3, 2) == std::vector<uint64_t>{255, 256});
  CHECK(items(65'537, 99).empty());
  batch_row row;
  row.id = {5};
  row.cursor = 256;
  const auto resume = fix.disk->resume_of(row);
  CHECK(resume.row.id == row.id);
  REQUIRE(resume.ended.size() == 3);
  CHECK(resume.ended[0].item == 256);
  CHECK(resume.ended[1].spent == money{300});
  CHECK(resume.ended[2].state == item_state::succeeded);
}

TEST_CASE("batches come back with what was said last", "[storage]") {
  store_fixture fix;
  for (uint64_t cursor = 0; cursor < 3; ++cursor) {
    auto x = std::make_shared<commit>();
    x->batch = sample_batch_row();
    x->batch->cursor = cursor;
    auto y = std::make_shared<commit>(*x);
    y->batch->id = {256};
    REQUIRE(fix.disk->write({y, x}) == "");
  }
  REQUIRE(fix.open() == "");
  const auto rows = fix.disk->batches();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].id == batch_id{17});
  CHECK(rows[1].id == batch_id{256});
  CHECK(rows[0].cursor == 2);
}
