// The file that says how far a store had come, and the store that is refused
// because it lacks something of it.

#include "runtime/storage/high_water.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <filesystem>

namespace fs = std::filesystem;

using namespace rota;

namespace {

high_water sample(uint64_t generation) {
  high_water x;
  x.store = 0x1234'5678'9abc'def0;
  x.generation = generation;
  x.writes = 900'000;
  x.entries = 4'000 + generation;
  x.heads.fill(0x5a);
  x.clean = generation % 2 == 0;
  for (uint32_t i = 1; i <= high_water::latest_max; ++i)
    x.latest.push_back({{UINT32_MAX - i}, UINT64_MAX - i});
  return x;
}

void overwrite(const std::string& file, size_t at, const std::string& by) {
  auto text = read_text(file);
  REQUIRE(at + by.size() <= text.size());
  text.replace(at, by.size(), by);
  std::ofstream{file, std::ios::binary} << text;
}

/// A store with two accounts, north-1 written last.
struct marked_store : store_fixture {
  account_id north = disk->id_of("north-1");
  account_id south = disk->id_of("south-1");
  ledger north_books{north, "north-1", {}};
  ledger south_books{south, "south-1", {}};

  void adjust(ledger& books, int times) {
    for (int i = 0; i < times; ++i) {
      books.adjust({1}, {1'795'000'000'000 + i});
      REQUIRE(disk->write({booking(books.take_entries())}) == "");
    }
  }

  std::string head() const {
    return path() + ".head";
  }

  /// The files as they are now, in another place.
  std::string copy_as(const std::string& name) const {
    const auto to = dir / name;
    fs::copy(path(), to);
    fs::copy(head(), to + ".head");
    return to;
  }
};

std::string log_of(const std::string& path) {
  for (const auto& x : fs::directory_iterator{path})
    if (x.path().extension() == ".log" && fs::file_size(x.path()) > 0)
      return x.path().string();
  return {};
}

void check_refusal(store_fixture& fix, const std::string& says) {
  const auto before = fix.path();
  const auto fault = fix.open();
  INFO(fault);
  CHECK_FALSE(fix.disk);
  CHECK_THAT(fault, ContainsSubstring("The store in " + before));
  CHECK_THAT(fault, ContainsSubstring(says));
  CHECK_THAT(fault, ContainsSubstring("rota fsck"));
  CHECK_THAT(fault, ContainsSubstring("rota restore BACKUP --state-dir "
                                      + fix.dir.path().string()));
  CHECK(fault.ends_with("."));
  CHECK(fault.find('\n') == std::string::npos);
}

} // namespace

