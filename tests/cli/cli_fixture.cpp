#include "tests/cli/cli_fixture.hpp"

#include "tests/support/text_file.hpp"

#include <ctime>
#include <regex>

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
  static const std::regex when{R"(@(-?\d+)@)"};
  std::string result;
  auto rest = raw.cbegin();
  for (std::sregex_iterator i{raw.begin(), raw.end(), when}, end; i != end;
       ++i) {
    result.append(rest, (*i)[0].first);
    result += time_ago(-std::stol((*i)[1].str()));
    rest = (*i)[0].second;
  }
  return result.append(rest, raw.cend());
}

json golden_json(const std::string& name) {
  return json::parse(golden_reply(name));
}

} // namespace rota
