// The room on the disk: when people are told, and when nothing is written.

#include "runtime/storage/disk_space.hpp"
#include "runtime/storage/journal.hpp"
#include "runtime/storage/spool.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>

namespace fs = std::filesystem;

using namespace rota;

namespace {

constexpr uint64_t MiB = 1 << 20;
constexpr auto plenty = uint64_t{1} << 60;

/// A disk's figures are what they are: the marks move instead.
struct space_fixture {
  temp_dir dir;
  store_options options;
  std::vector<bool> told;

  space_fixture() {
    fs::create_directory(dir / "store");
    options.ballast_bytes = MiB;
    options.low_space_bytes = MiB;
    options.write_buffer_bytes = 1;
  }

  disk_space make() {
    return {dir / "store", options, [this](bool low, uint64_t free) {
              // Others write to this disk meanwhile.
              const auto now = free_bytes(dir / "store").value();
              CHECK(std::max(free, now) - std::min(free, now) < 16'384 * MiB);
              told.push_back(low);
            }};
  }

  std::string ballast() const {
    return dir / "store.ballast";
  }
};

} // namespace

TEST_CASE_METHOD(space_fixture, "room enough is not spoken of", "[storage]") {
  auto space = make();
  space.look();
  CHECK(told.empty());
  CHECK(space.room_for(MiB));
  CHECK(fs::file_size(ballast()) == MiB);
}

TEST_CASE_METHOD(space_fixture, "low room is told once", "[storage]") {
  options.low_space_bytes = plenty;
  auto space = make();
  space.look();
  space.look();
  CHECK(told == std::vector<bool>{true});
  CHECK(space.room_for(MiB)); // What is under way may still end.
  CHECK_FALSE(fs::exists(ballast())); // There is no room for it.
}

TEST_CASE_METHOD(space_fixture, "the ballast goes before anything is refused",
                 "[storage]") {
  make().look();
  REQUIRE(fs::exists(ballast()));
  options.write_buffer_bytes = plenty;
  auto space = make();
  CHECK_FALSE(space.room_for(0));
  CHECK_FALSE(fs::exists(ballast()));
  CHECK_FALSE(space.room_for(0));
  space.look(); // Room above the mark: it comes back.
  CHECK(fs::exists(ballast()));
}

TEST_CASE_METHOD(space_fixture, "a ballast of another size is made anew",
                 "[storage]") {
  make().look();
  options.ballast_bytes = 2 * MiB;
  make().look();
  CHECK(fs::file_size(ballast()) == 2 * MiB);
}

TEST_CASE("an upload leaves the store its room", "[storage]") {
  temp_dir dir;
  spool_files files{dir / "batches", plenty};
  const auto upload = files.begin(MiB);
  upload->write("{}\n");
  const auto fault = upload->finish();
  CHECK_THAT(fault, ContainsSubstring("bytes left: free some space"));
  CHECK_THAT(fault, ContainsSubstring("store.low_space_bytes"));
}

TEST_CASE("a journal without room writes nothing and says so when it stops",
          "[storage]") {
  store_fixture fix;
  auto options = fix.options;
  options.write_buffer_bytes = plenty;
  options.ballast_bytes = 0;
  disk_space space{fix.path(), options, [](bool, uint64_t) {}};
  std::atomic<size_t> posts = 0;
  std::vector<std::string> faults;
  {
    journal_writer writer{*fix.disk, 16,
                          [&](const std::function<void()>&) { ++posts; },
                          [&](const std::string& x) { faults.push_back(x); },
                          &space};
    writer.push(store_fixture::ending({1}, 0));
    writer.stop();
  }
  CHECK(posts == 0);
  REQUIRE(faults.size() == 1);
  CHECK_THAT(faults[0], ContainsSubstring("not written: 1."));
  CHECK(fix.results({1}).empty());
}
