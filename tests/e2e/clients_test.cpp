// Clients of the API: who they are, what they may, what they have spent.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/raw_client.hpp"

#include "messages/money.hpp"
#include "runtime/storage/digest.hpp"

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
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, models: [gpt-5-mini, claude-sonnet-4-5, gemini-2.5-flash]}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}, models: [gpt-5-mini], tags: [cheap]}
)";

const std::string token = "sk-rota-alice-0123456789abcdef";
const std::string other = "sk-rota-other-0123456789abcdef";

std::string hash_of(const std::string& x) {
  return "sha256:" + to_hex(sha256_of_text(x));
}

/// The pool with alice, whose further options stand as in YAML.
std::string with_alice(const std::string& more = {},
                       const std::string& tokens = hash_of(token)) {
  return pool + "clients:\n  - {name: alice, tokens: [" + tokens + "]" + more
         + "}\n";
}

std::string bearer(const std::string& x) {
  return "Authorization: Bearer " + x + "\r\n";
}

const std::string chat
  = R"({"model":"gpt-5-mini","max_tokens":40,"messages":[)"
    R"({"role":"user","content":"hello"}]})";
const std::string message
  = R"({"model":"claude-sonnet-4-5","max_tokens":40,"messages":[)"
    R"({"role":"user","content":"hello"}]})";
const std::string contents
  = R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}]})";
const std::string flash = "/v1beta/models/gemini-2.5-flash:generateContent";

money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

json alice(stage& on) {
  return on.ask({"clients"})[0];
}

void await_calm(stage& on) {
  wait_until("all calls have ended", [&on] {
    for (const auto& x : on.ask({"accounts"}))
      if (x["in_flight"] != 0)
        return false;
    return alice(on)["in_flight"] == 0;
  });
}

/// A client's books are those of the accounts, of which it was the only user.
void check_books(stage& on) {
  money spent, held;
  for (const auto& x : on.ask({"accounts"})) {
    spent += usd(x["spent"]);
    held += usd(x["held"]);
  }
  const auto client = alice(on);
  INFO(client.dump());
  CHECK(usd(client["spent"]) == spent);
  CHECK(usd(client["day_spent"]) == spent);
  CHECK(usd(client["month_spent"]) == spent);
  CHECK(usd(client["held"]) == held);
}

} // namespace

TEST_CASE("strangers are told so in their protocol", "[e2e][clients]") {
  stage on{sim};
  on.start(with_alice());
  const auto port = on.api_port();
  const auto headers = GENERATE(as<std::string>{}, "", bearer(other));
  const auto a
    = request(port, "POST", "/v1/chat/completions", chat, headers);
  CHECK(a.status == 401);
  CHECK(a.parsed()["error"]["code"] == "invalid_api_key");
  CHECK(a.header("www-authenticate") == "Bearer");
  CHECK(a.header("x-should-retry") == "false");
  const auto b = request(port, "POST", "/v1/messages", message, headers);
  CHECK(b.status == 401);
  CHECK(b.parsed()["error"]["type"] == "authentication_error");
  const auto c = request(port, "POST", flash, contents, headers);
  CHECK(c.status == 401);
  CHECK(c.parsed()["error"]["status"] == "UNAUTHENTICATED");
  CHECK(request(port, "GET", "/v1/models", "", headers).status == 401);
  CHECK(request(port, "GET", "/nothing", "", headers).status == 401);
  raw_client patient{port}; // Its body need not be sent.
  patient.send("POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Api-Key: y\r\n"
               "X-Request-Id: mine\r\nContent-Length: 60000000\r\n\r\n{");
  const auto said = patient.receive_all();
  CHECK_THAT(said, StartsWith("HTTP/1.1 401 "));
  CHECK_THAT(said, ContainsSubstring("x-request-id: mine\r\n"));
  CHECK_THAT(said, ContainsSubstring("\"type\":\"authentication_error\""));
  CHECK(on.ask({"accounts"})[0]["calls"] == 0);
}

