// Stores of earlier versions are brought to today's form, also in two goes, and
// nothing in them changes. tests/data/store/schema-N.tar.gz was left by a rotad
// of schema N that had been killed in its second batch.

#include "runtime/storage/chain.hpp"
#include "runtime/storage/high_water.hpp"
#include "runtime/storage/record_reader.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/text_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>

using namespace rota;

namespace {

struct old_store {
  temp_dir dir;

  explicit old_store(int schema = 1) {
    const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-"
                        + std::to_string(schema) + ".tar.gz -C "
                        + dir.path().string();
    REQUIRE(std::system(unpack.c_str()) == 0);
  }

  std::string path() const {
    return dir / "state/store";
  }

  store::opened open() const {
    return store::open(path(), {}, [](const std::string&) {});
  }
};

} // namespace

TEST_CASE("a store of schema 1 gets its chains and keeps the rest",
          "[storage]") {
  old_store old;
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  const auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 1);
  CHECK(disk.run() == 3);
  // As `rota accounts` of that version said.
  struct figures {
    int64_t balance, held, spent;
    uint64_t calls;
  };
  const std::map<std::string, figures> known{
    {"a", {29'981'460'000, 1'052'000, 18'540'000, 152}},
    {"b", {33'520'000, 1'052'000, 16'480'000, 136}},
    {"c", {12'483'520'000, 1'052'000, 16'480'000, 167}},
  };
  auto heads = disk.heads();
  REQUIRE(heads.size() == known.size());
  for (const auto& x : heads) {
    INFO(x.name);
    const auto& y = known.at(x.name);
    CHECK(x.balance == money{y.balance});
    CHECK(x.held == money{y.held});
    CHECK(x.spent == money{y.spent});
    CHECK(x.calls == y.calls);
    CHECK(x.holds.size() == 8);
  }
  CHECK(disk.row_of(heads[0].account).has_value());
  REQUIRE(disk.batches().size() == 2);
  for (const auto& x : disk.batches()) {
    CHECK(x.state == batch_state::completed);
    uint64_t results = 0;
    CHECK(disk.for_each_result(x.id, 0, [&](const item_result&) {
      return ++results > 0;
    }));
    CHECK(results == 200);
  }
  CHECK(chained(disk));
  // The old store lies beside, as it was.
  CHECK(std::filesystem::exists(old.path() + ".schema-1/CURRENT"));
}

TEST_CASE("a store of schema 2 gets its high-water file and keeps the rest",
          "[storage]") {
  old_store old{2};
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  const auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 2);
  CHECK(disk.run() == 3);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].name == "a");
  CHECK(heads[0].balance == money{29'951'718'750});
  CHECK(heads[0].held == money{1'052'000});
  CHECK(heads[0].spent == money{48'281'250});
  CHECK(heads[0].calls == 383);
  CHECK(heads[0].holds.size() == 8);
  CHECK(heads[1].name == "b");
  CHECK(heads[1].balance == money{39'980'945'000});
  CHECK(heads[1].held == money{});
  CHECK(heads[1].calls == 148);
  CHECK(disk.row_of(heads[1].account)->admin == admin_state::drain);
  REQUIRE(disk.batches().size() == 2);
  CHECK(disk.batches()[1].state == batch_state::running);
  std::map<uint64_t, uint64_t> results;
  for (const auto& x : disk.batches())
    CHECK(disk.for_each_result(x.id, 0, [&](const item_result& y) {
      return ++results[y.id.batch.value] > 0;
    }));
  CHECK(results == std::map<uint64_t, uint64_t>{{1, 300}, {2, 223}});
  CHECK(chained(disk));
  CHECK(std::filesystem::exists(old.path() + ".schema-2/CURRENT"));
  const auto mark = read_high_water(old.path() + ".head").mark.value();
  CHECK(mark.entries == heads[0].seq + heads[1].seq);
}

TEST_CASE("a migration from schema 2 that was interrupted goes on",
          "[storage]") {
  old_store old{2};
  high_water fresh; // It had made the file, and no more.
  fresh.store = 77;
  REQUIRE(make_high_water(old.path() + ".head", fresh) == "");
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  CHECK(opened.disk->migrated_from() == 2);
  CHECK(read_high_water(old.path() + ".head").mark->store == 77);
}

TEST_CASE("a store of schema 3 learns of clients and keeps the rest",
          "[storage]") {
  old_store old{3};
  const auto before = read_high_water(old.path() + ".head").mark.value();
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 3);
  CHECK(disk.run() == 3);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].balance == money{29'978'246'500});
  CHECK(heads[0].held == money{1'058'000});
  CHECK(heads[0].spent == money{21'753'500});
  CHECK(heads[0].calls == 176);
  CHECK(heads[0].holds.size() == 8);
  CHECK(heads[1].balance == money{39'987'052'500});
  CHECK(heads[1].calls == 100);
  CHECK(disk.row_of(heads[1].account)->admin == admin_state::drain);
  CHECK(chained(disk));
  CHECK(std::filesystem::exists(old.path() + ".schema-3/CURRENT"));
  const auto after = read_high_water(old.path() + ".head").mark.value();
  CHECK(after.store == before.store);
  CHECK(disk.client_of("alice").client == client_id{1});
}

TEST_CASE("a store of schema 4 learns of likelihood and keeps the rest",
          "[storage]") {
  old_store old{4};
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 4);
  CHECK(disk.run() == 3);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].balance == money{29'955'532'250});
  CHECK(heads[0].held == money{1'052'000});
  CHECK(heads[0].spent == money{44'467'750});
  CHECK(heads[0].calls == 353);
  CHECK(heads[0].holds.size() == 8);
  for (const auto& x : heads[0].holds)
    CHECK_FALSE(x.unlikely);
  CHECK(heads[1].balance == money{39'980'148'000});
  CHECK(heads[1].calls == 154);
  const auto row = disk.row_of(heads[1].account).value();
  CHECK(row.admin == admin_state::drain);
  CHECK(row.posting_lag == milliseconds{0});
  CHECK(disk.client_of("alice").calls == 5);
  CHECK(chained(disk));
  CHECK(std::filesystem::exists(old.path() + ".schema-4/CURRENT"));
}

TEST_CASE("a store of schema 5 has room for records and keeps the rest",
          "[storage]") {
  old_store old{5};
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 5);
  CHECK(disk.run() == 2);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].balance == money{29'967'426'250});
  CHECK(heads[0].held == money{526'000});
  CHECK(heads[0].spent == money{32'573'750});
  CHECK(heads[0].calls == 257);
  CHECK(heads[0].holds.size() == 4);
  CHECK(heads[1].balance == money{39'987'011'500});
  CHECK(heads[1].calls == 102);
  CHECK(disk.row_of(heads[1].account).value().admin == admin_state::drain);
  CHECK(disk.client_of("alice").calls == 3);
  CHECK(chained(disk));
  CHECK(disk.records() == 0);
  auto x = std::make_shared<commit>();
  x->record = std::make_shared<const usage_record>(sample_record());
  REQUIRE(disk.write({x}) == "");
  CHECK(disk.find_record(sample_record().id).has_value());
  CHECK(std::filesystem::exists(old.path() + ".schema-5/CURRENT"));
}

TEST_CASE("a store of schema 6 keeps its records, whose price nobody noted",
          "[storage]") {
  old_store old{6};
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 6);
  CHECK(disk.run() == 2);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].balance == money{29'986'610'000});
  CHECK(heads[0].held == money{4'014'000});
  CHECK(heads[0].calls == 108);
  CHECK(heads[0].holds.size() == 4);
  CHECK(heads[1].balance == money{39'960'988'750});
  CHECK(heads[1].calls == 303);
  CHECK(chained(disk));
  size_t seen = 0;
  CHECK(disk.for_each_record([&seen](const usage_record& x) {
    CHECK(x.model == "gpt-5-mini");
    CHECK(x.cost == money{128'750});
    CHECK(x.price_name.empty());
    CHECK(x.priced == price_basis::none);
    return ++seen > 0;
  }));
  CHECK(seen == 3);
  auto x = std::make_shared<commit>();
  x->record = std::make_shared<const usage_record>(sample_record());
  REQUIRE(disk.write({x}) == "");
  const auto found = disk.find_record(sample_record().id);
  REQUIRE(found);
  CHECK(found->price_name == "claude-haiku");
  CHECK(found->priced == price_basis::by_prefix);
  CHECK(found->used == sample_record().used);
  CHECK(std::filesystem::exists(old.path() + ".schema-6/CURRENT"));
}

TEST_CASE("a store of schema 7 keeps the whole hold of its doubt",
          "[storage]") {
  old_store old{7};
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  auto& disk = *opened.disk;
  CHECK(disk.migrated_from() == 7);
  auto heads = disk.heads();
  REQUIRE(heads.size() == 2);
  std::sort(heads.begin(), heads.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(heads[0].balance == money{29'970'531'000});
  CHECK(heads[0].held == money{1'052'000});
  CHECK(heads[0].holds.size() == 8);
  CHECK(heads[1].balance == money{39'979'967'750});
  REQUIRE(heads[1].holds.size() == 1);
  const auto& doubt = heads[1].holds[0];
  CHECK(doubt.in_doubt);
  CHECK(doubt.amount == money{1'280'600});
  CHECK(doubt.presumed > money{});
  CHECK(doubt.presumed < doubt.amount);
  CHECK(chained(disk));
  CHECK(std::filesystem::exists(old.path() + ".schema-7/CURRENT"));
}

TEST_CASE("a migration happens once", "[storage]") {
  const auto schema = GENERATE(1, 2, 3, 4, 5, 6, 7);
  old_store old{schema};
  REQUIRE(old.open().fault == "");
  const auto copy = old.path() + ".schema-" + std::to_string(schema);
  std::filesystem::remove_all(copy);
  const auto again = old.open();
  REQUIRE(again.fault == "");
  CHECK(again.disk->migrated_from() == 0);
  CHECK_FALSE(std::filesystem::exists(copy));
}

TEST_CASE("a migration that was interrupted goes on", "[storage]") {
  const auto rewritten = GENERATE(1u, 7u, 50u);
  old_store old;
  {
    const raw_store x{old.path()};
    entry_chain links;
    std::map<account_id, chain_digest> ends;
    const std::unique_ptr<rocksdb::Iterator> i{
      x.db->NewIterator({}, x["ledger"])};
    i->SeekToFirst();
    for (size_t n = 0; n < rewritten; ++n, i->Next()) {
      REQUIRE(i->Valid());
      auto segment
        = decode<std::vector<ledger_entry>>(i->value().ToString()).value();
      for (auto& y : segment)
        y.chain = ends[y.account] = links.next(ends[y.account], y);
      std::string value;
      encode(value, segment);
      REQUIRE(x.db->Put({}, x["ledger"], i->key(), value).ok());
    }
  }
  const auto opened = old.open();
  REQUIRE(opened.fault == "");
  CHECK(opened.disk->migrated_from() == 1);
  CHECK(chained(*opened.disk));
}

TEST_CASE("a damaged store is not migrated", "[storage]") {
  old_store old;
  std::string last;
  {
    const raw_store x{old.path()};
    const std::unique_ptr<rocksdb::Iterator> i{
      x.db->NewIterator({}, x["ledger"])};
    i->SeekToFirst();
    i->Next();
    REQUIRE(i->Valid());
    REQUIRE(x.db->Delete({}, x["ledger"], i->key()).ok());
  }
  const auto opened = old.open();
  CHECK_FALSE(opened.disk);
  CHECK_THAT(opened.fault, ContainsSubstring(old.path()));
  CHECK_THAT(opened.fault, ContainsSubstring("of account"));
  const raw_store x{old.path()};
  std::string schema;
  REQUIRE(x.db->Get({}, "schema", &schema).ok());
  CHECK(decode<uint64_t>(schema) == uint64_t{1});
}
