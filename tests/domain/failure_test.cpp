#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rota;
using namespace std::chrono_literals;

namespace {

std::string chat_answer(const std::string& usage
                        = R"({"prompt_tokens":1,"completion_tokens":2})") {
  return R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant",)"
         R"("content":"An error? {\"error\":1}"},"finish_reason":"stop"}],)"
         R"("usage":)"
         + usage + "}";
}

} // namespace

TEST_CASE("a 2xx is a success only with an answer in it", "[failure]") {
  using sf = surface;
  const auto cls = [](surface route, const std::string& body) {
    return judge(provider::openai, route, answer_of(200, body)).cls;
  };
  constexpr auto good = failure_class::none;
  constexpr auto bad = failure_class::upstream_error;
  CHECK(cls(sf::openai_chat, chat_answer()) == good);
  CHECK(cls(sf::openai_chat, "\n\n\n" + chat_answer()) == good);
  CHECK(cls(sf::openai_chat, chat_answer("null")) == good);
  CHECK(cls(sf::openai_chat, R"({"choices":[],"usage":{"x":1}})") == good);
  CHECK(cls(sf::openai_chat, R"({"choices":[]})") == bad);
  CHECK(cls(sf::openai_chat, R"({"choices":[],"usage":null})") == bad);
  CHECK(cls(sf::openai_chat, R"({"choices":null})") == bad);
  CHECK(cls(sf::openai_chat, "{}") == bad);
  CHECK(cls(sf::openai_chat, "") == bad);
  CHECK(cls(sf::openai_chat, " \r\n ") == bad);
  CHECK(cls(sf::openai_chat, "ok") == bad);
  CHECK(cls(sf::openai_chat, "null") == bad);
  CHECK(cls(sf::openai_chat, chat_answer() + "x") == bad);
  // Cut off: no byte less will do.
  const auto whole = chat_answer();
  for (size_t i = 0; i < whole.size(); ++i)
    CHECK(cls(sf::openai_chat, whole.substr(0, i)) == bad);
  CHECK(cls(sf::openai_responses, R"({"error":null,"output":[]})") == good);
  CHECK(cls(sf::openai_responses,
            R"({"error":{"code":"server_error","message":"x"},"output":[]})")
        == bad);
  CHECK(cls(sf::openai_embeddings, R"({"data":[{"embedding":[1]}]})") == good);
  CHECK(cls(sf::openai_embeddings, R"({"data":[]})") == bad);
  CHECK(cls(sf::openai_moderations, R"({"results":[{}]})") == good);
  CHECK(cls(sf::anthropic_messages, R"({"type":"message","content":[]})")
        == good);
  CHECK(cls(sf::anthropic_messages, chat_answer()) == bad);
  CHECK(cls(sf::gemini_generate, R"({"candidates":[{}]})") == good);
  CHECK(cls(sf::gemini_generate, R"({"promptFeedback":{}})") == bad);
  // Numbers that no machine holds are the caller's business.
  CHECK(cls(sf::openai_chat,
            R"({"choices":[{"logprob":-1e999,"x":99999999999999999999999}]})")
        == good);
}

TEST_CASE("an empty or unreadable 2xx may have been charged", "[failure]") {
  for (const auto* body : {"", "ok", R"({"choices":[{"x":)", "{}"})
    CHECK(judge(provider::openai, 200, body).charged == charge::perhaps);
  CHECK(judge(provider::new_api, 200,
              R"({"success":false,"message":"database is locked"})")
          .charged
        == charge::no);
}

TEST_CASE("a fault in a 2xx has the status that it names", "[failure]") {
  auto x = judge(provider::openrouter, 200,
                 R"({"error":{"code":402,"message":"no"}})");
  CHECK(x.cls == failure_class::quota_exhausted);
  x = judge(provider::openrouter, 200,
            R"({"choices":[{"finish_reason":"error","error":{"code":502,)"
            R"("message":"bad gateway"}}]})");
  CHECK(x.cls == failure_class::upstream_error);
  x = judge(provider::anthropic, surface::anthropic_messages,
            answer_of(200, R"({"type":"error","error":{"type":)"
                           R"("authentication_error","message":"no"}})"));
  CHECK(x.cls == failure_class::auth_invalid);
  x = judge(provider::siliconflow, 200, R"({"code":20012,"message":"x"})");
  CHECK(x.cls == failure_class::model_unavailable);
}

