#pragma once

#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rota {

using json = nlohmann::json;

/// The real binaries on one machine: a simulator, a daemon, and `rota`.
class stage {
public:
  /// @param sim The simulator's file, without `listen`.
  explicit stage(const std::string& sim);

  /// Starts the daemon. "SIM" in the text becomes the simulator's base URL;
  /// state_dir and socket are added, and listen where it names none.
  void start(const std::string& config);

  /// Starts it with the same configuration again.
  void restart();

  /// The same, without waiting until it is ready.
  void launch();

  /// Writes another configuration without telling the daemon.
  void rewrite(const std::string& config);

  /// From the next start on, it is a daemon that dies when it comes to a kill
  /// point for the `nth` time; with an empty name, the ordinary one again.
  void die_at(const std::string& point, int nth);

  /// From the next start on, the daemon waits at this kill point while the file
  /// exists.
  void stall_at(const std::string& point, const std::string& file);

  /// Sets the daemon's wall clock ahead by so much: while it runs, if that was
  /// called before its start, and from the next start on.
  void set_clock(int64_t seconds);

  /// The port of the daemon's API.
  uint16_t api_port();

  /// SIGTERM, and its exit code.
  int stop();

  /// kill -9.
  void kill();

  process& daemon() {
    return *daemon_;
  }

  /// Runs `rota` with these arguments.
  run_result rota(const std::vector<std::string>& arguments);

  /// The same with --json; requires exit code 0.
  json ask(std::vector<std::string> arguments);

  /// What the simulator answers under a path.
  json books(const std::string& path = "/sim/books");
  json sim_post(const std::string& path, const std::string& body);

  /// Waits until a batch has ended, and returns it.
  json finish(const std::string& batch);

  /// Starts the daemon with a whole configuration and waits for its end.
  run_result refuse(const std::string& config,
                    const std::vector<std::string>& more = {});

  const std::string& base_url() const {
    return base_url_;
  }

  temp_dir dir;
  std::map<std::string, std::string> environment{
    {"KEY_A", "key-a"}, {"KEY_B", "key-b"},
    {"KEY_C", "key-c"}, {"KEY_D", "key-d"},
  };

private:
  std::string completed(const std::string& config);

  std::string base_url_;
  std::string program_ = "rotad";
  std::unique_ptr<process> sim_;
  std::unique_ptr<process> daemon_;
  int starts_ = 0;
};

/// A simulator with one account, for tests that are about something else.
inline const std::string one_key = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

/// A file of equal chat lines, custom_ids id-0, id-1, ...
std::string chat_lines(size_t count, const std::string& model = "gpt-5-mini",
                       int max_tokens = 64);

} // namespace rota
