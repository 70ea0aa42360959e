#include "config/load.hpp"

#include "config/schema.hpp"
#include "config/url.hpp"
#include "tests/config/parsing.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// The shape that users see first.
const std::string first_shape = R"(state_dir: ./state
listen: 127.0.0.1:8787            # the API
admin: {socket: ./state/rotad.sock}
accounts:
  - name: relay-a
    provider: new_api             # openai anthropic gemini new_api)"
                                R"( one_api sub2api anyrouter)"
                                R"( deepseek openrouter moonshot siliconflow
    base_url: http://127.0.0.1:9900
    api_key: env:RELAY_A_KEY      # or file:PATH
    balance: {probe: newapi_token, initial: 25.00}
    floor: 1.00
    multiplier: 1.0
    models: [gpt-5-mini]          # absent: any
    max_in_flight: 8
    tags: [cheap]
routing: {strategy: most_balance}
)";

template <class T>
T routing_of(const std::string& line, T routing_options::*member) {
  return parse_good(after_account("routing: {" + line + "}")).routing.*member;
}

std::string url_of(const std::string& text) {
  return parse_good(account_with("base_url", text)).accounts[0].base_url;
}

} // namespace

TEST_CASE("the shape that users see first loads as written", "[load]") {
  const auto x = parse_good(first_shape);
  CHECK(x.state_dir == "./state");
  CHECK(x.listen == "127.0.0.1:8787");
  CHECK(x.admin.socket == "./state/rotad.sock");
  CHECK(x.routing.by == strategy::most_balance);
  REQUIRE(x.accounts.size() == 1);
  const auto& a = x.accounts[0];
  CHECK(a.name == "relay-a");
  CHECK(a.kind == provider::new_api);
  CHECK(a.base_url == "http://127.0.0.1:9900");
  CHECK(a.api_key.from == secret_ref::source::env);
  CHECK(a.api_key.name == "RELAY_A_KEY");
  CHECK(a.balance.probe == probe_kind::newapi_token);
  CHECK(a.balance.initial == money{25'000'000'000});
  CHECK(a.floor == money{1'000'000'000});
  CHECK(a.multiplier == factor{});
  CHECK(a.models == std::vector<std::string>{"gpt-5-mini"});
  CHECK(a.max_in_flight == 8);
  CHECK(a.tags == std::vector<std::string>{"cheap"});
}

TEST_CASE("what is left out is at its default", "[load]") {
  const auto x = parse_good(good_account + "health:\nlog: {}\n");
  const options defaults;
  for (const auto& row : option_rows())
    CHECK(row.text(x) == row.text(defaults));
  REQUIRE(x.accounts.size() == 1);
  for (const auto& row : account_rows())
    if (!row.required)
      CHECK(row.text(x.accounts[0]) == row.default_text());
}

TEST_CASE("durations take a unit or are plain seconds", "[load]") {
  const auto window = [](const std::string& text) {
    return routing_of("window: " + text, &routing_options::window);
  };
  CHECK(window("1500ms") == 1500ms);
  CHECK(window("30s") == 30s);
  CHECK(window("30") == 30s);
  CHECK(window("\"30\"") == 30s);
  CHECK(window("5m") == 5min);
  CHECK(window("2h") == 2h);
  CHECK(window("31d") == 744h);
}

TEST_CASE("sizes take a unit or are plain bytes", "[load]") {
  const auto size = [](const std::string& text) {
    return parse_good(after_account("batch: {max_file_bytes: " + text + "}"))
        .batch.max_file_bytes;
  };
  CHECK(size("1048576") == 1'048'576);
  CHECK(size("2048KiB") == 2'097'152);
  CHECK(size("64MiB") == 67'108'864);
  CHECK(size("3GiB") == 3'221'225'472);
  CHECK(size("1TiB") == 1'099'511'627'776);
}

TEST_CASE("money and factors are exact", "[load]") {
  const auto x = parse_good(after_account(R"(    floor: 0.000000001
    low: 12345678.123456789
    multiplier: 0.000001
    balance: {initial: "0.1", quantum: 0})"));
  CHECK(x.accounts[0].floor.nanos == 1);
  CHECK(x.accounts[0].low->nanos == 12'345'678'123'456'789);
  CHECK(x.accounts[0].multiplier.ppm == 1);
  CHECK(x.accounts[0].balance.initial->nanos == 100'000'000);
  CHECK(x.accounts[0].balance.quantum.nanos == 0);
}

TEST_CASE("base URLs are brought into one spelling", "[load]") {
  CHECK(url_of("https://api.openai.com") == "https://api.openai.com");
  CHECK(url_of("https://API.OpenAI.com:443/") == "https://api.openai.com");
  CHECK(url_of("https://openrouter.ai/api/") == "https://openrouter.ai/api");
  CHECK(url_of("https://h.example.com:8443/Ab")
        == "https://h.example.com:8443"
           "/Ab");
  CHECK(url_of("https://8.8.8.8") == "https://8.8.8.8");
  CHECK(url_of("\"https://[2001:db8::1]:8443\"")
        == "https://[2001:db8::1]:8443");
}

TEST_CASE("plain http goes to this machine and private addresses only",
          "[load]") {
  for (const std::string host :
       {"127.0.0.1", "127.8.9.1:9900", "localhost:80", "[::1]:9900", "10.0.0.1",
        "172.16.0.1", "172.31.255.1", "192.168.1.20:3000"})
    CHECK(check_target_url("http://" + host).url);
  for (const std::string host :
       {"172.15.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "0.0.0.0",
        "[2001:db8::1]", "localhost.com", "relay", "169.254.169.254"}) {
    CHECK(!check_target_url("http://" + host).url);
    CHECK(check_target_url("https://" + host).url);
  }
}

TEST_CASE("every option of the file reaches its place", "[load]") {
  const auto x = parse_good(R"(
state_dir: /var/lib/rota
listen: "[::1]:0"
prices: prices.json
failure_rules: rules.yaml
admin: {socket: /run/rota/sock}
routing:
  {strategy: proportional, attempts: 3, queue_max: 9,
   price_aliases: {"my/gpt:best": gpt-5, house: o3}}
health: {eject_after: 2}
refresh: {interval: 90, jitter_percent: 0}
alerts: {webhook: "file:/etc/rota/hook", webhook_secret: env:HOOK, hold: 1m}
batch: {max_in_flight: 1, window: 1}
upstream: {ca_file: /etc/ssl/relay.pem, total_timeout: 1h}
store: {doubt_grace: 0}
log: {level: debug, file: /var/log/rota.log}
accounts:
- name: b
  provider: openai
  base_url: https://api.openai.com
  api_key: "file:/etc/rota/with space.key"
  balance:
    probe: http_json
    path: /v1/left?unit=usd
    pointer: /data/0/a~1b
    scale: 0.01
  admin: drain
  models: ["qwen/qwen3:free", gpt-5-mini]
  headers: {OpenAI-Organization: "org-1", X-B: ""}
- {name: c, provider: one_api, base_url: "http://10.0.0.7", api_key: env:C}
)");
  CHECK(x.listen == "[::1]:0");
  CHECK(x.prices == "prices.json");
  CHECK(x.failure_rules == "rules.yaml");
  CHECK(x.routing.by == strategy::proportional);
  CHECK(x.routing.attempts == 3);
  CHECK(x.routing.queue_max == 9);
  CHECK(x.routing.price_aliases
        == std::map<std::string, std::string>{{"my/gpt:best", "gpt-5"},
                                              {"house", "o3"}});
  CHECK(x.health.eject_after == 2);
  CHECK(x.refresh.interval == 90s);
  CHECK(x.refresh.jitter_percent == 0);
  CHECK(x.alerts.webhook.from == secret_ref::source::file);
  CHECK(x.alerts.webhook_secret.name == "HOOK");
  CHECK(x.batch.window == 1);
  CHECK(x.upstream.ca_file == "/etc/ssl/relay.pem");
  CHECK(x.upstream.total_timeout == 1h);
  CHECK(x.store.doubt_grace == 0ms);
  CHECK(x.log.level == "debug");
  REQUIRE(x.accounts.size() == 2);
  const auto& b = x.accounts[0];
  CHECK(b.api_key.name == "/etc/rota/with space.key");
  CHECK(b.balance.path == "/v1/left?unit=usd");
  CHECK(b.balance.pointer == "/data/0/a~1b");
  CHECK(b.balance.scale == factor{10'000});
  CHECK(b.admin == admin_state::drain);
  CHECK(b.models.front() == "qwen/qwen3:free");
  CHECK(b.headers.at("OpenAI-Organization") == "org-1");
  CHECK(x.accounts[1].kind == provider::one_api);
}

TEST_CASE("windows line ends and a byte order mark are read over", "[load]") {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : first_shape + "state: 1\n")
    text += c == '\n' ? "\r\n" : std::string{c};
  const auto result = parse_options(text, "rota.yaml");
  REQUIRE(result.faults.size() == 1);
  CHECK(result.faults[0].starts_with("rota.yaml:16: state: is not known"));
  CHECK(result.opts.state_dir == "./state");
  CHECK(result.opts.accounts.size() == 1);
}

TEST_CASE("a file is read from the disk under its own name", "[load]") {
  const auto path = std::filesystem::temp_directory_path()
                    / ("rota_load_test_" + std::to_string(::getpid()));
  std::ofstream{path} << first_shape << "log: 1\n";
  const auto result = load_options(path);
  std::filesystem::remove(path);
  REQUIRE(result.faults.size() == 1);
  CHECK(result.faults[0].starts_with(path.string()
                                     + ":16: log: is no "
                                       "section"));
}

TEST_CASE("ten thousand accounts load, and one wrong among them is found",
          "[load]") {
  std::string yaml = "accounts:\n";
  for (int i = 0; i < 10'000; ++i)
    yaml += "  - {name: a" + std::to_string(i)
            + ", provider: openai, base_url: \"https://h" + std::to_string(i)
            + ".example.com\", api_key: env:KEY, balance: {initial: "
            + (i == 7'777 ? "x" : "25.00") + "}}\n";
  const auto result = parse_options(yaml, "rota.yaml");
  CHECK(result.opts.accounts.size() == 10'000);
  REQUIRE(result.faults.size() == 1);
  CHECK(result.faults[0].starts_with(
      "rota.yaml:7779: accounts[a7777].balance.initial: \"x\" cannot be read"));
}