TEST_CASE("words of the model never decide", "[failure]") {
  const auto body
    = R"({"choices":[{"message":{"content":"Your credit balance is too low. )"
      R"(insufficient_quota <html>var arg1="},"finish_reason":"stop"}]})";
  CHECK(judge(provider::openai, 200, body).cls == failure_class::none);
  // Nor do they beside a real fault.
  const auto x = judge(
    provider::openai, 500,
    R"({"error":{"message":"oops"},"choices":[{"message":{"content":)"
    R"("credit balance is too low"}}]})");
  CHECK(x.cls == failure_class::upstream_error);
}

TEST_CASE("transfers that failed", "[failure]") {
  upstream_outcome x;
  x.status = 200; // The head came, the body did not.
  x.body = chat_answer();
  const auto of = [&x](transport ended) {
    x.ended = ended;
    return judge(provider::openai, surface::openai_chat, x);
  };
  auto said = of(transport::not_sent);
  CHECK(said.cls == failure_class::upstream_error);
  CHECK(said.scope == failure_scope::account);
  CHECK(said.action == account_action::penalty);
  CHECK(said.charged == charge::no);
  CHECK(said.failover);
  for (const auto ended : {transport::broken, transport::timed_out}) {
    said = of(ended);
    CHECK(said.cls == failure_class::upstream_error);
    CHECK(said.action == account_action::penalty);
    CHECK(said.charged == charge::perhaps);
    CHECK(said.failover);
    CHECK_FALSE(said.reason.empty());
  }
  x.error = "reset by peer";
  CHECK(of(transport::broken).reason == "reset by peer");
  for (const auto ended : {transport::too_large, transport::cancelled}) {
    said = of(ended);
    CHECK(said.cls == failure_class::upstream_error);
    CHECK(said.action == account_action::none);
    CHECK(said.charged == charge::perhaps);
    CHECK_FALSE(said.failover);
  }
}

TEST_CASE("web pages", "[failure]") {
  auto x = judge(provider::openai, 403,
                 "<!DOCTYPE html><title>Just a moment...</title>",
                 {{"cf-mitigated", "challenge"}});
  CHECK(x.cls == failure_class::waf_challenge);
  CHECK(x.scope == failure_scope::host);
  CHECK(x.cooldown == 60s);
  x = judge(provider::openai, 502, "<html>Bad Gateway</html>");
  CHECK(x.cls == failure_class::upstream_error);
  CHECK(x.charged == charge::hardly);
  x = judge(provider::openai, 504, "<html>Gateway Time-out</html>");
  CHECK(x.charged == charge::perhaps);
  x = judge(provider::openai, 429, "<html>slow down</html>",
            {{"retry-after", "30"}});
  CHECK(x.cls == failure_class::rate_limited);
  CHECK(x.scope == failure_scope::host);
  CHECK(x.cooldown == 30s);
}

TEST_CASE("what a failure used is charged", "[failure]") {
  const auto x = judge(
    provider::openai, 400,
    R"({"error":{"code":"content_filter","message":"x"},)"
    R"("usage":{"prompt_tokens":9,"completion_tokens":0}})");
  CHECK(x.cls == failure_class::content_policy);
  CHECK(x.charged == charge::yes);
  CHECK(judge(provider::openai, 400,
              R"({"error":{"message":"bad usage of usage"}})")
          .charged
        == charge::no);
}

