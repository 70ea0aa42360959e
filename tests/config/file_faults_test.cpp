#include "tests/config/parsing.hpp"

#include <filesystem>
#include <fstream>

using namespace rota;

namespace {

const std::vector<bad_file> shapes{
    // -- the file itself
    // --------------------------------------------------------
    {"", 1, "accounts", "empty", "name at least one account"},
    {"# nothing\n\n", 1, "accounts", "empty", "name at least one account"},
    {"hello\n", 1, "syntax", "no map", "KEY: VALUE"},
    {"- a\n- b\n", 1, "syntax", "no map", "KEY: VALUE"},
    {"listen: 127.0.0.1:1\n", 1, "accounts", "missing", "at least one account"},
    {"listen: 127.0.0.1:1\naccounts: []\n", 2, "accounts", "empty",
     "at least one account"},
    {"accounts:\n", 1, "accounts", "no list", "- name: NAME"},
    {"accounts: {name: a}\n", 1, "accounts", "no list", "- name: NAME"},
    {"accounts:\n  - relay-a\n", 2, "accounts[#1]", "no account",
     "- name: NAME"},
    {good_account + "---\nlisten: x\n", 6, "syntax", "second document",
     "one document"},
    // -- syntax
    // -----------------------------------------------------------------
    {after_account("routing: {strategy: fastest"), 7, "syntax", "end of map",
     "check indentation"},
    {after_account("  routing: {}"), 6, "syntax", "end of map",
     "check indentation"},
    {after_account("\trouting:\n"), 6, "syntax", "tab", "indent with spaces"},
    {"accounts:\n\t- name: a\n", 2, "syntax", "illegal block entry",
     "indent with spaces"},
    {after_account("state_dir: \"./state"), 6, "syntax", "does not end",
     "close its quotes"},
    {after_account("state_dir: \"./state\\\""), 6, "syntax", "does not end",
     "close its quotes"},
    {after_account("state_dir: './state''"), 6, "syntax", "does not end",
     "close its quotes"},
    {after_account("state_dir: a: b"), 6, "syntax", "illegal map value",
     "colons"},
    {after_account("state_dir: ./st\x01te"), 6, "syntax", "control character",
     "plain text"},
    {after_account("state_dir: ./st\xFFte"), 6, "syntax", "not UTF-8",
     "save the file"},
    {after_account("state_dir: ./st\xC0\x80te"), 6, "syntax", "not UTF-8",
     "save the file"},
    {after_account("state_dir: ./st\xED\xA0\x80te"), 6, "syntax", "not UTF-8",
     "save the file"},
    {after_account("? [a, b]\n: c"), 6, "syntax", "key is not plain text",
     "KEY: VALUE"},
    {after_account("~: 1"), 6, "syntax", "key is not plain text", "KEY: VALUE"},
    {after_account("a: " + std::string(20, '[') + std::string(20, ']')), 6,
     "syntax", "deeper than 16", "no option needs that"},
    {after_account("listen: !!str 127.0.0.1:1"), 6, "tag", "tags", "leave it"},
    {after_account("log: &x {level: info}"), 6, "anchor", "anchors",
     "write the value out"},
    // -- keys
    // -------------------------------------------------------------------
    {after_account("rooting: {}"), 6, "rooting", "not known",
     "did you mean routing?"},
    {after_account("routing:\n  stratgey: fastest"), 7, "routing.stratgey",
     "not known", "did you mean strategy?"},
    {after_account("attempts: 3"), 6, "attempts", "not known here",
     "write it below routing"},
    {after_account("dashboard: true"), 6, "dashboard", "not known",
     "use one of state_dir, listen,"},
    {after_account("    api-key: env:X"), 6, "accounts[relay-a].api-key",
     "not known", "did you mean api_key?"},
    {after_account("    probe: none"), 6, "accounts[relay-a].probe",
     "not known here", "write it below balance"},
    {after_account("    <<: {floor: 1}"), 6, "accounts[relay-a].<<",
     "not known", "use one of name, provider,"},
    {after_account("log: {level: info, levle: info}"), 6, "log.levle",
     "not known", "did you mean level?"},
    {after_account("listen: 127.0.0.1:1\nlog: {}\nlisten: 127.0.0.1:2"), 8,
     "listen", "twice, first on line 6", "remove one"},
    {after_account("    floor: 1\n    floor: 2"), 7, "accounts[relay-a].floor",
     "twice, first on line 6", "remove one"},
    {after_account("log: {}\nlog: {}"), 7, "log", "twice, first on line 6",
     "remove one"},
    {good_account + good_account, 6, "accounts", "twice, first on line 1",
     "remove one"},
    {after_account("routing: fast"), 6, "routing", "no section",
     "strategy, window,"},
    {after_account("routing: [a]"), 6, "routing", "no section", "below it"},
    {after_account("    balance: 25.00"), 6, "accounts[relay-a].balance",
     "no section", "probe, initial,"},
};

} // namespace