TEST_CASE("a mark comes back as it was written", "[storage]") {
  temp_dir dir;
  const auto path = dir / "x.head";
  CHECK_FALSE(read_high_water(path).exists);
  REQUIRE(make_high_water(path, sample(0)) == "");
  high_water_file file;
  REQUIRE(file.open(path) == "");
  for (uint64_t n = 1; n <= 3; ++n) {
    REQUIRE(file.write(sample(n)) == "");
    const auto found = read_high_water(path);
    CHECK(found.damaged == 0);
    REQUIRE(found.mark);
    const auto& x = *found.mark;
    const auto y = sample(n);
    CHECK(x.store == y.store);
    CHECK(x.generation == n);
    CHECK(x.writes == y.writes);
    CHECK(x.entries == y.entries);
    CHECK(x.heads == y.heads);
    CHECK(x.clean == y.clean);
    REQUIRE(x.latest.size() == y.latest.size());
    CHECK(x.latest.back().account == y.latest.back().account);
    CHECK(x.latest.back().seq == y.latest.back().seq);
    CHECK(fs::file_size(path) == 8'192);
  }
}

TEST_CASE("one damaged slot leaves the other", "[storage]") {
  temp_dir dir;
  const auto path = dir / "x.head";
  REQUIRE(make_high_water(path, sample(0)) == "");
  high_water_file file;
  REQUIRE(file.open(path) == "");
  REQUIRE(file.write(sample(1)) == "");
  // Any byte of a slot that means something: the other one serves.
  const auto bytes = size_t{10} + 4'000 - 1'000;
  for (size_t at = 0; at < bytes; at += 97)
    for (const size_t slot : {0, 4'096}) {
      const auto good = read_text(path);
      auto bad = good;
      bad[slot + at] = static_cast<char>(bad[slot + at] ^ 0x04);
      std::ofstream{path, std::ios::binary} << bad;
      const auto found = read_high_water(path);
      CHECK(found.damaged == 1);
      REQUIRE(found.mark);
      CHECK(found.mark->generation == (slot == 0 ? 1 : 0));
      std::ofstream{path, std::ios::binary} << good;
    }
  overwrite(path, 20, "x");
  overwrite(path, 4'096 + 20, "x");
  const auto found = read_high_water(path);
  CHECK(found.damaged == 2);
  CHECK_FALSE(found.mark);
  CHECK_THAT(found.fault, ContainsSubstring(path));
  fs::resize_file(path, 0);
  CHECK(read_high_water(path).damaged == 2);
}

TEST_CASE("what is missing is counted and named", "[storage]") {
  const auto name = [](account_id x) {
    return "account " + std::to_string(x.value);
  };
  high_water then, now;
  then.writes = now.writes = 100;
  then.entries = now.entries = 40;
  CHECK(missing(then, now, name) == "");
  now.writes = 97;
  CHECK_THAT(missing(then, now, name), ContainsSubstring("3 acknowledged rec"));
  now.entries = 39;
  CHECK(missing(then, now, name) == "1 acknowledged entry is missing");
  for (uint32_t i = 1; i <= 7; ++i)
    then.latest.push_back({{i}, 10});
  for (uint32_t i = 1; i <= 7; ++i)
    now.latest.push_back({{i}, i == 3 ? uint64_t{8} : uint64_t{10}});
  now.entries = 41; // Others went on meanwhile: it is missing all the same.
  CHECK(missing(then, now, name)
        == "2 acknowledged entries are missing (account 3 lacks 2)");
  now.latest.clear();
  now.entries = 0;
  CHECK(missing(then, now, name)
        == "70 acknowledged entries are missing (account 1 lacks 10, account 2"
           " lacks 10, account 3 lacks 10, account 4 lacks 10, account 5 lacks"
           " 10, and 2 more)");
}

TEST_CASE("a store whose log lost its end is refused", "[storage]") {
  marked_store x;
  x.adjust(x.south_books, 5);
  x.adjust(x.north_books, 20);
  const auto kept = x.copy_as("kept");
  x.adjust(x.south_books, 2);
  x.adjust(x.north_books, 3);
  x.disk.reset(); // Says in its head that 30 entries are there.
  const auto part = GENERATE(as<std::string>{}, "end", "log", "all", "older");
  INFO(part);
  auto lost = std::string{"5 acknowledged entries are missing (account north-1"
                          " lacks 3, account south-1 lacks 2)"};
  const auto log = log_of(x.path());
  REQUIRE_FALSE(log.empty());
  if (part == "end") {
    fs::copy(log_of(kept), log, fs::copy_options::overwrite_existing);
  } else if (part == "log") {
    fs::remove(log);
    lost = "30 acknowledged entries are missing (account 1 lacks 23, account 2"
           " lacks 7)";
  } else if (part == "all") {
    fs::remove_all(x.path());
    lost = "30 acknowledged entries are missing";
  } else { // Somebody put back a copy without its head.
    fs::remove_all(x.path());
    fs::copy(kept, x.path());
  }
  check_refusal(x, lost);
  // Nor the next time, though RocksDB has made what it lacked: its new list of
  // tables may bear the number of the old one.
  CHECK_THAT(x.open(), ContainsSubstring("is not what it was"));
}

TEST_CASE("results without entries are missed as well", "[storage]") {
  marked_store x;
  REQUIRE(x.disk->write({marked_store::ending({1}, 1)}) == "");
  const auto kept = x.copy_as("kept");
  REQUIRE(x.disk->write({marked_store::ending({1}, 2)}) == "");
  x.disk.reset();
  fs::remove_all(x.path());
  fs::copy(kept, x.path());
  check_refusal(x, "1 acknowledged record is missing (none of them an entry)");
}

TEST_CASE("a store without its head, or with another's, is refused",
          "[storage]") {
  marked_store x;
  x.adjust(x.north_books, 3);
  x.disk.reset();
  SECTION("gone") {
    fs::remove(x.head());
    check_refusal(x, ".head is missing");
  }
  SECTION("both slots damaged") {
    overwrite(x.head(), 30, "\x7f\x7f\x7f");
    overwrite(x.head(), 4'096 + 30, "\x7f\x7f\x7f");
    check_refusal(x, "is damaged");
  }
  SECTION("another store's") {
    store_fixture other;
    other.disk.reset();
    fs::copy(other.path() + ".head", x.head(),
             fs::copy_options::overwrite_existing);
    check_refusal(x, "is not what it was"); // As its tables say, or its name.
  }
  SECTION("one slot damaged is no reason") {
    const auto slot = GENERATE(0u, 4'096u);
    overwrite(x.head(), slot + 30, "\x7f\x7f\x7f");
    CHECK(x.open() == "");
  }
}

TEST_CASE("books that went another way are refused", "[storage]") {
  marked_store x;
  x.adjust(x.north_books, 3);
  x.disk.reset();
  // As many records as there were, but not the same.
  const auto other = x.dir / "other";
  auto mark = read_high_water(x.head()).mark.value();
  mark.heads[0] ^= 1;
  ++mark.generation;
  high_water_file file;
  REQUIRE(file.open(x.head()) == "");
  REQUIRE(file.write(mark) == "");
  check_refusal(x, "the books differ");
}

TEST_CASE("a head is renewed at the start and at the stop", "[storage]") {
  marked_store x;
  const auto first = read_high_water(x.head()).mark.value();
  CHECK_FALSE(first.clean);
  CHECK(first.store != 0);
  x.adjust(x.south_books, 1);
  x.adjust(x.north_books, 7);
  x.disk.reset();
  const auto last = read_high_water(x.head()).mark.value();
  CHECK(last.clean);
  CHECK(last.store == first.store);
  CHECK(last.entries == 8);
  CHECK(last.writes > first.writes);
  REQUIRE(last.latest.size() == 2);
  CHECK(last.latest[0].account == x.north);
  CHECK(last.latest[0].seq == 7);
  REQUIRE(x.open() == "");
  CHECK_FALSE(read_high_water(x.head()).mark->clean);
}

TEST_CASE("a head is never ahead of what a crash leaves", "[storage]") {
  marked_store x;
  for (int i = 0; i < 5; ++i) {
    x.adjust(i % 2 == 0 ? x.north_books : x.south_books, 10);
    const auto image = x.copy_as("image-" + std::to_string(i));
    const auto opened = store::open(image, {}, [](const std::string&) {});
    CHECK(opened.fault == "");
  }
}

TEST_CASE("a first start that was interrupted goes on", "[storage]") {
  temp_dir dir;
  high_water fresh;
  fresh.store = 77;
  REQUIRE(make_high_water(dir / "store.head", fresh) == "");
  const auto opened
    = store::open(dir / "store", {}, [](const std::string&) {});
  REQUIRE(opened.fault == "");
  CHECK(read_high_water(dir / "store.head").mark->store == 77);
}

TEST_CASE("a store that was put back is vouched for", "[storage]") {
  marked_store x;
  x.adjust(x.north_books, 3);
  const auto backup = x.dir / "backup";
  fs::copy(x.path(), backup);
  x.adjust(x.north_books, 3);
  x.disk.reset();
  fs::remove_all(x.path());
  fs::copy(backup, x.path());
  CHECK_THAT(x.open(), ContainsSubstring("3 acknowledged entries are missing"));
  REQUIRE(store::vouch(x.path()) == "");
  CHECK(read_high_water(x.head()).mark->entries == 3);
  REQUIRE(x.open() == "");
  CHECK(x.disk->head_of(x.north).seq == 3);
}
