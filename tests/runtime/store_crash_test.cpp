// A process that dies at any moment loses nothing that it was told is on disk.

#include "runtime/storage/journal.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <random>

using namespace rota;

namespace {

constexpr auto directory_variable = "ROTA_TEST_CRASH_DIRECTORY";
constexpr auto limit_variable = "ROTA_TEST_CRASH_FILE_BYTES";

/// What the child does until it is killed: holds and settles, and says on
/// standard output what was acknowledged: "item seq".
void append_for_ever(const std::string& path) {
  auto opened = store::open(path, {}, [](const std::string&) { _exit(3); });
  if (!opened.disk)
    _exit(4);
  auto& disk = *opened.disk;
  const auto id = disk.id_of("north-1");
  ledger books{disk.head_of(id), {}};
  timestamp now{1'795'000'000'000};
  std::ignore = books.open({1'000'000'000'000'000}, now);
  std::vector<commit_ptr> group;
  std::mt19937_64 draw{1};
  for (uint64_t item = 0;; ++item) {
    now = now + milliseconds{1};
    const hold_id hold{{{1}, item}, 0x101};
    std::ignore = books.hold(hold, {1'500}, {}, now + milliseconds{1}, now);
    std::ignore = books.settle(hold, {1'299}, now);
    auto x = std::make_shared<commit>(
      *store_fixture::ending({1}, item, std::string(500, 'x')));
    x->entries = books.take_entries();
    group.push_back(x);
    if (group.size() < draw() % 20)
      continue;
    if (!disk.write(group).empty())
      _exit(3);
    const auto line = std::to_string(item) + ' '
                      + std::to_string(group.back()->entries.back().seq)
                      + '\n';
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0)
      _exit(5);
    group.clear();
  }
}

/// The last whole line that the child wrote.
struct promise {
  uint64_t item = 0;
  uint64_t seq = 0;
};

promise last_promise(const std::string& said) {
  const auto whole = said.substr(0, said.rfind('\n') + 1);
  promise result;
  // What Catch says has no digits in front. ThreadSanitizer brings it last.
  for (const auto& x : lines_of(whole))
    if (!x.empty() && x.front() >= '0' && x.front() <= '9')
      std::istringstream{x} >> result.item >> result.seq;
  return result;
}

std::vector<std::string> child_command() {
  return {"/proc/self/exe", "appends until it is killed"};
}

void check_survival(store_fixture& fix, const promise& told) {
  REQUIRE(fix.open() == "");
  const auto id = fix.disk->id_of("north-1");
  const auto head = fix.disk->head_of(id);
  CHECK(head.seq >= told.seq);
  uint64_t seq = 0;
  CHECK(fix.disk->for_each_entry(id, [&](const ledger_entry& x) {
    seq += x.seq == seq + 1;
  }));
  CHECK(seq == head.seq);
  // Each call's charge came together with its result.
  const auto results = fix.results({1});
  REQUIRE(results.size() > told.item);
  CHECK(results.size() == head.calls);
  for (uint64_t i = 0; i < results.size(); ++i)
    REQUIRE(results[i].id.item == i);
  CHECK(head.spent
        == money{static_cast<int64_t>(results.size()) * 1'299});
  CHECK(head.held == money{});
}

} // namespace

TEST_CASE("appends until it is killed", "[.child]") {
  const auto* path = std::getenv(directory_variable);
  REQUIRE(path != nullptr);
  if (const auto* bytes = std::getenv(limit_variable)) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlim_t most = std::strtoull(bytes, nullptr, 10);
    const rlimit limit{most, most};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  append_for_ever(path);
}

TEST_CASE("what was acknowledged survives kill -9", "[storage][crash]") {
  for (int round = 1; round <= 5; ++round) {
    store_fixture fix;
    fix.disk.reset();
    process child{"child", fix.dir, child_command(),
                  {{directory_variable, fix.path()}}};
    const auto enough = static_cast<uint64_t>(round * round * 40);
    wait_until("the child has promised enough", [&] {
      return last_promise(child.out()).item > enough || !child.running();
    });
    child.signal(SIGKILL);
    CHECK(child.wait() == -SIGKILL);
    check_survival(fix, last_promise(child.out()));
  }
}

TEST_CASE("what was acknowledged survives a disk that refuses more",
          "[storage][crash]") {
  store_fixture fix;
  fix.disk.reset();
  process child{"child", fix.dir, child_command(),
                {{directory_variable, fix.path()},
                 {limit_variable, "300000"}}};
  // It stops by itself, or RocksDB's own assertion stops it.
  const auto code = child.wait();
  CHECK((code == 3 || code == -SIGABRT));
  const auto told = last_promise(child.out());
  CHECK(told.item > 100);
  check_survival(fix, told);
}
