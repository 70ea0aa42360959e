#include "runtime/notify/notifier.hpp"

#include "runtime/notify/payload.hpp"
#include "tests/fakes/fake_upstream.hpp"
#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/deterministic_system.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace rota;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

json read_json(const std::string& name) {
  std::ifstream in{ROTA_TEST_DATA "/wire/notify/" + name};
  REQUIRE(in.good());
  return json::parse(in);
}

alert exhausted() {
  alert x;
  x.kind = alert_kind::account_exhausted;
  x.state = alert_state::firing;
  x.level = severity::error;
  x.account = "any-03";
  x.provider = "newapi";
  x.floor = money{1'000'000'000};
  x.since = x.at = timestamp{1'795'435'200'000};
  x.text = "account \"any-03\" is exhausted: $0.00 left";
  return x;
}

upstream_outcome reply(int status, std::string body) {
  return upstream_script::reply(status, std::move(body));
}

/// What was logged while it lives.
struct log_capture {
  std::ostringstream text;
  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();

  log_capture() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
    spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::move(sink)));
  }

  ~log_capture() {
    spdlog::set_default_logger(before);
  }
};

struct fixture : deterministic_system {
  log_capture log;
  upstream_script_ptr script = std::make_shared<upstream_script>();
  fake_upstream_actor fake = sys.spawn(fake_upstream, script);
  notifier_actor aut;

  void start(notifier_setup setup) {
    setup.host = "host1";
    aut = spawn_notifier(sys, nullptr, fake, std::move(setup));
    caf::anon_send(aut, atom::notify_v, exhausted());
    run();
  }

  void start() {
    notifier_setup setup;
    setup.webhook = true;
    start(std::move(setup));
  }

  void answer_with(upstream_outcome x) {
    script->answer = [x = std::move(x)](const upstream_request&) {
      return std::optional{x};
    };
  }

  ~fixture() {
    self->send_exit(aut, caf::exit_reason::user_shutdown);
    self->send_exit(fake, caf::exit_reason::user_shutdown);
    run();
  }
};

} // namespace

// -- bodies -------------------------------------------------------------------

TEST_CASE("the webhook's body has the documented shape", "[notify]") {
  auto expected = read_json("generic.json");
  const auto body = json::parse(webhook_body(exhausted(), "host1", "ID"));
  CHECK(body["event"] == expected["event"]);
  CHECK(body["severity"] == expected["severity"]);
  CHECK(body["time"] == "2026-11-23T12:00:00.000Z");
  CHECK(expected["time"] == "2026-11-23T12:00:00Z"); // The same instant.
  CHECK(body["host"] == expected["host"]);
  CHECK(body["account"]["name"] == expected["account"]["name"]);
  CHECK(body["account"]["provider"] == expected["account"]["provider"]);
  CHECK(body["balance"] == expected["balance"]);
  CHECK(body["balance"].dump() == expected["balance"].dump());
  CHECK(body["text"] == exhausted().text);
  CHECK(body["id"] == "ID");
  CHECK(body["state"] == "firing");
}

TEST_CASE("an alert about the pool names no account", "[notify]") {
  auto x = exhausted();
  x.kind = alert_kind::all_accounts_failed;
  x.account.clear();
  x.text = "a \xFF b";
  const auto body = json::parse(webhook_body(x, "host1", "ID"));
  CHECK_FALSE(body.contains("account"));
  CHECK_FALSE(body.contains("balance"));
}

TEST_CASE("bodies are signed as receivers expect", "[notify]") {
  const auto x = read_json("sign_vectors.json")["generic"];
  CHECK(webhook_signature(x["secret"].get<std::string>(),
                          x["body"].get<std::string>())
        == "sha256=" + x["hex"].get<std::string>());
}

