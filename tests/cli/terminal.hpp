#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rota {

/// A child process on a pseudo-terminal. Killed at the end if it still runs.
class terminal {
public:
  /// Whether this machine gives out pseudo-terminals. A bare chroot does not;
  /// the test that asks then says that it is skipped, and returns.
  static bool available();

  terminal(const std::vector<std::string>& command, unsigned short columns);
  ~terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  void resize(unsigned short columns);

  /// Types something; "\x03" is Ctrl-C.
  void type(const std::string& keys);

  /// Reads on until the screen got this text; throws if it never does.
  void expect(const std::string& text);

  /// Reads to the end. @returns The exit code.
  int wait();

  /// All that was written so far, as it came.
  const std::string& written() const {
    return written_;
  }

private:
  bool read_some();

  int fd_ = -1;
  pid_t pid_ = -1;
  std::string written_;
};

} // namespace rota
