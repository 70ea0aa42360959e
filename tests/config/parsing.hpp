#pragma once

#include "config/load.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

namespace rota {

/// A file with one fault: where it is, what it says, what it advises.
struct bad_file {
  std::string yaml;
  int line;
  std::string key;
  std::string wrong;
  std::string right;
};

/// Five lines that make a good file: an account without balance and limits.
inline const std::string good_account = "accounts:\n"
                                        "  - name: relay-a\n"
                                        "    provider: new_api\n"
                                        "    base_url: http://127.0.0.1:9900\n"
                                        "    api_key: env:RELAY_A_KEY\n";

/// `yaml` stands on lines 6 and following: more of the account, indented by
/// four, or other sections.
inline std::string after_account(const std::string& yaml) {
  return good_account + yaml + "\n";
}

/// A good account but for one line.
inline std::string account_with(const std::string& key,
                                const std::string& value) {
  std::string result = "accounts:\n";
  const auto add = [&](const std::string& name, const std::string& otherwise) {
    result += (name == "name" ? "  - " : "    ") + name + ": "
              + (name == key ? value : otherwise) + "\n";
  };
  add("name", "relay-a");
  add("provider", "new_api");
  add("base_url", "http://127.0.0.1:9900");
  add("api_key", "env:RELAY_A_KEY");
  return result;
}

inline options parse_good(const std::string& yaml) {
  auto result = parse_options(yaml, "rota.yaml");
  CHECK(result.faults == std::vector<std::string>{});
  return std::move(result.opts);
}

inline void check_bad(const bad_file& x) {
  const auto faults = parse_options(x.yaml, "rota.yaml").faults;
  INFO(x.yaml);
  REQUIRE(faults.size() == 1);
  const auto start =
      "rota.yaml:" + std::to_string(x.line) + ": " + x.key + ": ";
  INFO(faults[0]);
  CHECK(faults[0].substr(0, start.size()) == start);
  CHECK_THAT(faults[0].substr(start.size() - 1), ContainsSubstring(x.wrong));
  CHECK_THAT(faults[0].substr(start.size() - 1), ContainsSubstring(x.right));
}

} // namespace rota
