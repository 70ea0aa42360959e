// Options that contradict each other, and all faults of one option at once.

#include "config/secrets.hpp"
#include "tests/config/parsing.hpp"

using namespace rota;

namespace {

using lines = std::vector<std::string>;

lines faults_of(const std::string& section) {
  return parse_options(after_account(section), "rota.yaml").faults;
}

} // namespace

TEST_CASE("a part must not outlast its whole", "[faults]") {
  struct row {
    std::string yaml;
    std::string fault;
  };
  const std::vector<row> rows{
      {"upstream: {total_timeout: 1m, first_byte_timeout: 61s}",
       "upstream.first_byte_timeout: is longer than upstream.total_timeout"},
      {"upstream: {total_timeout: 1m, idle_timeout: 61s}",
       "upstream.idle_timeout: is longer than upstream.total_timeout"},
      {"upstream: {total_timeout: 1s, connect_timeout: 2s}",
       "upstream.connect_timeout: is longer than upstream.total_timeout"},
      {"refresh: {interval: 10s, timeout: 11s}",
       "refresh.timeout: is longer than refresh.interval"},
      {"routing: {attempts: 2, billed_attempts: 3}",
       "routing.billed_attempts: is more than routing.attempts (2)"},
      {"routing: {backoff_base: 2s, backoff_max: 1s}",
       "routing.backoff_max: is shorter than routing.backoff_base"},
      {"health: {eject_base: 2s, eject_max: 1s}",
       "health.eject_max: is shorter than health.eject_base"},
      {"health: {cooldown_base: 2s, cooldown_max: 1s}",
       "health.cooldown_max: is shorter than health.cooldown_base"},
      {"batch: {max_in_flight: 9, window: 8}",
       "batch.window: is smaller than batch.max_in_flight (9)"},
      {"batch: {max_line_bytes: 2MiB, max_file_bytes: 1MiB}",
       "batch.max_file_bytes: is smaller than batch.max_line_bytes"},
      {"api: {max_connections: 10, max_connections_per_address: 11}",
       "api.max_connections_per_address: is more than api.max_connections"},
      {"api: {max_header_bytes: 1KiB, max_target_bytes: 2KiB}",
       "api.max_target_bytes: is more than api.max_header_bytes"},
  };
  for (const auto& x : rows) {
    INFO(x.yaml);
    const auto faults = faults_of(x.yaml);
    REQUIRE(faults.size() == 1);
    INFO(faults[0]);
    CHECK(faults[0].starts_with("rota.yaml:6: " + x.fault));
    CHECK_THAT(faults[0], ContainsSubstring("; make it at "));
  }
}

TEST_CASE("a default gives way to the whole that is set", "[faults]") {
  for (const auto* yaml :
       {"upstream: {total_timeout: 1s}", "refresh: {interval: 1s}",
        "routing: {attempts: 1}", "api: {max_connections: 10}",
        "api: {max_header_bytes: 1KiB}",
        "upstream: {total_timeout: 1m, first_byte_timeout: 1m}"}) {
    INFO(yaml);
    CHECK(faults_of(yaml) == lines{});
  }
}

TEST_CASE("all faults of one option are reported, each on its line",
          "[faults]") {
  const auto faults = faults_of(R"(    headers:
      Authorization: Bearer sk-1
      X Y: a
      X-A: [b]
      x-a: c
    models: [a, a,
             b c])");
  const lines starts{
      "rota.yaml:7: accounts[relay-a].headers: \"Authorization\" is a header "
      "that rota sets itself; ",
      "rota.yaml:8: accounts[relay-a].headers: \"X Y\" is no name of an HTTP ",
      "rota.yaml:9: accounts[relay-a].headers: \"X-A\" needs one line of ",
      "rota.yaml:10: accounts[relay-a].headers: \"x-a\" stands here twice; ",
      "rota.yaml:11: accounts[relay-a].models: \"a\" stands in the list twice",
      "rota.yaml:12: accounts[relay-a].models: item 3: \"b c\" is no model's ",
  };
  REQUIRE(faults.size() == starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    INFO(faults[i]);
    CHECK(faults[i].starts_with(starts[i]));
    CHECK(faults[i].find("sk-1") == std::string::npos);
  }
}

TEST_CASE("the place of each key is known", "[load]") {
  const auto x = parse_options(after_account("routing: {attempts: 3}\n"
                                             "upstream:\n"
                                             "  ca_file: ca.pem"),
                               "rota.yaml");
  CHECK(x.place_of("accounts[relay-a].api_key") == ":5");
  CHECK(x.place_of("upstream.ca_file") == ":8");
  CHECK(x.place_of("upstream.idle_timeout") == ":7");
  CHECK(x.place_of("prices") == "");
}

TEST_CASE("entries that share a name, or have none, have lines of their own",
          "[load]") {
  const auto entry = [](const std::string& name) {
    return "  - {name: " + name + ", provider: openai, base_url: \"http://h\","
           "\n     api_key: env:ROTA_T_NONE}\n";
  };
  const auto x = parse_options("accounts:\n" + entry("a") + entry("a")
                               + entry("'b c'") + entry("d"), "rota.yaml");
  std::vector<std::string> places;
  for (const auto& fault : check_secrets(x.opts))
    places.push_back(x.place_of(fault.substr(0, fault.find(": "))));
  CHECK(places == std::vector<std::string>{":3", ":5", ":7", ":9"});
}