TEST_CASE("an open API serves programs, not web pages", "[e2e][clients]") {
  stage on{sim};
  on.start(pool);
  const auto port = on.api_port();
  const std::string browser = "User-Agent: Mozilla/5.0 (X11)\r\n";
  for (const std::string headers :
       {"", "Origin: http://localhost:3000\r\n", "Origin: app://notes\r\n",
        "Origin: https://127.0.0.1\r\n", "Origin: http://[::1]:80\r\n",
        "Sec-Fetch-Site: same-origin\r\n"}) {
    INFO(headers);
    CHECK(request(port, "POST", "/v1/chat/completions", chat, headers).status
          == 200);
  }
  const auto calls = on.ask({"accounts"})[0]["calls"];
  for (const std::string headers :
       {"Origin: http://evil.example\r\n", "Origin: null\r\n",
        "Origin: https://localhost.evil.example\r\n",
        "Sec-Fetch-Site: cross-site\r\n"}) {
    INFO(headers);
    const auto x
      = request(port, "POST", "/v1/chat/completions", chat, headers);
    CHECK(x.status == 403);
    CHECK(x.parsed()["error"]["message"].get<std::string>().find("web pages")
          != std::string::npos);
  }
  // Its Host is "rota".
  CHECK(request(port, "GET", "/v1/models", "", browser).status == 403);
  raw_client large{port}; // Its body need not be sent.
  large.send("POST /v1/messages HTTP/1.1\r\nHost: x\r\nOrigin: null\r\n"
             "Content-Length: 60000000\r\n\r\n{");
  const auto said = large.receive_all();
  CHECK_THAT(said, StartsWith("HTTP/1.1 403 "));
  CHECK_THAT(said, ContainsSubstring("\"type\":\"permission_error\""));
  CHECK(on.ask({"accounts"})[0]["calls"] == calls);
}

TEST_CASE("a token counts wherever its protocol has it", "[e2e][clients]") {
  stage on{sim};
  on.start(with_alice());
  const auto port = on.api_port();
  CHECK(request(port, "POST", "/v1/chat/completions", chat, bearer(token))
          .status
        == 200);
  CHECK(request(port, "POST", "/v1/messages", message,
                "x-api-key: " + token + "\r\n")
          .status
        == 200);
  CHECK(request(port, "POST", flash, contents,
                "x-goog-api-key: " + token + "\r\n")
          .status
        == 200);
  CHECK(request(port, "POST", flash + "?key=" + token, contents).status
        == 200);
  await_calm(on);
  CHECK(alice(on)["calls"] == 4);
  check_books(on);
  // The token is nowhere: not in the log, not on disk.
  CHECK(on.daemon().err().find(token) == std::string::npos);
  CHECK(run_command(on.dir, {"/bin/grep", "-rq", token, on.dir / "state"}).code
        == 1);
}

TEST_CASE("tokens are rotated while both are in use", "[e2e][clients]") {
  stage on{sim};
  on.environment["ALICE_TOKEN"] = token;
  on.start(with_alice("", "env:ALICE_TOKEN"));
  const auto port = on.api_port();
  const auto status = [port](const std::string& x) {
    return request(port, "POST", "/v1/chat/completions", chat, bearer(x))
      .status;
  };
  const auto made = on.ask({"token"});
  const std::string fresh = made["token"];
  CHECK(status(token) == 200);
  CHECK(status(fresh) == 401);
  on.rewrite(with_alice("", "env:ALICE_TOKEN, "
                              + made["hash"].get<std::string>()));
  CHECK(on.ask({"reload"})["changed"] == json{"clients"});
  CHECK(status(token) == 200);
  CHECK(status(fresh) == 200);
  CHECK(alice(on)["tokens"] == 2);
  on.rewrite(with_alice("", made["hash"].get<std::string>()));
  on.ask({"reload"});
  CHECK(status(token) == 401);
  CHECK(status(fresh) == 200);
  await_calm(on);
  CHECK(alice(on)["calls"] == 4); // It has been one client all the time.
}

TEST_CASE("a token of two clients changes nothing", "[e2e][clients]") {
  stage on{sim};
  on.environment["TWICE"] = token;
  on.start(with_alice());
  on.rewrite(with_alice() + "  - {name: bob, tokens: [env:TWICE]}\n");
  const auto x = on.rota({"reload"});
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring("is also a token of alice"));
  CHECK(on.ask({"clients"}).size() == 1);
  const auto y = on.refuse(with_alice() + "  - {name: bob, tokens: [env:TWICE]}",
                           {"--check-config"});
  CHECK(y.code == 2);
  CHECK_THAT(y.err, ContainsSubstring("is also a token of alice"));
  CHECK(y.err.find(token) == std::string::npos);
}

TEST_CASE("a client has its models and its accounts", "[e2e][clients]") {
  stage on{sim};
  on.start(with_alice(", models: [gpt-5-mini], tags: [cheap]"));
  const auto port = on.api_port();
  const auto a
    = request(port, "POST", "/v1/chat/completions",
              R"({"model":"gpt-5","messages":[]})", bearer(token));
  CHECK(a.status == 403);
  CHECK(a.parsed()["error"]["code"] == "model_not_found");
  const auto b = request(port, "POST", "/v1/messages", message, bearer(token));
  CHECK(b.status == 404);
  CHECK(b.parsed()["error"]["type"] == "not_found_error");
  const auto c = request(port, "POST", flash, contents, bearer(token));
  CHECK(c.status == 404);
  CHECK(c.parsed()["error"]["status"] == "NOT_FOUND");
  const auto list
    = request(port, "GET", "/v1/models", "", bearer(token)).parsed();
  REQUIRE(list["data"].size() == 1);
  CHECK(list["data"][0]["id"] == "gpt-5-mini");
  // a has more money, but only b has the tag.
  CHECK(request(port, "POST", "/v1/chat/completions", chat, bearer(token))
          .status
        == 200);
  CHECK(on.ask({"account", "a"})["calls"] == 0);
  CHECK(on.ask({"account", "b"})["calls"] == 1);
}

