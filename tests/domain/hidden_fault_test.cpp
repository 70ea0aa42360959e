// Faults that come behind content: what tells of an account's key or money
// reaches no caller, everything else as it came.

#include "actors/domain/stream_gate.hpp"
#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;

namespace {

struct fault_case {
  provider who;
  surface route;
  const char* event;
  bool is_private;
};

const fault_case samples[] = {
  {provider::openai, openai_chat,
   R"({"error":{"message":"insufficient balance: $0.03","type":)"
   R"("server_error","code":"server_error"}})",
   true},
  {provider::openai, openai_chat,
   R"({"error":{"message":"no","code":"invalid_api_key"}})", true},
  {provider::openrouter, openai_chat,
   R"({"error":{"code":402,"message":"x"},"choices":[{"delta":{"content":""},)"
   R"("finish_reason":"error"}]})",
   true},
  {provider::siliconflow, openai_chat,
   R"({"code":30001,"message":"Sorry, your account balance is insufficient"})",
   true},
  {provider::new_api, openai_chat,
   R"({"error":{"message":"You exceeded your current quota","code":)"
   R"("insufficient_quota"}})",
   true}, // A supplier's.
  {provider::anthropic, anthropic_messages,
   R"({"type":"error","error":{"type":"authentication_error","message":"x"}})",
   true},
  {provider::openai, openai_responses,
   R"({"type":"response.failed","response":{"error":{"code":)"
   R"("insufficient_quota","message":"x"}}})",
   true},
  {provider::openai, openai_responses,
   R"({"type":"error","code":"insufficient_quota","message":"x"})", true},
  {provider::openai, openai_stored,
   R"({"type":"error","code":"insufficient_quota","message":"x"})", true},
  {provider::gemini, gemini_generate,
   R"({"error":{"code":401,"message":"x","status":"UNAUTHENTICATED"}})", true},
  {provider::openai, openai_chat,
   R"({"error":{"message":"boom","type":"server_error","code":)"
   R"("server_error"}})",
   false},
  {provider::openai, openai_chat,
   R"({"error":{"message":"x","code":"content_filter"}})", false},
  {provider::openrouter, openai_chat,
   R"({"error":{"code":403,"message":"flagged"}})", false},
  {provider::anthropic, anthropic_messages,
   R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})",
   false},
  {provider::openai, openai_responses,
   R"({"type":"response.failed","response":{"error":{"code":"server_error",)"
   R"("message":"x"}}})",
   false},
};

const failure_rules& built_in() {
  static const failure_rules rules{
    parse_failure_rules(built_in_failure_rules()).rules};
  return rules;
}

std::string content_of(surface route) {
  switch (route) {
    case anthropic_messages:
      return R"({"type":"content_block_delta","delta":{"text":"hi"}})";
    case openai_responses:
    case openai_stored:
      return R"({"type":"response.output_text.delta","delta":"hi"})";
    case gemini_generate:
      return R"({"candidates":[{"content":{"parts":[{"text":"hi"}]}}]})";
    default:
      return R"({"choices":[{"delta":{"content":"hi"}}]})";
  }
}

} // namespace

TEST_CASE("faults of an account's key or money are private", "[failure]") {
  for (const auto& x : samples) {
    INFO(x.event);
    CHECK(built_in().is_private(x.who, x.route, x.event) == x.is_private);
  }
  // What the model says is none.
  CHECK_FALSE(built_in().is_private(
    provider::openai, openai_chat,
    R"({"choices":[{"delta":{"content":"insufficient balance"}}]})"));
  CHECK_FALSE(built_in().is_private(provider::openai, openai_chat, "{"));
}

TEST_CASE("a private fault passes no gate, however it is cut",
          "[stream_gate]") {
  const auto swallow = GENERATE(false, true);
  const auto step = GENERATE(size_t{1}, 7, 1'000'000);
  const std::string end = GENERATE("\n\n", "\r\n\r\n", "");
  for (const auto& x : samples) {
    const auto content = "data: " + content_of(x.route) + "\n\n";
    auto body = content + ": ping\n\nevent: error\ndata: " + x.event + end;
    if (!end.empty())
      body += "data: [DONE]\n\n";
    INFO(body);
    stream_gate gate{x.route, 65'536, swallow};
    gate.hide([&](std::string_view event) {
      return built_in().is_private(x.who, x.route, event);
    });
    std::string passed;
    for (size_t i = 0; i < body.size(); i += step)
      passed += gate.feed(std::string_view{body}.substr(i, step));
    passed += gate.finish();
    CHECK(gate.fault());
    CHECK(gate.is_cut() == x.is_private);
    if (x.is_private)
      CHECK(passed == content + ": ping\n\n");
    else if (!swallow)
      CHECK(passed == body);
  }
}

TEST_CASE("a private fault before content is held for judgement",
          "[stream_gate]") {
  stream_gate gate{openai_chat, 65'536, false};
  gate.hide([](std::string_view) { return true; });
  const std::string body = "data: {\"error\":{\"code\":402}}\n\n";
  CHECK(gate.feed(body).empty());
  CHECK(gate.finish().empty());
  CHECK_FALSE(gate.is_cut());
  CHECK(gate.take_held() == body);
}
