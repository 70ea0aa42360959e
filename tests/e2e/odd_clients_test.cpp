// Callers and providers that are unlike the pages of the protocols.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string sim = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.00}
prices: {default: {input: 1, output: 10}}
)";

const std::string pool = R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}}
)";

const std::string with_client
  = pool + "clients: [{name: page, tokens: [env:TOKEN]}]\n";

const std::string token = "sk-rota-page-0123456789abcdef";

const std::string page = "Origin: https://app.example\r\n";

const std::string preflight
  = page
    + "Access-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: authorization,content-type\r\n";

std::string chat(const std::string& more = {}) {
  return R"({"model":"gpt-5-mini","max_tokens":40,)" + more
         + R"("messages":[{"role":"user","content":"hello"}]})";
}

/// Whatever `a` is asked under a path, it answers so.
std::string answers(const std::string& path, const std::string& action) {
  return sim + "script:\n  - {match: {account: a, path: '" + path
         + "'}, action: " + action + "}\n";
}

} // namespace

TEST_CASE("a web page with a token may use the API", "[e2e][clients]") {
  stage on{sim};
  on.environment["TOKEN"] = token;
  on.start(with_client);
  const auto port = on.api_port();
  const auto asked = request(port, "OPTIONS", "/v1/chat/completions", "",
                             preflight
                               + "Access-Control-Request-Private-Network:"
                                 " true\r\n");
  CHECK(asked.status == 200);
  for (const auto* part :
       {"access-control-allow-origin: *\r\n",
        "access-control-allow-methods: GET, POST, DELETE\r\n",
        "access-control-allow-headers: authorization,content-type\r\n",
        "access-control-allow-private-network: true\r\n"})
    CHECK_THAT(asked.head, ContainsSubstring(part));
  const auto key = "Authorization: Bearer " + token + "\r\n";
  for (const auto* stream : {"", R"("stream":true,)"}) {
    const auto x
      = request(port, "POST", "/v1/chat/completions", chat(stream), page + key);
    CHECK(x.status == 200);
    CHECK_THAT(x.head, ContainsSubstring("access-control-allow-origin: *\r\n"));
    CHECK_THAT(x.head,
               ContainsSubstring("access-control-expose-headers: *\r\n"));
  }
  const auto stranger
    = request(port, "POST", "/v1/chat/completions", chat(), page);
  CHECK(stranger.status == 401);
  CHECK_THAT(stranger.head,
             ContainsSubstring("access-control-allow-origin: *\r\n"));
  // Programs are told nothing of it, and an OPTIONS of theirs is none.
  const auto plain
    = request(port, "POST", "/v1/chat/completions", chat(), key);
  CHECK(plain.head.find("access-control") == std::string::npos);
  CHECK(request(port, "OPTIONS", "/v1/chat/completions", "", key).status
        == 405);
}

TEST_CASE("an open API lets no web page in", "[e2e][clients]") {
  stage on{sim};
  on.start(pool);
  const auto x = request(on.api_port(), "OPTIONS", "/v1/chat/completions", "",
                         preflight);
  CHECK(x.status == 403);
  CHECK(x.head.find("access-control") == std::string::npos);
}

TEST_CASE("any of the keys that a client shows may be the right one",
          "[e2e][clients]") {
  stage on{sim};
  on.environment["TOKEN"] = token;
  on.start(with_client);
  for (const auto& shown :
       {"Authorization: Bearer none\r\nx-api-key: " + token + "\r\n",
        "Authorization: Bearer  " + token + "\r\n", "api-key: " + token
                                                      + "\r\n"})
    CHECK(request(on.api_port(), "POST", "/v1/chat/completions", chat(), shown)
            .status
          == 200);
}

