// The check of a store: silent about a good one, and whatever is changed in it
// is found, with its place.

#include "runtime/storage/check.hpp"
#include "runtime/storage/store_keys.hpp"
#include "tests/runtime/full_state.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <cstdlib>
#include <filesystem>

using namespace rota;

namespace {

/// A state of its own, and what the check says about it.
struct fixture {
  temp_dir dir;
  const full_state& state = full_state::image();

  fixture() {
    std::filesystem::copy(state.dir(), dir.path(),
                          std::filesystem::copy_options::recursive);
  }

  std::string store_dir() const {
    return dir / "store";
  }

  std::string batch_file(const std::string& name) const {
    return dir / "batches/" + name;
  }

  check_report check() const {
    return check_store(full_state::target_in(dir.path().string()));
  }

  /// Requires that there is a finding which says this.
  check_finding only(const std::string& says) const {
    const auto report = check();
    std::string all;
    for (const auto& x : report.findings)
      all += x.file + ": " + x.account + ": " + x.text + '\n';
    INFO(all);
    CHECK(report.finding_count == report.findings.size());
    for (const auto& x : report.findings)
      if (x.text.find(says) != std::string::npos) {
        CHECK(x.text.ends_with("."));
        return x;
      }
    FAIL("nobody says " + says);
    return {};
  }

  /// Rewrites the segment that holds an entry of an account.
  void rewrite(account_id account, uint64_t seq,
               const std::function<void(std::vector<ledger_entry>&, size_t)>& f)
    const {
    const raw_store x{store_dir()};
    const std::unique_ptr<rocksdb::Iterator> i{
      x.db->NewIterator({}, x["ledger"])};
    for (i->SeekToFirst(); i->Valid(); i->Next()) {
      auto segment = *decode<std::vector<ledger_entry>>(i->value().ToString());
      for (size_t k = 0; k < segment.size(); ++k)
        if (segment[k].account == account && segment[k].seq == seq) {
          f(segment, k);
          std::string fresh;
          encode(fresh, segment);
          REQUIRE(x.db->Put({}, x["ledger"], i->key(), fresh).ok());
          return;
        }
    }
    FAIL("there is no such entry");
  }

  template <class T>
  void change(const std::string& family, const std::string& key,
              const std::function<void(T&)>& f) const {
    std::string value;
    {
      const raw_store x{store_dir()};
      REQUIRE(x.db->Get({}, x[family], key, &value).ok());
    }
    auto record = decode<T>(value);
    REQUIRE(record);
    f(*record);
    value.clear();
    encode(value, *record);
    put(store_dir(), family, key, value);
  }

  void erase(const std::string& family, const std::string& key) const {
    const raw_store x{store_dir()};
    REQUIRE(x.db->Delete({}, x[family], key).ok());
  }
};

void flip(const std::string& file, size_t at) {
  auto text = read_text(file);
  REQUIRE(at < text.size());
  text[at] = static_cast<char>(text[at] ^ 4);
  std::ofstream{file, std::ios::binary} << text;
}

} // namespace

