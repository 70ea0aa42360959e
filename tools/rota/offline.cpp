#include "tools/rota/offline.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rota::cli {

state_paths find_state(const std::string& dir) {
  std::error_code err;
  const state_paths result{dir + "/store", dir + "/batches"};
  if (std::filesystem::is_directory(result.store, err))
    return result;
  throw std::runtime_error{
    "There is no store in " + dir + (err ? " (" + err.message() + ")" : "")
    + ": name the daemon's state_dir with --state-dir."};
}

int run_apart(const std::function<int()>& f,
              const std::function<int(int signal)>& died) {
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
  return WIFEXITED(status) ? WEXITSTATUS(status) : died(WTERMSIG(status));
}

} // namespace rota::cli
