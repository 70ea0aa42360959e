#pragma once

#include "tests/cli/fake_admin.hpp"
#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace rota {

using json = nlohmann::json;

/// The real `rota` against a fake daemon in a directory of its own.
class cli_fixture {
public:
  run_result rota(const std::vector<std::string>& arguments) const;

  /// Runs a line of shell with $ROTA as the command and its socket.
  run_result shell(const std::string& line) const;

  /// The words of the command itself, socket included.
  std::vector<std::string> command(const std::vector<std::string>& more) const;

  temp_dir dir;
  std::string socket = dir / "rotad.sock";
  fake_admin daemon{socket};
};

/// Shell that keeps a command from holding a body of half a gigabyte. A
/// sanitizer takes terabytes of addresses for itself, so it goes without.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* little_memory = "";
#else
constexpr const char* little_memory = "ulimit -v 300000; ";
#endif

/// A golden reply below tests/data/cli, its times "@-5430@" made 5,430 s
/// before now. The command has a clock of its own: times lie half a minute
/// off whole minutes and over an hour away, where no seconds are printed.
std::string golden_reply(const std::string& name);

/// The same as JSON, to be changed.
json golden_json(const std::string& name);

/// A text with `ago` seconds before now as RFC 3339.
std::string time_ago(long ago);

} // namespace rota
