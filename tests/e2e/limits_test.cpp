// The limits of the API: each is an option, and answers with its status in the
// client's own protocol.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string pool = R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, max_in_flight: 8}
)";

struct surface_case {
  std::string target;
  std::string body;
};

const surface_case openai{
  "/v1/chat/completions",
  R"({"model":"gpt-5-mini","max_tokens":9,"messages":[)"
  R"({"role":"user","content":"hi"}]})"};
const surface_case anthropic{
  "/v1/messages", R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[)"
                  R"({"role":"user","content":"hi"}]})"};
const surface_case gemini{
  "/v1beta/models/gemini-2.5-flash:generateContent",
  R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})"};

/// Errors of the status, as each protocol has them.
void check_refusals(uint16_t port, int status, bool retry,
                    const std::string& headers, const std::string& padding,
                    const std::string& query,
                    const std::string& anthropic_type,
                    const std::string& google_status) {
  for (const auto* it : {&openai, &anthropic, &gemini}) {
    const auto x = request(port, "POST", it->target + query,
                           it->body + padding, headers);
    INFO(it->target << '\n' << x.head << x.body);
    REQUIRE(x.status == status);
    CHECK(x.header("x-should-retry") == (retry ? "true" : "false"));
    CHECK_THAT(x.header("content-type"), ContainsSubstring("application/json"));
    CHECK_FALSE(x.header("x-request-id").empty());
    auto error = x.parsed()["error"];
    CHECK_FALSE(error["message"].get<std::string>().empty());
    if (it == &openai) {
      CHECK(error.contains("param"));
      CHECK(error["code"].is_string());
    } else if (it == &anthropic) {
      CHECK(x.parsed()["type"] == "error");
      CHECK(error["type"] == anthropic_type);
    } else {
      CHECK(error["code"] == status);
      CHECK(error["status"] == google_status);
    }
  }
}

} // namespace

TEST_CASE("requests in flight are bounded", "[e2e][limits]") {
  stage on{one_key + "latency: {first_byte: 60s}\n"};
  on.start(pool + "api: {max_in_flight: 2}\n");
  const auto port = on.api_port();
  const auto begin = [](raw_client& client) {
    client.send("POST " + openai.target + " HTTP/1.1\r\nHost: rota\r\n"
                "Content-Length: " + std::to_string(openai.body.size())
                + "\r\n\r\n" + openai.body);
  };
  raw_client first{port};
  raw_client second{port};
  begin(first);
  begin(second);
  const auto in_flight = [&on] {
    return on.ask({"account", "a"})["in_flight"].get<int>();
  };
  wait_until("two are under way", [&] { return in_flight() == 2; });
  check_refusals(port, 503, true, "", "", "", "overloaded_error",
                 "UNAVAILABLE");
  const auto x = request(port, "POST", openai.target, openai.body);
  CHECK(x.parsed()["error"]["code"] == "overloaded");
  CHECK(x.header("retry-after") == "1");
  CHECK(in_flight() == 2);
  CHECK(on.books("/sim/calls")["total"] == 2);
  // Once one of them has ended there is room for one.
  first.close();
  wait_until("one has ended", [&] { return in_flight() == 1; });
  raw_client third{port};
  begin(third);
  wait_until("another is under way", [&] { return in_flight() == 2; });
  CHECK(request(port, "POST", openai.target, openai.body).status == 503);
}

TEST_CASE("heads and bodies are bounded", "[e2e][limits]") {
  stage on{one_key};
  on.start(pool + "api: {max_header_bytes: 4KiB, max_headers: 16,"
                  " max_target_bytes: 512, max_body_bytes: 2KiB}\n");
  const auto port = on.api_port();
  SECTION("a head") {
    check_refusals(port, 431, false,
                   "X-Long: " + std::string(5'000, 'a') + "\r\n", "", "",
                   "invalid_request_error", "INVALID_ARGUMENT");
  }
  SECTION("the number of headers") {
    std::string many;
    for (int i = 0; i < 20; ++i)
      many += "X-" + std::to_string(i) + ": a\r\n";
    check_refusals(port, 431, false, many, "", "", "invalid_request_error",
                   "INVALID_ARGUMENT");
  }
  SECTION("a target") {
    check_refusals(port, 414, false, "", "", "?x=" + std::string(600, 'a'),
                   "invalid_request_error", "INVALID_ARGUMENT");
  }
  SECTION("a body") {
    check_refusals(port, 413, false, "", std::string(3'000, ' '), "",
                   "request_too_large", "INVALID_ARGUMENT");
  }
  CHECK(on.books("/sim/calls")["total"] == 0);
  // Up to the limits all is well.
  const auto x = request(port, "POST", openai.target,
                         openai.body + std::string(1'000, ' '),
                         "X-Long: " + std::string(3'000, 'a') + "\r\n");
  CHECK(x.status == 200);
}

TEST_CASE("connections are bounded, in all and for one address",
          "[e2e][limits]") {
  const auto limit = GENERATE(as<std::string>{},
                              "{max_connections: 2,"
                              " max_connections_per_address: 2}",
                              "{max_connections_per_address: 2}");
  stage on{one_key};
  on.start(pool + "api: " + limit + "\n");
  const auto port = on.api_port();
  const auto ask = [](raw_client& client) {
    client.send("GET /v1/models HTTP/1.1\r\nHost: rota\r\n\r\n");
    return client.receive_until("\r\n\r\n").substr(0, 15);
  };
  raw_client first{port};
  raw_client second{port};
  CHECK(ask(first) == "HTTP/1.1 200 OK");
  CHECK(ask(second) == "HTTP/1.1 200 OK");
  raw_client third{port};
  CHECK(third.closed());
  first.close();
  wait_until("there is room for another", [&] {
    raw_client next{port};
    return ask(next) == "HTTP/1.1 200 OK";
  });
}
