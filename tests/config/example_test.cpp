#include "config/listing.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/secrets.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

using namespace rota;

namespace {

const std::string path = ROTA_SOURCE_DIR "/config/rota.example.yaml";

std::string content(const std::string& file) {
  std::ifstream in{file};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The lines of the example that set or show a key, comment sign removed.
bool shows(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("the example file is the schema's own listing", "[example]") {
  // After a change of the schema: ROTA_WRITE_EXAMPLE=1 config_tests [example]
  if (std::getenv("ROTA_WRITE_EXAMPLE") != nullptr)
    std::ofstream{path} << example_listing();
  const auto text = content(path);
  REQUIRE(!text.empty());
  CHECK(text == example_listing());
}

TEST_CASE("the example loads and equals the defaults", "[example]") {
  const auto result = load_options(path);
  CHECK(result.faults == std::vector<std::string>{});
  const options defaults;
  for (const auto& row : option_rows()) {
    INFO(row.key);
    CHECK(row.text(result.opts) == row.default_text());
    CHECK(row.text(defaults) == row.default_text());
  }
  REQUIRE(result.opts.accounts.size() == 2);
  for (const auto& row : account_rows()) {
    INFO(row.key);
    if (!row.required)
      CHECK(row.text(result.opts.accounts[1]) == row.default_text());
  }
  REQUIRE(result.opts.clients.size() == 1);
  for (const auto& row : client_rows()) {
    INFO(row.key);
    if (!row.required)
      CHECK(row.text(result.opts.clients[0]) == row.default_text());
  }
}

TEST_CASE("the example shows every option at its default", "[example]") {
  const auto text = content(path);
  for (const auto& row : option_rows()) {
    INFO(row.key);
    const auto dot = row.key.find('.');
    REQUIRE(!row.default_text().empty());
    if (dot == std::string::npos) {
      CHECK(shows(text, row.key + ": " + row.default_text()));
      continue;
    }
    const auto section = text.find("\n" + row.key.substr(0, dot) + ":\n");
    REQUIRE(section != std::string::npos);
    CHECK(shows(text.substr(section),
                "  " + row.key.substr(dot + 1) + ": " + row.default_text()));
  }
  const auto clients = text.find("\nclients:\n");
  const auto check_entry = [](const std::string& second, const auto& row) {
    INFO(row.key);
    const auto dot = row.key.find('.');
    const auto key =
        dot == std::string::npos ? row.key : row.key.substr(dot + 1);
    const std::string indent = dot == std::string::npos ? "    " : "      ";
    if (row.required)
      CHECK(second.find(key + ": ") != std::string::npos);
    else if (row.default_text().empty())
      CHECK(shows(second, indent + "# " + key + ": " + row.sample));
    else
      CHECK(shows(second, indent + key + ": " + row.default_text()));
  };
  const auto begin = text.find("- name: vendor-b");
  for (const auto& row : account_rows())
    check_entry(text.substr(begin, clients - begin), row);
  for (const auto& row : client_rows())
    check_entry(text.substr(clients), row);
}

TEST_CASE("the example lacks nothing but its secrets", "[example]") {
  ::unsetenv("RELAY_A_KEY");
  ::unsetenv("VENDOR_B_KEY");
  const auto faults = check_secrets(load_options(path).opts);
  REQUIRE(faults.size() == 2);
  CHECK_THAT(faults[0], ContainsSubstring("accounts[relay-a].api_key: "));
  CHECK_THAT(faults[1], ContainsSubstring("accounts[vendor-b].api_key: "));
}

TEST_CASE("every row of the schema is complete", "[schema]") {
  std::set<std::string> keys;
  const auto check = [&](const auto& row) {
    INFO(row.key);
    CHECK(keys.insert(row.key).second);
    CHECK(row.why.size() > 8);
    CHECK(row.why.back() == '.');
    CHECK(!row.form.kind.empty());
    // What the struct has as its default must be a value that loads.
    CHECK((row.required || !row.default_text().empty() || !row.sample.empty()));
  };
  for (const auto& row : option_rows())
    check(row);
  keys.clear();
  for (const auto& row : account_rows())
    check(row);
  keys.clear();
  for (const auto& row : client_rows())
    check(row);
}
