#include "tests/contract/upstream_contract.hpp"
#include "tests/fakes/fake_upstream.hpp"
#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/deterministic_system.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

// -- the contract -------------------------------------------------------------

struct real_upstream : upstream_fixture {
  account_id known() {
    return relay;
  }
  account_id unknown() {
    return {77};
  }
  account_id unreachable() {
    return dead;
  }
  void replies(const std::string& path, int status, std::string body) {
    server.on(path, [=](mini_exchange& x) { x.reply(status, body); });
  }
  void breaks(const std::string& path) {
    server.on(path, [](mini_exchange& x) { x.reset(); });
  }
  void keeps_silent(const std::string& path) {
    server.on(path, [](mini_exchange& x) { x.stall(); });
  }
  upstream_actor aut() {
    return upstream;
  }
  outcome_actor sink() {
    return collector;
  }
  std::optional<call_outcome> next() {
    return box->take(20s);
  }
  bool quiet() {
    return !box->take(100ms);
  }
  void pass(milliseconds) {
    // Time goes by without help.
  }
};

struct fake_one : deterministic_system {
  upstream_script_ptr script = std::make_shared<upstream_script>();
  std::shared_ptr<outcome_box> box = std::make_shared<outcome_box>();
  std::map<std::string, std::optional<upstream_outcome>> answers;
  fake_upstream_actor fake = sys.spawn(fake_upstream, script);
  outcome_actor collector = sys.spawn(outcome_collector, box);

  fake_one() {
    script->knows = [](account_id x) { return x.value < 3; };
    script->answer = [this](const upstream_request& x) {
      if (x.account == unreachable())
        return std::optional{upstream_script::failure(transport::not_sent,
                                                      "no such host")};
      return answers.at(x.path);
    };
  }

  ~fake_one() {
    self->send_exit(fake, caf::exit_reason::user_shutdown);
    self->send_exit(collector, caf::exit_reason::user_shutdown);
    run();
  }

  account_id known() {
    return {1};
  }
  account_id unknown() {
    return {77};
  }
  account_id unreachable() {
    return {2};
  }
  void replies(const std::string& path, int status, std::string body) {
    answers[path] = upstream_script::reply(
      status, std::move(body), {{"content-type", "application/json"}});
  }
  void breaks(const std::string& path) {
    answers[path] = upstream_script::failure(transport::broken, "it broke");
  }
  void keeps_silent(const std::string& path) {
    answers[path] = std::nullopt;
  }
  upstream_actor aut() {
    return fake;
  }
  outcome_actor sink() {
    return collector;
  }
  std::optional<call_outcome> next() {
    run();
    return box->take(0ms);
  }
  bool quiet() {
    return !next();
  }
  void pass(milliseconds x) {
    run();
    advance(x);
  }
};

} // namespace

TEST_CASE("the real upstream keeps the contract", "[upstream]") {
  upstream_contract<real_upstream>{}.check();
}

TEST_CASE("the fake upstream keeps the contract", "[upstream]") {
  upstream_contract<fake_one>{}.check();
}

// -- requests -----------------------------------------------------------------

TEST_CASE_METHOD(upstream_fixture, "a request leaves as it was composed",
                 "[upstream]") {
  server.on("/v1/chat/completions", [](mini_exchange& x) { x.reply(200, ""); });
  auto x = post("/v1/chat/completions?x=1", R"({"model":"m"})");
  x->headers.emplace_back("X-Own", "yes");
  x->headers.emplace_back("Authorization", "Bearer of-the-caller");
  x->headers.emplace_back("x-api-key", "of-the-caller");
  x->headers.emplace_back("Content-Length", "999");
  x->headers.emplace_back("Host", "elsewhere.example");
  CHECK(call(x)->ended == transport::ok);
  const auto seen = server.last();
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/v1/chat/completions?x=1");
  CHECK(seen.body == R"({"model":"m"})");
  CHECK(seen.header("authorization") == "Bearer sk-secret-1");
  CHECK(seen.header("x-api-key") == "");
  CHECK(seen.header("x-own") == "yes");
  CHECK(seen.header("content-type") == "application/json");
  CHECK(seen.header("content-length") == "13");
  CHECK(seen.header("accept-encoding") == "identity");
  CHECK("http://" + std::string{seen.header("host")} == server.url());
  CHECK(seen.header("expect") == "");
  CHECK(seen.header("accept") == "");
}

TEST_CASE_METHOD(upstream_fixture, "a large body leaves whole and at once",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) {
    x.reply(200, std::to_string(x.body.size()));
  });
  auto x = post("/v1/a", std::string(5'000'000, 'x'));
  const auto y = call(x);
  CHECK(y->body == "5000000");
  CHECK(server.last().header("expect") == "");
}