TEST_CASE("event identifiers sort by time and differ", "[notify]") {
  const auto a = new_event_id(timestamp{1'000});
  const auto b = new_event_id(timestamp{1'000});
  const auto c = new_event_id(timestamp{2'000});
  CHECK(a.size() == 26);
  CHECK(a != b);
  CHECK(a < c);
  CHECK(b < c);
}

TEST_CASE("whether a message was taken, the body says", "[notify]") {
  CHECK(was_taken(reply(200, "ok")));
  CHECK(was_taken(reply(204, "")));
  CHECK(was_taken(reply(200, R"({"StatusCode":0,"code":0,"msg":"success"})")));
  CHECK(was_taken(reply(200, R"({"code":200})")));
  CHECK(was_taken(reply(202, R"({"status":"success"})")));
  CHECK(was_taken(reply(200, R"({"ok":true})")));
  CHECK(was_taken(reply(200, R"({"code":"ok"})")));
  CHECK_FALSE(was_taken(reply(200, R"({"code":19021,"msg":"sign"})")));
  CHECK_FALSE(was_taken(reply(200, R"({"errcode":310000})")));
  CHECK_FALSE(was_taken(reply(200, R"({"ok":false,"error_code":400})")));
  CHECK_FALSE(was_taken(reply(404, "no_service")));
  CHECK_FALSE(was_taken(upstream_script::failure(transport::broken, "x")));
}

// -- deliveries ---------------------------------------------------------------

TEST_CASE_METHOD(fixture, "without a webhook an edge is logged", "[notify]") {
  start(notifier_setup{});
  CHECK(script->calls.empty());
  CHECK_THAT(log.text.str(), ContainsSubstring("[error] alert "
                                               "account.exhausted is firing: "
                                               "account \"any-03\""));
}

TEST_CASE_METHOD(fixture, "a webhook that answers is asked once", "[notify]") {
  answer_with(reply(200, "{}"));
  start();
  advance(120s);
  REQUIRE(script->calls.size() == 1);
  const auto& x = *script->calls[0]->request;
  CHECK(x.account == webhook_account);
  CHECK(x.secret == credential::none);
  CHECK(json::parse(x.body)["event"] == "account.exhausted");
}

TEST_CASE_METHOD(fixture, "a webhook that fails is tried again", "[notify]") {
  const auto down = GENERATE(
    upstream_script::failure(transport::not_sent, "nobody is there"),
    upstream_script::reply(503, ""), upstream_script::reply(429, ""));
  answer_with(down);
  start();
  CHECK(script->calls.size() == 1);
  advance(999ms);
  CHECK(script->calls.size() == 1);
  advance(1ms);
  CHECK(script->calls.size() == 2);
  advance(5s);
  CHECK(script->calls.size() == 3);
  advance(29s);
  CHECK(script->calls.size() == 3);
  advance(1s);
  CHECK(script->calls.size() == 4);
  advance(600s);
  CHECK(script->calls.size() == 4);
  // A receiver knows a repetition by its id.
  CHECK(script->calls[0]->request->body == script->calls[3]->request->body);
  CHECK_THAT(log.text.str(), ContainsSubstring("after 4 tries"));
}

TEST_CASE_METHOD(fixture, "a later try may succeed", "[notify]") {
  answer_with(reply(500, ""));
  start();
  answer_with(reply(200, ""));
  advance(600s);
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(fixture, "the latest word on something comes last",
                 "[notify]") {
  const auto states = [this] {
    std::string result;
    for (const auto& x : script->calls)
      result += json::parse(x->request->body)["state"].get<std::string>() + ' ';
    return result;
  };
  auto resolved = exhausted();
  resolved.state = alert_state::resolved;
  auto other = resolved;
  other.account = "any-04";
  SECTION("an earlier one that waits for its next try is dropped") {
    answer_with(reply(500, ""));
    start();
    answer_with(reply(200, ""));
    caf::anon_send(aut, atom::notify_v, resolved);
    caf::anon_send(aut, atom::notify_v, other);
    advance(600s);
    CHECK(states() == "firing resolved resolved ");
  }
  SECTION("one that is under way is awaited") {
    script->answer = [](const auto&) { return std::nullopt; };
    start();
    caf::anon_send(aut, atom::notify_v, resolved);
    run();
    CHECK(states() == "firing ");
    answer_with(reply(200, ""));
    script->finish(script->open.front()->token, reply(503, ""));
    advance(600s);
    CHECK(states() == "firing resolved ");
  }
}

TEST_CASE_METHOD(fixture, "a refusal is final", "[notify]") {
  answer_with(reply(404, "no_service"));
  start();
  advance(600s);
  CHECK(script->calls.size() == 1);
  CHECK_THAT(log.text.str(), ContainsSubstring("status 404"));
}

TEST_CASE_METHOD(fixture, "a receiver may ask for a longer pause",
                 "[notify]") {
  answer_with(upstream_script::reply(429, "", {{"retry-after", "20"}}));
  start();
  advance(19s);
  CHECK(script->calls.size() == 1);
  advance(1s);
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(fixture, "a silent webhook holds up nobody", "[notify]") {
  start(); // Its call stays open.
  auto other = exhausted();
  other.account = "any-04";
  caf::anon_send(aut, atom::notify_v, other);
  run();
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(upstream_fixture, "a webhook is called over real HTTP",
                 "[notify]") {
  log_capture log;
  ::setenv("ROTA_TEST_WEBHOOK", (server.url() + "/hook/T0KEN?k=v").c_str(), 1);
  ::setenv("ROTA_TEST_WEBHOOK_SECRET", "SECwire000", 1);
  alert_options options;
  options.webhook = {secret_ref::source::env, "ROTA_TEST_WEBHOOK"};
  options.webhook_secret = {secret_ref::source::env,
                            "ROTA_TEST_WEBHOOK_SECRET"};
  std::atomic<int> calls{0};
  server.on("/hook/T0KEN", [&](mini_exchange& x) {
    x.reply(calls++ == 0 ? 503 : 200, "");
  });
  const auto aut = spawn_notifier(sys, &loop, upstream,
                                  set_up_notifier(options, *directory));
  caf::anon_send(aut, atom::notify_v, exhausted());
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (calls < 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  CHECK(calls == 2);
  const auto seen = server.last();
  CHECK(seen.target == "/hook/T0KEN?k=v");
  CHECK(seen.header("x-signature")
        == webhook_signature("SECwire000", seen.body));
  CHECK(seen.header("authorization") == "");
  caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
  CHECK_THAT(log.text.str(), ContainsSubstring("status 503"));
  CHECK_THAT(log.text.str(), !ContainsSubstring("T0KEN"));
}

TEST_CASE("a webhook that is no URL is refused", "[notify]") {
  ::setenv("ROTA_TEST_WEBHOOK", "T0KEN-but-no-url://", 1);
  alert_options options;
  options.webhook = {secret_ref::source::env, "ROTA_TEST_WEBHOOK"};
  account_directory directory;
  std::string why;
  try {
    set_up_notifier(options, directory);
  } catch (const std::invalid_argument& e) {
    why = e.what();
  }
  CHECK_THAT(why, ContainsSubstring("alerts.webhook"));
  CHECK_THAT(why, !ContainsSubstring("T0KEN"));
  CHECK(directory.find(webhook_account) == nullptr);
}
