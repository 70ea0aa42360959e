#include "tests/config/parsing.hpp"

using namespace rota;

namespace {

/// A wrong value of an option outside of `accounts`, on line 7.
bad_file option(const std::string& section, const std::string& line,
                const std::string& wrong, const std::string& right) {
  return {after_account(section + ":\n  " + line), 7,
          section + "." + line.substr(0, line.find(':')), wrong, right};
}

/// A wrong value of an option of the account, on line 6.
bad_file extra(const std::string& line, const std::string& wrong,
               const std::string& right) {
  return {after_account("    " + line), 6,
          "accounts[relay-a]." + line.substr(0, line.find(':')), wrong, right};
}

/// A wrong value of the account's balance section, on line 7.
bad_file balance(const std::string& line, const std::string& wrong,
                 const std::string& right) {
  return {after_account("    balance:\n      " + line), 7,
          "accounts[relay-a].balance." + line.substr(0, line.find(':')), wrong,
          right};
}

bad_file name(const std::string& value, const std::string& shown,
              const std::string& wrong) {
  return {account_with("name", value), 2, "accounts[" + shown + "].name", wrong,
          "1 to 64 letters"};
}

bad_file url(const std::string& value, const std::string& wrong,
             const std::string& right) {
  return {account_with("base_url", value), 4, "accounts[relay-a].base_url",
          wrong, right};
}

bad_file key(const std::string& value, const std::string& wrong,
             const std::string& right) {
  return {account_with("api_key", value), 5, "accounts[relay-a].api_key", wrong,
          right};
}

const std::vector<bad_file> numbers{
    option("routing", "attempts: many", "\"many\" cannot be read",
           "a whole number of tries, 1 to 200"),
    option("routing", "attempts: 201", "\"201\" does not fit", "1 to 200"),
    option("routing", "attempts: 1.5", "\"1.5\" does not fit", "whole number"),
    option("routing", "attempts: 0x10", "cannot be read", "whole number"),
    option("routing", "attempts: 010", "does not fit", "whole number"),
    option("routing", "attempts: +5", "cannot be read", "whole number"),
    option("routing", "attempts: 99999999999999999999", "does not fit",
           "1 to 200"),
    option("routing", "attempts: [5]", "is a list", "whole number"),
    option("routing", "attempts: {a: 5}", "is a section", "whole number"),
    option("routing", "attempts:", "has no value", "or remove the key"),
    option("routing", "attempts: ~", "has no value", "or remove the key"),
    option("routing", "window: 1w", "\"1w\" cannot be read", "500ms, 30s"),
    option("routing", "window: 1.5h", "cannot be read", "500ms, 30s"),
    option("routing", "window: -5s", "cannot be read", "1s to 31d"),
    option("routing", "window: 500ms", "does not", "1s to 31d"),
    option("routing", "window: 32d", "does not", "1s to 31d"),
    option("routing", "window: 0", "\"0\" does not fit", "1s to 31d"),
    option("routing", "window: 30 s", "cannot be read", "500ms, 30s"),
    option("routing", "window: 999999999999999999d", "cannot be read",
           "1s to 31d"),
    option("batch", "max_line_bytes: 64MB", "\"64MB\" cannot be read",
           "64MiB or 1GiB"),
    option("batch", "max_line_bytes: 1023", "does not fit", "1KiB to 256MiB"),
    option("batch", "max_line_bytes: 1GiB", "does not", "1KiB to 256MiB"),
    option("batch", "max_file_bytes: 99999999999TiB", "cannot be read",
           "1KiB to 1TiB"),
    option("refresh", "jitter_percent: 51", "does not fit", "percent, 0 to 50"),
    option("log", "level: verbose", "\"verbose\" is not known",
           "one of trace, debug, info"),
    option("log", "level: inof", "is not known", "did you mean info?"),
    option("routing", "strategy: round-robin", "is not known",
           "did you mean round_robin?"),
    option("routing", "price_aliases: [a]", "is no map", "{my-gpt: gpt-5}"),
    option("routing", "price_aliases: {a b: c}", "\"a b\" is no model's name",
           "without spaces"),
    option("routing", "price_aliases: {a: b c}", "\"b c\" is no model's name",
           "without spaces"),
    option("routing", "price_aliases: {a: }", "has no value", "model's name"),
    option("admin", "socket: " + std::string(108, 's'), "unix socket",
           "1 to 107 bytes"),
    option("admin", "socket: \"a\\nb\"", "line break", "path of at most 107"),
    option("alerts", "webhook: https://hooks.example.com/T0KEN",
           "is no reference to a secret", "env:NAME, file:PATH or none"),
    option("alerts", "webhook_secret: env:HOOK_KEY", "signs nothing",
           "set that or remove this"),
    option("routing", "backoff_max: 100ms", "shorter than routing.backoff_base",
           "at least as long"),
    option("health", "eject_max: 1s", "shorter than health.eject_base",
           "at least as long"),
    option("health", "cooldown_max: 1s", "shorter than health.cooldown_base",
           "at least as long"),
    option("batch", "window: 63", "smaller than batch.max_in_flight (64)",
           "at least as large"),
    option("batch", "max_file_bytes: 64KiB",
           "smaller than batch.max_line_bytes", "at least as large"),
    {after_account("listen: 0.0.0.0"), 6, "listen", "no address",
     "127.0.0.1:8787"},
    {after_account("listen: example.com:80"), 6, "listen", "no address",
     "ADDRESS:PORT"},
    {after_account("listen: 127.0.0.1:65536"), 6, "listen", "no address",
     "ADDRESS:PORT"},
    {after_account("listen: ::1:80"), 6, "listen", "no address", "[::1]:8787"},
};

const std::vector<bad_file> accounts{
    name("a b", "a b", "\"a b\" is no name"),
    name("-a", "-a", "is no name"),
    name("a/b", "a/b", "is no name"),
    name(std::string(65, 'n'), "#1", "is no name"),
    name("\"a\\u00e9\"", "a\xC3\xA9", "is no name"),
    {account_with("provider", "claude"), 3, "accounts[relay-a].provider",
     "is not known", "one of openai, anthropic, gemini, new_api"},
    {account_with("provider", "openrouter2"), 3, "accounts[relay-a].provider",
     "is not known", "did you mean openrouter?"},
    url("relay.example.com", "no http or https URL", "https://relay"),
    url("ftp://relay.example.com", "no http or https URL", "https://"),
    url("HTTP://127.0.0.1", "no http or https URL", "https://"),
    url("https://user:pass@relay.example.com", "user name or password",
        "env:NAME or file:PATH"),
    url("https://sk-abc@relay.example.com", "user name or password",
        "leave them out"),
    url("https://relay.example.com?key=1", "query", "leave it out"),
    url("\"https://relay.example.com/#a\"", "fragment", "leave it out"),
    url("https://", "no valid host", "host name"),
    url("https://:443", "no valid host", "host name"),
    url("https://rel ay.example.com", "no valid host", "host name"),
    url("https://relay..example.com", "no valid host", "host name"),
    url("https://127.1", "no valid host", "IPv4 address"),
    url("https://2130706433", "no valid host", "IPv4 address"),
    url("https://[::1", "no valid host", "in brackets"),
    url("https://[nope]", "no valid host", "in brackets"),
    url("https://relay.example.com:0", "no valid port", "1 to 65535"),
    url("https://relay.example.com:99999", "no valid port", "1 to 65535"),
    url("\"https://relay.example.com:\"", "no valid port", "1 to 65535"),
    url("https://[::1]443", "between host and port", "HOST:PORT"),
    url("https://relay.example.com/a\\b", "no URL may have", "percent-encode"),
    url("http://relay.example.com", "in the clear", "use https"),
    url("http://8.8.8.8", "in the clear", "use https"),
    url("http://172.32.0.1", "in the clear", "172.16/12"),
    url("http://127.0.0.1.example.com", "in the clear", "use https"),
    url("http://localhost.example.com", "in the clear", "use https"),
    url("https://api.openai.com/v1/", "ends with /v1", "leave that out"),
    url("https://relay.example.com/gemini/v1beta", "ends with /v1beta",
        "leave that out"),
    key("sk-0123456789", "no reference to a secret", "env:NAME or file:PATH"),
    key("none", "no reference to a secret", "env:NAME or file:PATH"),
    key("\"env:\"", "no environment variable", "env:RELAY_A_KEY"),
    key("env:1KEY", "no environment variable", "env:RELAY_A_KEY"),
    key("env:MY-KEY", "no environment variable", "env:RELAY_A_KEY"),
    key("\"file:\"", "names no file", "file:/etc/rota"),
    key("", "has no value", "env:NAME or file:PATH"),
    key("{env: KEY}", "is a section", "env:NAME or file:PATH"),
    extra("floor: 1,50", "\"1,50\" cannot be read", "such as 25.00"),
    extra("floor: $1", "cannot be read", "an amount in USD"),
    extra("floor: 0.0000000001", "does not fit", "up to nine places"),
    extra("floor: 1e3", "cannot be read", "an amount in USD"),
    extra("floor: .inf", "cannot be read", "an amount in USD"),
    extra("floor: 10000000000", "does not fit", "0.00 to 1000000000.00"),
    extra("low: 0.50", "below the floor (1.00)", "at least that"),
    extra("multiplier: 0", "does not fit", "0.000001 to 1000.0"),
    extra("multiplier: 0.1234567", "does not fit", "up to six places"),
    extra("multiplier: 80%", "cannot be read", "such as 0.8"),
    extra("models: gpt-5-mini", "is no list", "[gpt-5-mini]"),
    extra("models: [gpt-5-mini, gpt-5-mini]", "in the list twice",
          "remove one"),
    extra("models: [gpt-5-mini, ~]", "item 2: has no value", "model's name"),
    extra("models: [[a]]", "item 1: is a list", "model's name"),
    extra("models: [a b]", "item 1: \"a b\" is no model's name",
          "without spaces"),
    extra("tags: [\"\"]", "item 1: \"\" is no name", "1 to 64 letters"),
    extra("max_in_flight: 0", "does not fit", "requests, 1 to 100000"),
    extra("admin: off", "is not known", "one of ready, drain, maintenance"),
    extra("headers: [a]", "is no map", "header names"),
    extra("headers: {Authorization: Bearer sk-1}", "rota sets itself",
          "a key belongs to api_key"),
    extra("headers: {X Y: a}", "no name of an HTTP header", "letters, digits"),
    extra("headers: {X-A: \"a\\r\\nX-B: b\"}", "one line of text",
          "NAME: VALUE"),
    extra("headers: {X-A: a, x-a: b}", "twice", "remove one"),
    extra("headers: {X-A: }", "one line of text", "NAME: VALUE"),
    balance("probe: newapi", "is not known", "one of none, newapi_console"),
    balance("initial: -3", "does not fit", "0.00 to 1000000000.00"),
    balance("units_per_usd: 0", "does not fit", "1 to 1000000000000"),
    balance("console: abc", "no reference to a secret", "file:PATH or none"),
    balance("console: env:TOKEN", "newapi_console only", "or remove this"),
    balance("user_id: 12345", "newapi_console only", "or remove this"),
    balance("user_id: alice", "no user id", "the number"),
    balance("path: /balance", "http_json only", "or remove this"),
    balance("path: https://evil.example.com/", "no path", "such as /api"),
    balance("pointer: /data", "http_json only", "or remove this"),
    balance("pointer: data.balance", "no JSON pointer", "/data/balance"),
    balance("pointer: /a~2", "no JSON pointer", "RFC 6901"),
    balance("scale: -1", "does not fit", "0.000001 to 1000.0"),
    balance("posting_lag: 25h", "does not", "0s to 1d"),
};

} // namespace