TEST_CASE("a rate says when it allows the next", "[e2e][clients]") {
  stage on{sim};
  on.start(with_alice(", requests_per_minute: 2"));
  const auto port = on.api_port();
  const auto ask = [port] {
    return request(port, "POST", "/v1/chat/completions", chat, bearer(token));
  };
  // To count takes no rate, and is no failure where only rota can.
  for (int i = 0; i < 3; ++i)
    CHECK(request(port, "POST", "/v1/messages/count_tokens", message,
                  bearer(token))
            .status
          == 200);
  wait_until("the counts are recorded",
             [&] { return on.ask({"requests"}).size() == 3; });
  CHECK(on.ask({"requests", "--failed"}).empty());
  CHECK(ask().status == 200);
  CHECK(ask().status == 200);
  const auto x = ask();
  CHECK(x.status == 429);
  CHECK(x.parsed()["error"]["code"] == "rate_limit_exceeded");
  CHECK(x.header("x-should-retry") == "true");
  const auto wait = std::stoi(x.header("retry-after"));
  CHECK(wait > 20);
  CHECK(wait <= 31);
  const auto y
    = request(port, "POST", "/v1/messages", message, bearer(token));
  CHECK(y.status == 429);
  CHECK(y.parsed()["error"]["type"] == "rate_limit_error");
  const auto z = request(port, "POST", flash, contents, bearer(token));
  CHECK(z.status == 429);
  CHECK(z.parsed()["error"]["status"] == "RESOURCE_EXHAUSTED");
  CHECK(alice(on)["refused"] == 3);
}

