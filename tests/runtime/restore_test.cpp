// What a restore may not be run into: a daemon that starts meanwhile.

#include "runtime/storage/backup.hpp"
#include "runtime/storage/state_lock.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

using namespace rota;

namespace {

/// What a process of its own comes to: a lock keeps no one out of its own.
bool elsewhere(const std::function<bool()>& f) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    _exit(f() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status) == 0;
}

bool opens(const std::string& dir) {
  return store::open(dir, {}, [](const auto&) {}).disk != nullptr;
}

} // namespace

TEST_CASE_METHOD(store_fixture, "who replaces a store keeps all others out",
                 "[storage]") {
  using mode = state_lock::mode;
  CHECK(elsewhere([this] { return state_lock{path()}.holder() == getppid(); }));
  disk.reset();
  {
    const state_lock lock{path(), mode::replace};
    REQUIRE(lock.is_held());
    CHECK(elsewhere([this] { return !opens(path()); }));
    CHECK(elsewhere([this] { return state_lock{path()}.holder() != 0; }));
    CHECK(elsewhere([this] {
      return state_lock{path(), mode::replace}.holder() != 0;
    }));
  }
  const state_lock lock{path()};
  CHECK(elsewhere([this] { return state_lock{path()}.holder() == 0; }));
  CHECK(elsewhere([this] {
    return state_lock{path(), mode::replace}.holder() != 0;
  }));
}

TEST_CASE_METHOD(store_fixture, "no daemon starts while a state is replaced",
                 "[storage]") {
  disk.reset();
  const auto state = dir.path().string();
  const auto folder = dir / "backups";
  REQUIRE(make_backup(state, folder, {1}).fault == "");
  const auto backup = list_backups(folder).backups.at(0);
  // A file that is read at leisure: the restore stands still there.
  const auto slow = folder + "/files/" + backup.files.at(0).sha256;
  std::filesystem::remove(slow);
  REQUIRE(::mkfifo(slow.c_str(), 0600) == 0);
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto done = restore_backup(folder, backup, state, true, {2});
    _exit(done.fault.empty() ? 0 : 1);
  }
  int gate = -1;
  wait_until("the restore reads that file", [&] {
    gate = ::open(slow.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return gate >= 0;
  });
  CHECK_FALSE(opens(path()));
  ::close(gate); // It was empty: the backup is damaged.
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(opens(path()));
}