TEST_CASE("each broken shape gets its own sentence and line", "[faults]") {
  for (const auto& x : shapes)
    check_bad(x);
}

TEST_CASE("an alias is refused once, and never expanded", "[faults]") {
  const auto faults =
      parse_options(after_account("log: &a {level: info}\nhealth: *a"),
                    "rota.yaml")
          .faults;
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].starts_with("rota.yaml:6: anchor: "));
  CHECK(faults[1].starts_with("rota.yaml:7: alias: "));

  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before
            + ", " + before + "]\n";
  }
  CHECK(parse_options(bomb, "rota.yaml").faults.size() > 100);
}

TEST_CASE("files that cannot be read say why", "[faults]") {
  const auto one = [](const std::string& path) {
    const auto faults = load_options(path).faults;
    REQUIRE(faults.size() == 1);
    return faults[0];
  };
  namespace fs = std::filesystem;
  const auto missing = one("/nowhere/rota.yaml");
  CHECK(missing.starts_with("/nowhere/rota.yaml: cannot be opened: No such "
                            "file or directory; "));
  CHECK_THAT(missing, ContainsSubstring("--config FILE"));
  CHECK_THAT(one(fs::temp_directory_path()), ContainsSubstring("a directory"));

  const auto huge =
      parse_options(std::string(config_bytes_max + 1, '#'), "rota.yaml");
  REQUIRE(huge.faults.size() == 1);
  CHECK_THAT(huge.faults[0], ContainsSubstring("larger than 16 MiB"));
  CHECK_THAT(one("/dev/zero"), ContainsSubstring("larger than 16 MiB"));
}

TEST_CASE("all faults of a file are reported at once, by line", "[faults]") {
  const auto faults = parse_options(R"(state_dir: ""
listen: 8787
accounts:
  - name: relay-a
    provider: newapi
    base_url: http://relay.example.com
    api_key: sk-0123456789abcdef
    balance: {probe: newapi_token, initial: 1e2}
    floor: -1
  - name: relay-a
    provider: openai
    base_url: https://api.openai.com/v1
    balance: {probe: newapi_token}
    modles: [gpt-5-mini]
routing: {strategy: best, attempts: 0, backoff_base: 2m}
rooting: {}
)",
                                    "etc/rota.yaml")
                          .faults;
  const std::vector<std::string> starts{
      "etc/rota.yaml:1: state_dir: names no file; ",
      "etc/rota.yaml:2: listen: is no address to listen on; ",
      "etc/rota.yaml:5: accounts[relay-a].provider: \"newapi\" is not known; "
      "did "
      "you mean new_api? ",
      "etc/rota.yaml:6: accounts[relay-a].base_url: sends keys and prompts in "
      "the clear; use https ",
      "etc/rota.yaml:7: accounts[relay-a].api_key: is no reference to a secret",
      "etc/rota.yaml:8: accounts[relay-a].balance.initial: \"1e2\" cannot be "
      "read; ",
      "etc/rota.yaml:9: accounts[relay-a].floor: \"-1\" does not fit; ",
      "etc/rota.yaml:10: accounts[relay-a].api_key: is missing; ",
      "etc/rota.yaml:10: accounts[relay-a].name: \"relay-a\" is also the name "
      "of "
      "the account on line 4; ",
      "etc/rota.yaml:12: accounts[relay-a].base_url: ends with /v1; ",
      "etc/rota.yaml:13: accounts[relay-a].balance.probe: newapi_token is not "
      "served by provider openai; ",
      "etc/rota.yaml:14: accounts[relay-a].modles: is not known; did you mean "
      "models?",
      "etc/rota.yaml:15: routing.strategy: \"best\" is not known; ",
      "etc/rota.yaml:15: routing.attempts: \"0\" does not fit; ",
      "etc/rota.yaml:15: routing.backoff_max: is shorter than "
      "routing.backoff_base; ",
      "etc/rota.yaml:16: rooting: is not known; did you mean routing?",
  };
  REQUIRE(faults.size() == starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    INFO(faults[i]);
    CHECK(faults[i].substr(0, starts[i].size()) == starts[i]);
    CHECK(faults[i].find("0123456789abcdef") == std::string::npos);
  }
}