TEST_CASE("a cap survives kill -9 and equals the books", "[e2e][clients]") {
  // A call costs 80 microdollars and a little; some never get an answer.
  stage on{sim + R"(
replies: {output_tokens: 40}
latency: {first_byte: {distribution: uniform, min: 10ms, max: 60ms}}
script:
  - {match: {account: a, probability: 0.2}, action: {reset: before_headers}}
)"};
  const std::string cap = ", cap: {day: 0.005, month: 0.05}";
  on.start(with_alice(cap));
  for (int round = 0; round < 3; ++round) {
    const auto port = on.api_port();
    const auto before = alice(on)["calls"].get<uint64_t>();
    std::vector<std::unique_ptr<raw_client>> open;
    for (int i = 0; i < 12; ++i) {
      open.push_back(std::make_unique<raw_client>(port));
      open.back()->send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
                        + bearer(token) + "Content-Length: "
                        + std::to_string(chat.size()) + "\r\n\r\n" + chat);
    }
    wait_until("some are under way", [&] {
      return alice(on)["calls"].get<uint64_t>() >= before + 2;
    });
    on.kill();
    on.restart();
    await_calm(on);
    check_books(on); // The calls of the run that died are held.
    CHECK(usd(alice(on)["in_doubt"]) > money{});
  }
  const auto port = on.api_port();
  reply last;
  for (int i = 0; i < 100 && last.status != 429; ++i)
    last = request(port, "POST", "/v1/chat/completions", chat, bearer(token));
  REQUIRE(last.status == 429);
  CHECK(last.parsed()["error"]["code"] == "insufficient_quota");
  CHECK(last.header("x-should-retry") == "false");
  CHECK(std::stoi(last.header("retry-after")) <= 86'400);
  await_calm(on);
  check_books(on);
  const auto x = alice(on);
  // The last may have been tried again after a call in doubt.
  CHECK(usd(x["day_spent"]) + usd(x["held"]) <= money{5'000'000 + 100'000});
  CHECK(usd(x["day_spent"]) + usd(x["held"]) > money{4'800'000});
  // A higher cap counts at once.
  on.rewrite(with_alice(", cap: {day: 1}"));
  on.ask({"reload"});
  CHECK(request(port, "POST", "/v1/chat/completions", chat, bearer(token))
          .status
        != 429);
  on.stop();
  const auto check = on.rota({"fsck", "--state-dir", on.dir / "state"});
  INFO(check.out << check.err);
  CHECK(check.code == 0);
}

TEST_CASE("requests have a name, and accounts are named to whom it concerns",
          "[e2e][clients]") {
  stage on{sim};
  on.start(with_alice(", show_account: true") + "  - {name: bob, tokens: ["
           + hash_of(other) + "]}\n");
  const auto port = on.api_port();
  const auto streamed = GENERATE(false, true);
  const auto body = streamed ? "{\"stream\":true," + chat.substr(1) : chat;
  const auto ask = [&](const std::string& headers) {
    return request(port, "POST", "/v1/chat/completions", body, headers);
  };
  const auto x = ask(bearer(token) + "X-Request-Id: my-own.1\r\n");
  CHECK(x.header("x-request-id") == "my-own.1");
  CHECK(x.header("x-rota-account") == "a");
  const auto y = ask(bearer(other) + "X-Request-Id: <script>\r\n");
  CHECK_THAT(y.header("x-request-id"), StartsWith("req_1_"));
  CHECK(y.head.find("x-rota-account") == std::string::npos);
  CHECK_THAT(ask("").header("x-request-id"), StartsWith("req_1_"));
}

TEST_CASE("an account that left while a call was in doubt ends it still",
          "[e2e][clients]") {
  stage on{sim + "latency: {first_byte: {distribution: fixed, value: 60s}}\n"};
  const std::string clients = "clients:\n  - {name: alice, tokens: ["
                              + hash_of(token) + "]}\n";
  const auto with = [&](const std::string& name) {
    return "accounts:\n  - {name: " + name
           + ", provider: new_api, base_url: SIM, api_key: env:KEY_A, balance:"
             " {initial: 30.00}}\nstore: {doubt_grace: 4s}\n"
           + clients;
  };
  on.start(with("a"));
  raw_client asking{on.api_port()};
  asking.send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
              + bearer(token) + "Content-Length: "
              + std::to_string(chat.size()) + "\r\n\r\n" + chat);
  wait_until("its call is under way", [&on] {
    return alice(on)["calls"] == 1 && on.books()["calls"] == 1;
  });
  on.kill();
  on.rewrite(with("renamed"));
  on.restart();
  CHECK_THAT(on.daemon().err(), ContainsSubstring("calls in doubt: 1 over"));
  const auto status = on.ask({"status"});
  CHECK(status["accounts"] == 1);
  CHECK(status["in_doubt_count"] == 1);
  REQUIRE(status["in_doubt"].size() == 1);
  CHECK(status["in_doubt"][0]["account"] == "a");
  CHECK(usd(status["money"]["available"]) == money{30'000'000'000});
  const auto held = usd(alice(on)["held"]);
  CHECK(held > money{});
  CHECK(usd(status["money"]["held"]) == held);
  const auto accounts = on.ask({"accounts"});
  REQUIRE(accounts.size() == 2);
  CHECK(accounts[0]["name"] == "a");
  CHECK(accounts[0]["admin"] == "removed");
  CHECK(on.ask({"account", "a"})["admin"] == "removed");
  wait_until("the doubt ends", [&on] {
    return on.ask({"status"})["in_doubt_count"] == 0;
  });
  const auto after = alice(on);
  CHECK(usd(after["held"]) == money{});
  CHECK(usd(after["spent"]) == held); // Nobody knows better.
  CHECK(on.ask({"accounts"}).size() == 1);
  CHECK(on.stop() == 0);
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a start with a clock that is ahead shuts no client out",
          "[e2e][clients]") {
  stage on{sim};
  const auto status = [&on] {
    return request(on.api_port(), "POST", "/v1/chat/completions", chat,
                   bearer(token))
      .status;
  };
  on.set_clock(400 * 86'400);
  on.start(with_alice(", cap: {day: 0.0001}")); // For one call.
  CHECK(status() == 200);
  await_calm(on);
  const auto before = usd(alice(on)["spent"]);
  CHECK(status() == 429);
  CHECK(on.stop() == 0);
  on.set_clock(0);
  on.restart();
  CHECK_THAT(on.daemon().err(), ContainsSubstring("it was ahead then"));
  CHECK(usd(alice(on)["day_spent"]) == money{});
  CHECK(status() == 200);
  await_calm(on);
  const auto x = alice(on);
  CHECK(usd(x["day_spent"]) > money{});
  CHECK(usd(x["spent"]) == before + usd(x["day_spent"]));
  CHECK(status() == 429);
  CHECK(on.stop() == 0);
  on.restart();
  CHECK(on.daemon().err().find("it was ahead then") == std::string::npos);
  CHECK(on.stop() == 0);
  const auto check = on.rota({"fsck", "--state-dir", on.dir / "state"});
  INFO(check.out << check.err);
  CHECK(check.code == 0);
}
