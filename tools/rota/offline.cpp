#include "tools/rota/offline.hpp"

#include "messages/check.hpp"
#include "runtime/storage/state_copy.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rota::cli {

namespace {

/// A flag that a child process shares with its parent.
class shared_flag {
public:
  shared_flag()
    : at_{mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
               -1, 0)} {
    if (at_ == MAP_FAILED)
      throw std::system_error{errno, std::generic_category(),
                              "Memory cannot be shared"};
  }

  ~shared_flag() {
    munmap(at_, 1);
  }

  shared_flag(const shared_flag&) = delete;
  shared_flag& operator=(const shared_flag&) = delete;

  volatile char& value() const {
    return *static_cast<volatile char*>(at_);
  }

private:
  void* at_;
};

volatile char* broken = nullptr;

void note_broken() {
  *broken = 1;
}

/// Whether a process does this to itself.
bool is_own(int signal) {
  return signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS
         || signal == SIGFPE || signal == SIGILL;
}

} // namespace

void add_state_dir(CLI::App& command, std::string& dir) {
  command
    .add_option("--state-dir", dir, "The daemon's state_dir, or a copy of it")
    ->envname("ROTA_STATE_DIR")
    ->capture_default_str();
}

void find_store(const std::string& dir) {
  std::error_code err;
  const auto found = std::filesystem::is_directory(dir + "/store", err);
  if (err == std::errc::permission_denied)
    throw std::runtime_error{
      "The state in " + dir + " cannot be read (" + err.message()
      + "): run this as the user that rotad runs as."};
  if (!found)
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
    remove_left_copies(dir); // Of commands that were killed.
    copy_ = passing_copy(dir);
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
  const shared_flag own_fault;
  const auto child = fork();
  if (child < 0)
    throw std::system_error{errno, std::generic_category(),
                            "A process cannot be started"};
  if (child == 0) {
    auto code = 1;
    broken = &own_fault.value();
    on_broken_invariant = note_broken;
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
  const auto signal = WTERMSIG(status);
  if (own_fault.value() != 0)
    throw std::runtime_error{
      "rota broke a rule of its own, as it says above: that is a fault of the"
      " program and says nothing about the store."};
  if (!is_own(signal))
    throw std::runtime_error{fmt::format(
      "The process that read the store was ended from outside ({}).",
      strsignal(signal))};
  const auto said = fmt::format(
    "RocksDB gave up over a file of the store ({}).", strsignal(signal));
  if (died)
    return died(said);
  throw std::runtime_error{said};
}

} // namespace rota::cli
