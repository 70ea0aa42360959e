#include "tests/cli/cli_fixture.hpp"

#include "tests/support/text_file.hpp"

#include <algorithm>
#include <ctime>

namespace rota {

namespace {

const std::string program = std::string{ROTA_BIN_DIR} + "/rota";

} // namespace

std::vector<std::string>
cli_fixture::command(const std::vector<std::string>& more) const {
  std::vector<std::string> result{program, "--socket", socket};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

run_result cli_fixture::rota(const std::vector<std::string>& arguments) const {
  return run_command(dir, command(arguments));
}

run_result cli_fixture::shell(const std::string& line) const {
  return run_command(dir, {"/bin/sh", "-c",
                           "ROTA='" + program + " --socket " + socket + "'\n"
                             + line});
}

std::string time_ago(long ago) {
  const auto at = std::time(nullptr) - ago;
  std::tm x{};
  gmtime_r(&at, &x);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &x);
  return text;
}

std::string golden_reply(const std::string& name) {
  const auto raw = read_text(std::string{ROTA_TEST_DATA} + "/cli/" + name);
  std::string result;
  // Every second piece between two @ is a time.
  auto is_time = false;
  for (size_t from = 0; from <= raw.size(); is_time = !is_time) {
    const auto end = std::min(raw.find('@', from), raw.size());
    const auto piece = raw.substr(from, end - from);
    result += is_time ? time_ago(-std::stol(piece)) : piece;
    from = end + 1;
  }
  return result;
}

json golden_json(const std::string& name) {
  return json::parse(golden_reply(name));
}

} // namespace rota
