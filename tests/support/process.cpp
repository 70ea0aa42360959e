#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace rota {

namespace {

using clock = std::chrono::steady_clock;

/// Lets others run for a moment between two looks at a condition.
void breathe() {
  poll(nullptr, 0, 5);
}

} // namespace

temp_dir::temp_dir() {
  auto pattern
    = (std::filesystem::temp_directory_path() / "rota-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no temporary directory"};
  path_ = pattern;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

process::process(const std::string& name, const temp_dir& dir,
                 const std::vector<std::string>& command,
                 const std::map<std::string, std::string>& environment)
  : out_path_{dir / (name + ".out")}, err_path_{dir / (name + ".err")} {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const auto flags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out_path_.c_str(), flags, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err_path_.c_str(), flags, 0600);
  std::vector<char*> argv;
  for (const auto& x : command)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** x = environ; *x != nullptr; ++x)
    variables.emplace_back(*x);
  for (const auto& [key, value] : environment)
    variables.push_back(key + '=' + value);
  std::vector<char*> envp;
  for (auto& x : variables)
    envp.push_back(x.data());
  envp.push_back(nullptr);
  const auto err = posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(),
                               envp.data());
  posix_spawn_file_actions_destroy(&files);
  if (err != 0)
    throw std::runtime_error{"cannot start " + command.front()};
}

process::~process() {
  if (running()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
  }
}

void process::signal(int number) {
  if (running())
    kill(pid_, number);
}

bool process::running() {
  if (pid_ < 0)
    return false;
  if (waitpid(pid_, &status_, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ >= 0;
}

uint64_t process::figure(const std::string& name) const {
  const auto text = read_file("/proc/" + std::to_string(pid_) + "/status");
  const auto at = text.find('\n' + name + ":\t");
  if (at == std::string::npos)
    throw std::runtime_error{"the system does not say " + name};
  return std::stoull(text.substr(at + name.size() + 3));
}

int process::wait() {
  wait_until("a child process ends", [this] { return !running(); });
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string process::out() const {
  return read_file(out_path_);
}

std::string process::err() const {
  return read_file(err_path_);
}

run_result run_command(const temp_dir& dir,
                       const std::vector<std::string>& command,
                       const std::map<std::string, std::string>& environment) {
  static int next = 0;
  process x{"command-" + std::to_string(next++), dir, command, environment};
  const auto code = x.wait();
  return {code, x.out(), x.err()};
}

void wait_until(const std::string& what, const std::function<bool()>& holds,
                std::chrono::seconds longest) {
  const auto end = clock::now() + longest;
  while (!holds()) {
    if (clock::now() > end)
      throw std::runtime_error{"waited in vain: " + what};
    breathe();
  }
}

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << text;
}

} // namespace rota