TEST_CASE("a relay says what it needs", "[failure]") {
  const auto of = [](const std::string& message, const char* code) {
    return judge(provider::new_api, 403,
                 nlohmann::json{{"error",
                                 {{"message", message}, {"code", code}}}}
                   .dump());
  };
  auto x = of("预扣费额度失败, 用户剩余额度: ＄0.102400, 需要预扣费额度: "
              "＄0.640000",
              "insufficient_user_quota");
  CHECK(x.cls == failure_class::low_balance);
  CHECK(x.needed == money{640'000'000});
  // The Anthropic form has no code.
  x = of("预扣费额度失败, 用户剩余额度: ＄0.102400, 需要预扣费额度: ＄2", "");
  CHECK(x.cls == failure_class::low_balance);
  CHECK(x.needed == money{2'000'000'000});
  for (const auto* rest : {"＄0.000000", "＄-0.010000"}) {
    x = of(std::string{"预扣费额度失败, 用户剩余额度: "} + rest
             + ", 需要预扣费额度: ＄0.640000",
           "insufficient_user_quota");
    CHECK(x.cls == failure_class::quota_exhausted);
  }
  x = of("token quota is not enough, token remain quota: ＄0.350000, need "
         "quota: ＄0.500000",
         "pre_consume_token_quota_failed");
  CHECK(x.cls == failure_class::low_balance);
  CHECK(x.needed == money{500'000'000});
  x = of("token quota is not enough, token remain quota: ＄12.000000, need "
         "quota: ＄15.000000",
         "pre_consume_token_quota_failed");
  CHECK(x.cls == failure_class::low_balance);
  x = of("user quota is not enough", "");
  CHECK(x.cls == failure_class::quota_exhausted);
}

TEST_CASE("a relay's supplier is not the relay", "[failure]") {
  const auto body
    = R"({"error":{"message":"You exceeded your current quota","type":)"
      R"("insufficient_quota","code":"insufficient_quota"}})";
  CHECK(judge(provider::openai, 429, body).cls
        == failure_class::quota_exhausted);
  for (const auto who : {provider::new_api, provider::one_api,
                         provider::sub2api, provider::anyrouter}) {
    const auto x = judge(who, 429, body);
    CHECK(x.cls == failure_class::upstream_error);
    CHECK(x.scope == failure_scope::account_model);
    CHECK(x.action == account_action::penalty);
  }
  CHECK(judge(provider::anthropic, 400,
              R"({"type":"error","error":{"type":"invalid_request_error",)"
              R"("message":"Your credit balance is too low to access"}})")
          .cls
        == failure_class::quota_exhausted);
}

TEST_CASE("a fault of a relay's own supplier, whatever its status",
          "[failure]") {
  const auto body
    = R"({"error":{"message":"x","type":"upstream_error","param":""}})";
  for (const auto who : {provider::new_api, provider::one_api,
                         provider::sub2api, provider::anyrouter})
    for (const auto status : {400, 401, 402, 403, 404, 429, 500, 503, 504}) {
      INFO(to_string(who) << ' ' << status);
      const auto x = judge(who, status, body);
      INFO(x.reason);
      CHECK(x.cls == failure_class::upstream_error);
      CHECK(x.scope == failure_scope::account_model);
      CHECK(x.action == account_action::penalty);
      CHECK(x.charged == charge::no);
      CHECK(x.failover);
    }
  // A vendor has nobody behind it.
  CHECK(judge(provider::openai, 401, body).cls == failure_class::auth_invalid);
}

TEST_CASE("a relay's code says more than its type", "[failure]") {
  struct row {
    int status;
    const char* code;
    const char* message;
    failure_class cls;
  };
  const row rows[] = {
    {503, "model_not_found", "x", failure_class::model_unavailable},
    {400, "context_length_exceeded", "x", failure_class::context_too_long},
    {429, "insufficient_quota", "x", failure_class::upstream_error},
    {500, "get_channel_failed", "x", failure_class::overloaded},
    {400, "", "prompt is too long: 250000 tokens > 200000 maximum",
     failure_class::context_too_long},
  };
  for (const auto& x : rows) {
    INFO(x.code << ' ' << x.message);
    const nlohmann::json error{{"message", x.message},
                               {"type", "upstream_error"},
                               {"code", x.code}};
    CHECK(judge(provider::new_api, x.status,
                nlohmann::json{{"error", error}}.dump())
            .cls
          == x.cls);
  }
}

TEST_CASE("rules that no golden body shows", "[failure]") {
  using fc = failure_class;
  struct row {
    provider who;
    int status;
    const char* body;
    fc cls;
  };
  const row rows[] = {
    {provider::anyrouter, 429, "Service Unavailable", fc::overloaded},
    {provider::new_api, 401,
     R"({"error":{"message":"该令牌额度已用尽 TokenStatusExhausted[sk-x]"}})",
     fc::key_quota_exhausted},
    {provider::new_api, 429,
     R"({"error":{"message":"您已达到总请求数限制：5分钟内最多请求9次"}})",
     fc::rate_limited},
    {provider::new_api, 400,
     R"({"error":{"message":"您已达到请求数限制：5分钟内最多请求9次"}})",
     fc::rate_limited},
    {provider::new_api, 404,
     R"-({"error":{"message":"Invalid URL (POST /v1/x)","type":)-"
     R"("invalid_request_error"}})",
     fc::client_restricted},
    {provider::new_api, 500,
     R"({"error":{"message":"x","code":"do_request_failed"}})",
     fc::upstream_error},
    {provider::anyrouter, 500,
     R"({"error":{"message":"invalid claude code request"}})",
     fc::client_restricted},
    {provider::sub2api, 429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":)"
     R"("Too many pending requests, please retry later"}})",
     fc::rate_limited},
    {provider::sub2api, 401,
     R"({"code":"INVALID_API_KEY","message":"Invalid API key"})",
     fc::auth_invalid},
    {provider::deepseek, 402, R"({"error":{"message":"Insufficient Balance"}})",
     fc::quota_exhausted},
    {provider::openrouter, 403, R"({"error":{"code":403,"message":"flagged"}})",
     fc::content_policy},
    {provider::openrouter, 403,
     R"({"error":{"code":403,"message":"Key limit exceeded (total limit)."}})",
     fc::quota_exhausted},
    {provider::moonshot, 403,
     R"({"error":{"message":"You've reached your usage limit for this )"
     R"(billing cycle"}})",
     fc::quota_exhausted},
    {provider::moonshot, 403,
     R"({"error":{"message":"Kimi For Coding is only available for Coding )"
     R"(Agents"}})",
     fc::client_restricted},
    {provider::siliconflow, 403,
     R"({"code":30001,"message":"Sorry, your account balance is insufficient",)"
     R"("data":null})",
     fc::quota_exhausted},
    {provider::gemini, 429,
     R"({"error":{"code":429,"message":"You exceeded your current quota",)"
     R"("status":"RESOURCE_EXHAUSTED"}})",
     fc::rate_limited},
    {provider::gemini, 402,
     R"({"error":{"code":402,"message":"x","status":"RESOURCE_EXHAUSTED"}})",
     fc::quota_exhausted},
    {provider::anthropic, 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":)"
     R"("You have reached your specified API usage limits. You will regain )"
     R"(access on 2026-12-01 at 00:00 UTC."}})",
     fc::quota_exhausted},
    {provider::openai, 302, "", fc::upstream_error},
    // Of a proxy before it, or between its own servers.
    {provider::openai, 407, "", fc::upstream_error},
    {provider::openai, 425, "", fc::upstream_error},
    {provider::openai, 426, "", fc::upstream_error},
    {provider::openai, 418, "teapot", fc::client_error},
    {provider::openai, 422, R"({"detail":"x"})", fc::client_error},
    {provider::openai, 501, "", fc::client_error},
    {provider::openai, 599, "", fc::upstream_error},
    {provider::openai, 0, "", fc::upstream_error},
  };
  for (const auto& x : rows) {
    INFO(x.body);
    const auto said = judge(x.who, x.status, x.body);
    INFO(said.reason);
    CHECK(said.cls == x.cls);
  }
}