TEST_CASE("tokens are counted by estimate where a site will not",
          "[e2e][proxy]") {
  const auto action = GENERATE(
    as<std::string>{}, "{status: 429, headers: {retry-after: '20'}}",
    "{html: true}", "{status: 500}", "{reset: before_headers}");
  CAPTURE(action);
  stage on{answers("/v1/messages/count_tokens", action)};
  on.start(pool);
  const std::string body
    = R"({"model":"claude-sonnet-4-5","messages":[)"
      R"({"role":"user","content":"hello"}]})";
  const auto count = request(on.api_port(), "POST",
                             "/v1/messages/count_tokens", body);
  CHECK(count.status == 200);
  CHECK(count.parsed()["input_tokens"].get<int>() > 0);
  CHECK(on.books("/sim/calls")["total"].get<int>() <= 1);
  // That it cannot count is no reason not to ask it for a message.
  const auto a = on.ask({"account", "a"});
  CHECK(a["health"] == "healthy");
  CHECK(a["cooling"].empty());
  CHECK(a["in_flight"] == 0);
}

TEST_CASE("a relay that lacks one route serves the others", "[e2e][proxy]") {
  stage on{answers("/v1/responses",
                   "{status: 404, body: '{\"error\":{\"message\":\"Invalid URL"
                   " (POST /v1/responses)\",\"type\":"
                   "\"invalid_request_error\"}}'}")};
  on.start(pool);
  const auto port = on.api_port();
  CHECK(request(port, "POST", "/v1/responses",
                R"({"model":"gpt-5-mini","input":"good morning"})")
          .status
        == 200);
  CHECK(request(port, "POST", "/v1/chat/completions", chat()).status == 200);
  CHECK(on.ask({"account", "a"})["calls"] == 2); // Both asked it first.
  CHECK(usd(on.ask({"account", "a"})["spent"]) > money{});
}

TEST_CASE("a web server's refusal of a large request is the client's own",
          "[e2e][proxy]") {
  stage on{answers("/v1/chat/completions",
                   "{status: 413, content_type: text/html, body: '<html>"
                   "<h1>413 Request Entity Too Large</h1></html>'}")};
  on.start(pool);
  const auto x = request(on.api_port(), "POST", "/v1/chat/completions", chat());
  CHECK(x.status == 413);
  CHECK_THAT(x.head, ContainsSubstring("x-should-retry: false"));
  CHECK(x.parsed()["error"]["type"] == "invalid_request_error");
  CHECK(on.books("/sim/calls")["total"] == 1);
  CHECK(on.ask({"account", "a"})["health"] == "healthy");
}

TEST_CASE("a caller's own error in a stream is a document", "[e2e][proxy]") {
  stage on{answers("/v1/chat/completions",
                   "{status: 200, content_type: text/event-stream, body: "
                   "'data: {\"error\":{\"message\":\"no such parameter\","
                   "\"type\":\"invalid_request_error\",\"code\":"
                   "\"unsupported_parameter\"}}'}")};
  on.start(pool);
  const auto x = request(on.api_port(), "POST", "/v1/chat/completions",
                         chat(R"("stream":true,)"));
  CHECK(x.status == 400);
  CHECK_THAT(x.head, ContainsSubstring("content-type: application/json"));
  CHECK(x.parsed()["error"]["code"] == "unsupported_parameter");
}

TEST_CASE("a key without its scheme and a compressed body are named",
          "[e2e][clients]") {
  stage on{sim};
  on.environment["TOKEN"] = token;
  on.start(with_client);
  const auto said = [&](const std::string& target, const std::string& headers) {
    const auto x = request(on.api_port(), "POST", target, chat(), headers);
    const auto error = x.parsed()["error"];
    return std::to_string(x.status) + ' ' + error["message"].get<std::string>();
  };
  const std::string chats = "/v1/chat/completions";
  CHECK(said(chats, "Authorization: " + token + "\r\n")
        == "401 The header Authorization lacks the word Bearer before the key.");
  CHECK_THAT(said(chats, ""), StartsWith("401 No API key was given"));
  const auto known = "Authorization: Bearer " + token + "\r\n";
  for (const auto* target : {"/v1/chat/completions", "/v1/messages"})
    CHECK(said(target, known + "Content-Encoding: gzip\r\n")
          == "415 The request's body is compressed; send it as it is.");
  CHECK(request(on.api_port(), "POST", chats, chat(),
                known + "Content-Encoding: identity\r\n")
          .status
        == 200);
}