TEST_CASE("each wrong number, duration and word gets its sentence",
          "[faults]") {
  for (const auto& x : numbers)
    check_bad(x);
}

TEST_CASE("each wrong value of an account gets its sentence", "[faults]") {
  for (const auto& x : accounts)
    check_bad(x);
}

TEST_CASE("a missing option of an account is named", "[faults]") {
  for (const std::string gone : {"provider", "base_url", "api_key"}) {
    auto yaml = good_account;
    const auto begin = yaml.find("    " + gone);
    yaml.erase(begin, yaml.find('\n', begin) + 1 - begin);
    check_bad({yaml, 2, "accounts[relay-a]." + gone, "is missing", "write "});
  }
  check_bad({"accounts:\n\n  - provider: openai\n    base_url: "
             "https://api.openai.com\n    api_key: env:K\n",
             3, "accounts[#1].name", "is missing", "1 to 64 letters"});
}

TEST_CASE("a probe must fit its provider and have what it needs", "[faults]") {
  const auto faults_of = [](const std::string& provider,
                            const std::string& balance) {
    const auto yaml =
        account_with("provider", provider) + "    balance: {" + balance + "}\n";
    return parse_options(yaml, "rota.yaml").faults;
  };
  const std::vector<std::string> none;
  for (const std::string site : {"new_api", "one_api", "anyrouter"}) {
    CHECK(faults_of(site, "probe: newapi_token") == none);
    CHECK(faults_of(site, "probe: newapi_billing") == none);
    CHECK(faults_of(site, "probe: newapi_console, console: env:T, user_id: 7")
          == none);
  }
  for (const std::string vendor :
       {"openai", "anthropic", "gemini", "sub2api", "deepseek", "openrouter",
        "moonshot", "siliconflow"}) {
    for (const std::string probe : {"newapi_token", "newapi_billing"}) {
      const auto faults = faults_of(vendor, "probe: " + probe);
      REQUIRE(faults.size() == 1);
      CHECK_THAT(faults[0], ContainsSubstring("rota.yaml:6: accounts[relay-a]."
                                              "balance.probe: "
                                              + probe + " is not served by "));
    }
    CHECK(faults_of(vendor, "probe: http_json, path: /b, pointer: /x") == none);
  }
  CHECK(faults_of("one_api", "probe: newapi_console, console: env:T") == none);
  const auto console = faults_of("new_api", "probe: newapi_console");
  REQUIRE(console.size() == 2);
  CHECK_THAT(console[0], ContainsSubstring("balance.console: is missing"));
  CHECK_THAT(console[1], ContainsSubstring("balance.user_id: is missing"));
  const auto json = faults_of("openai", "probe: http_json");
  REQUIRE(json.size() == 2);
  CHECK_THAT(json[0], ContainsSubstring("balance.path: is missing"));
  CHECK_THAT(json[1], ContainsSubstring("balance.pointer: is missing"));
  // An unreadable provider proves nothing about the probe.
  CHECK(faults_of("nwe_api", "probe: newapi_token").size() == 1);
}

TEST_CASE("no message repeats what may be a secret", "[faults]") {
  const std::string canary = "c4n4ry-0123456789";
  for (const auto& yaml :
       {account_with("api_key", canary),
        account_with("api_key", "env:" + canary),
        account_with("base_url", "https://u:" + canary + "@h.example.com"),
        account_with("base_url", "https://h.example.com/?k=" + canary),
        after_account("    headers: {Cookie: " + canary + "}"),
        after_account("    headers: {X-A: [" + canary + "]}"),
        after_account("    balance: {console: " + canary + "}"),
        after_account("alerts: {webhook: https://h.example.com/" + canary
                      + "}")}) {
    const auto faults = parse_options(yaml, "rota.yaml").faults;
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find(canary) == std::string::npos);
  }
}