TEST_CASE("the reason names the rule and nothing that is private",
          "[failure]") {
  const auto x = judge(
    provider::openai, 401,
    R"({"error":{"message":"Incorrect API key provided: sk-secret",)"
    R"("code":"invalid_api_key"}})");
  CHECK(x.reason == "HTTP 401, invalid_api_key (rule openai_key)");
  CHECK(judge(provider::openai, 400,
              R"({"error":{"message":"m","code":"my prompt was"}})")
          .reason
        == "HTTP 400 (rule caller_fault)");
}

TEST_CASE("a user's rule comes before the built-in ones of its step",
          "[failure]") {
  auto rules = parse_failure_rules(R"(rules:
- {name: mine, providers: [openai], statuses: [429], class: overloaded,
   scope: pool, cooldown: 90s}
- {name: words, text: 'the (.+) costs \$(\d+\.\d+)', class: low_balance,
   needed_group: 2}
)");
  REQUIRE(rules.faults.empty());
  auto more = parse_failure_rules(built_in_failure_rules()).rules;
  rules.rules.insert(rules.rules.end(), more.begin(), more.end());
  const failure_rules both{std::move(rules.rules)};
  const auto of = [&](provider who, const char* message) {
    return both.judge(who, surface::openai_chat,
                      answer_of(429, nlohmann::json{{"error",
                                                     {{"message", message}}}}
                                       .dump()),
                      noon);
  };
  auto x = of(provider::openai, "slow");
  CHECK(x.cls == failure_class::overloaded);
  CHECK(x.scope == failure_scope::pool);
  CHECK(x.cooldown == 90s);
  CHECK(of(provider::deepseek, "slow").cls == failure_class::rate_limited);
  // Texts come before statuses, whoever wrote them.
  x = of(provider::openai, "The Thing costs $3.25 now");
  CHECK(x.cls == failure_class::low_balance);
  CHECK(x.needed == money{3'250'000'000});
}

TEST_CASE("a rule with a broken pattern is named", "[failure]") {
  failure_rule x;
  x.name = "broken-one";
  x.text = "(";
  std::vector<failure_rule> rules{x};
  CHECK_THROWS_WITH(failure_rules{rules}, ContainsSubstring("broken-one"));
}

TEST_CASE("long messages and pages do no harm", "[failure]") {
  const std::string long_text(5'000'000, 'a');
  const auto body = R"({"error":{"message":")" + long_text + R"("}})";
  CHECK(judge(provider::openai, 400, body).cls == failure_class::client_error);
  CHECK(judge(provider::new_api, 500, long_text).cls
        == failure_class::upstream_error);
  CHECK(judge(provider::openai, 500, std::string(1'000'000, '[')).cls
        == failure_class::upstream_error);
}