TEST_CASE_METHOD(upstream_fixture, "a header that could smuggle is refused",
                 "[upstream]") {
  auto x = post("/v1/a");
  SECTION("in a value") {
    x->headers.emplace_back("x-a", "1\r\nx-b: 2");
  }
  SECTION("in a name") {
    x->headers.emplace_back("x-a: 1\r\nx-b", "2");
  }
  SECTION("in the path") {
    x->path = "/v1/a HTTP/1.1\r\nx-b: 2";
  }
  SECTION("in the method") {
    x->method = "POST / HTTP/1.1\r\n";
  }
  const auto y = call(x);
  CHECK(y->ended == transport::not_sent);
  CHECK_FALSE(y->error.empty());
  CHECK(server.connections() == 0);
}

TEST_CASE_METHOD(upstream_fixture, "GET follows POST on one connection",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) { x.reply(200, x.method); });
  for (int i = 0; i < 3; ++i) {
    CHECK(call(post("/v1/a"))->body == "POST");
    auto x = post("/v1/a", "");
    x->method = "GET";
    CHECK(call(x)->body == "GET");
    CHECK(server.last().header("content-length") == "");
    x = post("/v1/a", "");
    x->method = "DELETE";
    CHECK(call(x)->body == "DELETE");
  }
  // DELETE without a body wants a connection that was never used.
  CHECK(server.connections() <= 6);
  CHECK(server.hits("/v1/a") == 9);
}

TEST_CASE("a base URL's path comes first, its version does not",
          "[upstream]") {
  const auto target = [](std::string url) {
    account_options x;
    x.base_url = std::move(url);
    return upstream_target::of_account(x, {}, {})->request_target("/v1/a");
  };
  CHECK(target("http://h") == "/v1/a");
  CHECK(target("http://h/") == "/v1/a");
  CHECK(target("http://h/v1") == "/v1/a");
  CHECK(target("http://h/v1/") == "/v1/a");
  CHECK(target("http://h/v1beta/") == "/v1/a");
  CHECK(target("https://h:8443/relay/v1") == "/relay/v1/a");
  CHECK(target("https://h/relay//") == "/relay/v1/a");
}

TEST_CASE("bad base URLs are refused with a sentence", "[upstream]") {
  for (const auto url :
       {"", "not a url", "ftp://h", "file:///etc/passwd", "http://u:p@h",
        "http://h?x=1", "http://h#x", "http://h\r\n", "gopher://h",
        "http://"}) {
    account_options x;
    x.base_url = url;
    CAPTURE(url);
    CHECK_THROWS_AS(upstream_target::of_account(x, {}, {}),
                    std::invalid_argument);
  }
}

TEST_CASE_METHOD(upstream_fixture, "console credentials name their user",
                 "[upstream]") {
  server.on("/api/user/self", [](mini_exchange& x) { x.reply(200, "{}"); });
  account_options options;
  options.base_url = server.url();
  options.balance.user_id = "12345";
  auto x = post("/api/user/self", "");
  x->method = "GET";
  x->secret = credential::console;
  SECTION("with a token") {
    directory->set(relay, upstream_target::of_account(options, "k", "tok"));
    CHECK(call(x)->status == 200);
    const auto seen = server.last();
    CHECK(seen.header("authorization") == "Bearer tok");
    CHECK(seen.header("new-api-user") == "12345");
    CHECK(seen.header("veloera-user") == "12345");
    CHECK(seen.header("cookie") == "");
  }
  SECTION("with a cookie") {
    directory->set(relay,
                   upstream_target::of_account(options, "k", "session=abc"));
    CHECK(call(x)->status == 200);
    CHECK(server.last().header("cookie") == "session=abc");
    CHECK(server.last().header("authorization") == "");
  }
  SECTION("with none") {
    const auto y = call(x);
    CHECK(y->ended == transport::not_sent);
    CHECK_THAT(y->error, ContainsSubstring("balance.console"));
  }
  SECTION("and nothing at all where none is wanted") {
    directory->set(relay, upstream_target::of_account(options, "k", "tok"));
    x->secret = credential::none;
    CHECK(call(x)->status == 200);
    CHECK(server.last().header("authorization") == "");
    CHECK(server.last().header("new-api-user") == "");
  }
}

TEST_CASE_METHOD(upstream_fixture, "an account's own headers come last",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) { x.reply(200, "{}"); });
  account_options options;
  options.kind = provider::anthropic;
  options.base_url = server.url();
  options.headers = {{"X-Org", "ours"}};
  directory->set(relay, upstream_target::of_account(options, "k1", {}));
  auto x = post("/v1/a");
  x->headers.emplace_back("x-org", "theirs");
  CHECK(call(x)->status == 200);
  CHECK(server.last().header("x-org") == "ours");
  CHECK(server.last().header("x-api-key") == "k1");
}
