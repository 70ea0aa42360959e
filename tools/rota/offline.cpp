#include "tools/rota/offline.hpp"

#include "runtime/storage/state_copy.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rota::cli {

void add_state_dir(CLI::App& command, std::string& dir) {
  command
    .add_option("--state-dir", dir, "The daemon's state_dir, or a copy of it")
    ->envname("ROTA_STATE_DIR")
    ->capture_default_str();
}

void find_store(const std::string& dir) {
  std::error_code err;
  if (!std::filesystem::is_directory(dir + "/store", err))
    throw std::runtime_error{
      "There is no store in " + dir + (err ? " (" + err.message() + ")" : "")
      + ": name the daemon's state_dir with --state-dir."};
}

still_state::still_state(const context& x, const std::string& dir,
                         bool private_copy)
  : dir_{dir} {
  find_store(dir);
  lock_ = std::make_unique<state_lock>(dir + "/store");
  if (const auto holder = lock_->holder(); holder != 0) {
    lock_.reset();
    live_ = true;
    try {
      auto daemon = x.connect();
      if (const auto pid = count(daemon.get("/admin/v1/status"), "pid");
          pid != static_cast<uint64_t>(holder))
        throw std::runtime_error{fmt::format(
          "Process {} holds the store in {}, but {} is the socket of process"
          " {}: name the right one with --socket.",
          holder, dir, x.socket, pid)};
      copy_ = text(daemon.post("/admin/v1/checkpoints"), "dir");
    } catch (const unreachable& e) {
      throw unreachable{fmt::format(
        "Process {} holds the store in {}, and a copy must come from it. {}",
        holder, dir, e.what())};
    }
    dir_ = copy_;
  } else if (private_copy) {
    copy_ = fmt::format("{}/copy-{}.part", dir, getpid());
    if (const auto fault = copy_state(dir, copy_); !fault.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(copy_, ignored);
      throw std::runtime_error{fault};
    }
    dir_ = copy_;
  }
}

still_state::~still_state() {
  std::error_code ignored;
  if (!copy_.empty())
    std::filesystem::remove_all(copy_, ignored);
}

int run_apart(const std::function<int()>& f,
              const std::function<int(const std::string&)>& died) {
  std::fflush(nullptr);
  const auto child = fork();
  if (child < 0)
    throw std::system_error{errno, std::generic_category(),
                            "A process cannot be started"};
  if (child == 0) {
    auto code = 1;
    try {
      code = f();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "rota: %s\n", e.what());
    }
    if (std::fflush(nullptr) != 0)
      code = 1;
    _exit(code);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      throw std::system_error{errno, std::generic_category(),
                              "A process was lost"};
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  const auto said = fmt::format(
    "RocksDB gave up over a file of the store ({}).",
    strsignal(WTERMSIG(status)));
  if (died)
    return died(said);
  throw std::runtime_error{said};
}

} // namespace rota::cli