TEST_CASE("a good store is clean, and read without a trace", "[check]") {
  const fixture on;
  const auto names = [&on] {
    std::vector<std::string> result;
    for (const auto& x :
         std::filesystem::recursive_directory_iterator{on.dir.path()})
      if (x.is_regular_file())
        result.push_back(x.path().string() + read_text(x.path().string()));
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto before = names();
  const auto report = on.check();
  CHECK(names() == before);
  for (const auto& x : report.findings)
    FAIL_CHECK(x.file + ": " + x.account + ": " + x.text);
  CHECK(report.finding_count == 0);
  CHECK(report.schema == store::schema);
  CHECK(report.run == 2);
  CHECK(report.batches == 2);
  CHECK(report.results == on.state.promise().results);
  REQUIRE(report.accounts.size() == 2);
  uint64_t entries = 0;
  for (size_t i = 0; i < 2; ++i) {
    const auto& x = report.accounts[i];
    CHECK(same_books(x.head, on.state.promise().heads[i]));
    CHECK(x.sums.paid_in + x.sums.adjusted - x.sums.charged == x.head.balance);
    entries += x.sums.entries;
  }
  CHECK(report.entries == entries);
  CHECK(report.accounts[0].name == "north-1");
}

TEST_CASE("stores of earlier schemas are checked as they are", "[check]") {
  const temp_dir dir;
  const auto schema = GENERATE(1u, 2u, 3u);
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-"
                      + std::to_string(schema) + ".tar.gz -C "
                      + dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  const auto report = check_store(full_state::target_in(dir / "state"));
  CHECK(report.schema == schema);
  CHECK(report.entries > 0);
  for (const auto& x : report.findings)
    FAIL_CHECK(x.file + ": " + x.account + ": " + x.text);
}

TEST_CASE("a changed ledger is found", "[check]") {
  const fixture on;
  const account_id north{1};
  SECTION("an entry is missing") {
    on.rewrite(north, 20, [](auto& xs, size_t i) {
      xs.erase(xs.begin() + static_cast<ptrdiff_t>(i));
    });
    const auto x = on.only("follows a gap: entry 20 is missing");
    CHECK(x.account == "north-1");
    CHECK(x.entry == 21);
    CHECK(x.file == on.store_dir());
  }
  SECTION("an amount and what follows from it are changed") {
    on.rewrite(north, 20, [](auto& xs, size_t i) {
      xs[i].at.millis += 1; // No rule knows better.
    });
    CHECK(on.only("its digest differs").entry == 20);
  }
  SECTION("a figure is changed") {
    on.rewrite(north, 20,
               [](auto& xs, size_t i) { xs[i].balance_after.nanos += 1; });
    CHECK(on.only("its digest differs").entry == 20);
    CHECK(on.only("but the entries before it come to").entry == 20);
  }
  SECTION("a segment is missing") {
    on.erase("ledger", be64(30));
    on.only("segments 30 to 30 are missing");
    on.only("is missing");
  }
  SECTION("a segment is damaged") {
    put(on.store_dir(), "ledger", be64(30), "no record");
    on.only("Segment 30 of the ledger is damaged");
  }
  SECTION("the run is older than its entries") {
    put(on.store_dir(), "default", "run", record(1));
    on.only("is of run 2");
  }
}

TEST_CASE("changed books are found", "[check]") {
  const fixture on;
  SECTION("damaged") {
    put(on.store_dir(), "head", be32(1), "no record");
    CHECK(on.only("The books are damaged").account == "north-1");
  }
  SECTION("missing") {
    on.erase("head", be32(1));
    CHECK(on.only("The books are missing").account == "north-1");
  }
  SECTION("richer") {
    on.change<account_head>("head", be32(2),
                            [](auto& x) { x.balance.nanos += 1'000; });
    CHECK(on.only("say that the balance is").account == "south-2");
  }
  SECTION("of no name") {
    on.erase("default", "name/south-2");
    CHECK(on.only("name is lost").account == "account 2");
  }
  SECTION("of two names") {
    put(on.store_dir(), "default", "name/west-3", record(2));
    on.only("has the number of");
  }
  SECTION("a client's head damaged") {
    put(on.store_dir(), "default", client_key({1}), "no record");
    on.only("What a client has spent is damaged");
  }
  SECTION("a client's head missing") {
    on.erase("default", client_key({1}));
    on.only("by the ledger it has spent");
  }
  SECTION("a client that spent less") {
    on.change<client_head>("default", client_key({1}),
                           [](auto& x) { x.day_spent.nanos -= 1; });
    on.only("Client alice has spent");
  }
  SECTION("state damaged") {
    put(on.store_dir(), "account", be32(1), "no record");
    CHECK(on.only("state (the operator's will").account == "north-1");
  }
}

TEST_CASE("changed results and batches are found", "[check]") {
  const fixture on;
  SECTION("a result is missing") {
    on.erase("result", be64(1) + be64(7));
    on.only("are not those of its results");
  }
  SECTION("a result is damaged") {
    put(on.store_dir(), "result", be64(1) + be64(7), "no record");
    on.only("The result of item 7 of batch_1 is damaged");
  }
  SECTION("a result of no batch") {
    item_result x;
    x.id = {{9}, 0};
    std::string value;
    encode(value, x);
    put(on.store_dir(), "result", be64(9) + be64(0), value);
    on.only("belongs to a batch that there is not");
  }
  SECTION("a result of no line") {
    item_result x;
    x.id = {{2}, full_state::lines};
    std::string value;
    encode(value, x);
    put(on.store_dir(), "result", be64(2) + be64(full_state::lines), value);
    on.only("belongs to no line");
  }
  SECTION("a result that nobody paid for") {
    on.change<item_result>("result", be64(2) + be64(29),
                           [](auto& x) { x.cost.nanos += 1'000'000; });
    on.only("the ledger has charged only");
  }
  SECTION("counters") {
    on.change<batch_row>("batch", be64(1), [](auto& x) {
      --x.ended.succeeded;
      ++x.ended.failed;
    });
    on.only("are not those of its results");
  }
  SECTION("a batch is damaged") {
    put(on.store_dir(), "batch", be64(2), "no record");
    on.only("The state of batch_2 is damaged");
  }
  SECTION("a batch is missing") {
    on.erase("batch", be64(2));
    on.only("belongs to a batch that there is not");
  }
  SECTION("completed too early") {
    on.change<batch_row>("batch", be64(2), [](auto& x) {
      x.state = batch_state::completed;
    });
    on.only("is called completed");
  }
}

TEST_CASE("changed files of batches are found", "[check]") {
  const fixture on;
  const auto what = GENERATE(as<std::string>{}, "jsonl", "sha256", "index",
                             "skip");
  const auto file = on.batch_file("batch_1." + what);
  INFO(file);
  const auto size = read_text(file).size();
  for (const auto at : {size_t{0}, size / 2, size - 1}) {
    flip(file, at);
    const auto report = on.check();
    REQUIRE(report.finding_count > 0);
    CHECK(report.findings[0].file.find("/batches/batch_1.")
          != std::string::npos);
    flip(file, at);
    CHECK(on.check().finding_count == 0);
  }
  std::filesystem::remove(file);
  CHECK(on.check().finding_count > 0);
}

TEST_CASE("a damaged table is named, with what it holds", "[check]") {
  const fixture on;
  uint64_t tables = 0;
  for (const auto& x :
       std::filesystem::directory_iterator{on.store_dir()})
    if (x.path().extension() == ".sst") {
      ++tables;
      const auto file = x.path().string();
      flip(file, read_text(file).size() / 3);
      const auto found = on.only("The file is damaged: it holds");
      CHECK(found.file == file);
      flip(file, read_text(file).size() / 3);
    }
  CHECK(tables >= 4);
  CHECK(on.check().finding_count == 0);
}

TEST_CASE("a store that lacks what it had is found", "[check]") {
  const fixture on;
  const auto mark = on.store_dir() + ".head";
  SECTION("no log") {
    for (const auto& x : std::filesystem::directory_iterator{on.store_dir()})
      if (x.path().extension() == ".log")
        std::filesystem::resize_file(x.path(), 0);
    const auto x = on.only("acknowledged entries are missing");
    CHECK(x.file == mark);
    CHECK_THAT(x.text, ContainsSubstring("north-1 lacks "));
  }
  SECTION("no mark") {
    std::filesystem::remove(mark);
    on.only("nobody knows how far");
  }
  SECTION("a damaged mark") {
    flip(mark, 20);
    flip(mark, 4'096 + 20);
    on.only("is damaged: both of its slots");
  }
  SECTION("the mark of another store") {
    auto x = *read_high_water(mark).mark;
    x.store += 1;
    REQUIRE(make_high_water(mark, x) == "");
    on.only("belongs to another store");
  }
  SECTION("other books") {
    auto x = *read_high_water(mark).mark;
    x.heads[0] ^= 1;
    REQUIRE(make_high_water(mark, x) == "");
    on.only("are others than the file says");
  }
}

TEST_CASE("of a damaged log, what can be read is checked", "[check]") {
  const fixture on;
  std::string log;
  for (const auto& x : std::filesystem::directory_iterator{on.store_dir()})
    if (x.path().extension() == ".log")
      log = x.path().string();
  flip(log, read_text(log).size() / 2);
  const auto report = on.check();
  REQUIRE(report.finding_count > 0);
  CHECK_THAT(report.findings[0].text, ContainsSubstring("is damaged"));
  REQUIRE(report.accounts.size() == 2);
  const auto& whole = on.state.promise().heads[0];
  CHECK(report.accounts[0].head.seq > 0);
  CHECK(report.accounts[0].head.seq < whole.seq);
}

TEST_CASE_METHOD(fixture, "a newer version's store is not called damaged",
                 "[check]") {
  SECTION("with another schema") {
    put(store_dir(), "default", "schema", record(77));
    CHECK_THAT(check().unchecked, ContainsSubstring("(schema 77)"));
  }
  SECTION("with families that are not known here") {
    {
      const raw_store x{store_dir()};
      rocksdb::ColumnFamilyHandle* fresh = nullptr;
      REQUIRE(x.db->CreateColumnFamily({}, "future", &fresh).ok());
      x.db->DestroyColumnFamilyHandle(fresh);
    }
    CHECK_THAT(check().unchecked, ContainsSubstring("(it has future)"));
  }
  const auto report = check();
  CHECK_THAT(report.unchecked, ContainsSubstring("check it with that version"));
  CHECK(report.finding_count == 0);
  CHECK_FALSE(report.clean());
}

TEST_CASE_METHOD(fixture, "what may not be read is not called damaged",
                 "[check]") {
  const auto root = ::geteuid() == 0;
  std::filesystem::permissions(store_dir(), std::filesystem::perms::none);
  if (root)
    REQUIRE(::seteuid(65'534) == 0);
  const auto report = check();
  if (root)
    REQUIRE(::seteuid(0) == 0);
  std::filesystem::permissions(store_dir(), std::filesystem::perms::owner_all);
  CHECK(report.finding_count == 0);
  CHECK_THAT(report.unchecked, ContainsSubstring("Permission denied"));
  CHECK_THAT(report.unchecked,
             ContainsSubstring("run this as the user that rotad runs as"));
}
