#include "tests/cli/terminal.hpp"

#include "tests/support/catch.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace rota {

namespace {

constexpr int patience_ms = 60'000;

winsize size_of(unsigned short columns) {
  return {24, columns, 0, 0};
}

} // namespace

bool terminal::available() {
  auto master = -1;
  auto slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    WARN("SKIPPED: this machine has no pseudo-terminals (is /dev/pts"
         " mounted?)");
    return false;
  }
  close(master);
  close(slave);
  return true;
}

terminal::terminal(const std::vector<std::string>& command,
                   unsigned short columns) {
  std::vector<char*> argv;
  for (const auto& x : command)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  auto size = size_of(columns);
  pid_ = forkpty(&fd_, nullptr, nullptr, &size);
  if (pid_ < 0)
    throw std::runtime_error{"no pseudo-terminal"};
  if (pid_ == 0) {
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    execv(argv[0], argv.data());
    _exit(127);
  }
}

terminal::~terminal() {
  close(fd_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void terminal::resize(unsigned short columns) {
  const auto size = size_of(columns);
  ioctl(fd_, TIOCSWINSZ, &size);
}

void terminal::type(const std::string& keys) {
  if (write(fd_, keys.data(), keys.size())
      != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error{"the terminal takes no keys"};
}

bool terminal::read_some() {
  pollfd waiting{fd_, POLLIN, 0};
  if (poll(&waiting, 1, patience_ms) <= 0)
    throw std::runtime_error{"the terminal stays silent after: " + written_};
  char bytes[4096];
  // It ends with EIO once the child has gone.
  const auto size = read(fd_, bytes, sizeof(bytes));
  if (size > 0)
    written_.append(bytes, static_cast<size_t>(size));
  return size > 0;
}

void terminal::expect(const std::string& text) {
  const auto from = written_.size();
  while (written_.find(text, from) == std::string::npos)
    if (!read_some())
      throw std::runtime_error{"the screen never got '" + text
                               + "': " + written_};
}

int terminal::wait() {
  while (read_some())
    continue;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace rota
