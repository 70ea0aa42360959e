// How long an answer says to wait.

#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto chat_answer
  = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":1}})";

} // namespace

TEST_CASE("cooldowns stay within a second and a day", "[failure]") {
  const auto body = R"({"error":{"message":"slow"}})";
  const auto wait = [&](const char* said) {
    return judge(provider::openai, 429, body, {{"retry-after", said}})
      .cooldown;
  };
  CHECK(wait("0") == 1s);
  CHECK(wait("7") == 7s);
  CHECK(wait("999999999") == 24h);
  CHECK(wait("Mon, 23 Nov 2020 12:00:00 GMT") == 1s);
  CHECK(wait("soon") == std::nullopt);
}

TEST_CASE("Codex says in the body when its window is reset", "[failure]") {
  const auto at = std::to_string(noon.millis / 1'000 + 90);
  const auto said = [](const std::string& members) {
    return judge(provider::openai, 429,
                 R"({"error":{"type":"usage_limit_reached","message":"x",)"
                   + members + "}}");
  };
  const auto x = said(R"("resets_in_seconds":300,"resets_at":)" + at);
  CHECK(x.cls == failure_class::rate_limited);
  CHECK(x.scope == failure_scope::account);
  CHECK(x.cooldown == 300s);
  CHECK(said("\"resets_at\":" + at).cooldown == 90s);
  CHECK(said(R"("resets_in_seconds":900000)").cooldown == 24h);
  for (const auto* odd : {"-5", "1e300", "9223372036854775807", "\"soon\"",
                          "null", "18446744073709551615"})
    for (const std::string name : {"resets_in_seconds", "resets_at"})
      CHECK(said('"' + name + "\":" + odd).cooldown == std::nullopt);
}

TEST_CASE("a success whose limit is used up cools its model", "[failure]") {
  const auto of = [](provider who, const char* reset) {
    return judge(who, 200, chat_answer,
                 {{"x-ratelimit-remaining-requests", "0"},
                  {"x-ratelimit-reset-requests", reset}});
  };
  const auto x = of(provider::openai, "20s");
  CHECK(x.cls == failure_class::none);
  CHECK(x.charged == charge::yes);
  CHECK(x.scope == failure_scope::account_model);
  CHECK(x.cooldown == 20s);
  CHECK(of(provider::openai, "20ms").cooldown == std::nullopt);
  CHECK(of(provider::openai, "999h").cooldown == 24h);
  // One of its suppliers is at an end; there are others.
  CHECK(of(provider::new_api, "20s").cooldown == std::nullopt);
  // A stream that its caller has read already.
  auto passed = answer_of(200, "", {{"x-ratelimit-remaining-tokens", "0"},
                                    {"x-ratelimit-reset-tokens", "20s"}});
  passed.passed.emplace().whole = true;
  CHECK(judge(provider::openai, surface::openai_chat, passed).cooldown == 20s);
}

TEST_CASE("a relay's limit per address has an empty body", "[failure]") {
  struct row {
    const char* body;
    failure_scope scope;
  };
  const row rows[] = {
    {"", failure_scope::host},
    {" \r\n", failure_scope::host},
    {R"({"error":{"message":"","type":"new_api_error"}})",
     failure_scope::account_model},
    {"{}", failure_scope::account_model},
    {R"({"error":{"message":"slow down"}})", failure_scope::account_model},
  };
  for (const auto& x : rows) {
    INFO(x.body);
    const auto said = judge(provider::new_api, 429, x.body);
    CHECK(said.cls == failure_class::rate_limited);
    CHECK(said.scope == x.scope);
  }
}

TEST_CASE("money that comes back with the month is waited for", "[failure]") {
  const auto until = [](const char* date) {
    return judge(provider::anthropic, surface::anthropic_messages,
                 answer_of(400, R"({"type":"error","error":{"type":)"
                                R"("invalid_request_error","message":)"
                                R"("You have reached your specified API usage )"
                                R"(limits. You will regain access on )"
                                  + std::string{date}
                                  + R"( at 00:00 UTC."}})"));
  };
  const auto x = until("2026-12-01");
  CHECK(x.cls == failure_class::quota_exhausted);
  CHECK(x.cooldown == 7 * 24h + 12h);
  CHECK(until("2027-12-01").cooldown == 32 * 24h);
}
