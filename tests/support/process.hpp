#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rota {

/// A directory of its own that goes away at the end.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

  const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
};

/// A child process whose output goes into files of a directory. Killed at the
/// end if it still runs.
class process {
public:
  process(const std::string& name, const temp_dir& dir,
          const std::vector<std::string>& command,
          const std::map<std::string, std::string>& environment = {});
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  void signal(int number);

  /// Waits for its end.
  /// @returns The exit code, -N if it died of signal N. Throws after a minute.
  int wait();

  bool running();

  /// What /proc/PID/status says under a name such as "VmRSS", in its own unit.
  uint64_t figure(const std::string& name) const;

  std::string out() const;
  std::string err() const;

private:
  std::string out_path_;
  std::string err_path_;
  pid_t pid_ = -1;
  int status_ = 0;
};

/// Runs a command to its end.
struct run_result {
  int code = 0;
  std::string out;
  std::string err;
};

run_result run_command(const temp_dir& dir,
                       const std::vector<std::string>& command,
                       const std::map<std::string, std::string>& environment
                       = {});

/// Waits until a condition holds; throws, naming it, if it never does.
void wait_until(const std::string& what, const std::function<bool()>& holds,
                std::chrono::seconds longest = std::chrono::seconds{60});

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

} // namespace rota
