#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <algorithm>
#include <map>

using namespace rota;
using namespace std::chrono_literals;

namespace {

provider provider_named(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name == "any" ? provider::openai : parse_provider(name).value();
}

upstream_outcome golden_answer(const nlohmann::json& row) {
  auto x = answer_of(row.at("status"), golden_body(row.at("file")));
  for (const auto& [name, value] : row.at("headers").items())
    x.headers.emplace_back(name, value.get<std::string>());
  return x;
}

/// What the index's words about time mean, where there are any.
std::optional<std::pair<milliseconds, milliseconds>>
window_of(const nlohmann::json& row) {
  const auto hint = row.value("cooldown_hint", nlohmann::json{});
  const auto exactly = [](milliseconds x) { return std::pair{x, x}; };
  const std::map<std::string, std::pair<milliseconds, milliseconds>> windows{
    // Reset of what is used up: 120 ms; in the text: 630 ms; at least 1 s.
    {"max(retry-after, reset header, \"try again in\")", exactly(1s)},
    {"until month end or manual", exactly(next_month(noon) - noon)},
    {"first of next month 00:00 UTC", exactly(next_month(noon) - noon)},
    {"44 s", exactly(44s)},
    {"20 s", exactly(20s)},
    {"until unified-reset (unix seconds)", exactly(5h)},
    {"34 s (RetryInfo)", exactly(34s)},
    {"next midnight America/Los_Angeles; ignore retryDelay", exactly(20h)},
    {"5-10 min", {5min, 10min}},
    {"120 s + jitter", exactly(2min)}, // The jitter is the caller's.
    {"60 s", exactly(1min)},
    {"60 s then operator hint", exactly(1min)},
    {"5 s", exactly(5s)},
  };
  if (hint.is_null() || hint == "until window reset from /v1/usage")
    return std::nullopt; // Nothing that the answer itself says.
  return windows.at(hint.get<std::string>());
}

} // namespace

TEST_CASE("every golden error is judged as it should be", "[failure]") {
  size_t count = 0;
  for (const auto& row : golden_rows("errors")) {
    const auto file = row.at("file").get<std::string>();
    INFO(file);
    ++count;
    const auto route = file.find("anthropic") != std::string::npos
                           || file.find("claude") != std::string::npos
                         ? surface::anthropic_messages
                       : file.find("gemini") != std::string::npos
                         ? surface::gemini_generate
                         : surface::openai_chat;
    const auto x = judge(provider_named(row.at("provider")), route,
                         golden_answer(row));
    INFO(x.reason);
    CHECK(to_string(x.cls) == row.at("cls").get<std::string>());
    CHECK(x.failover == row.at("failover").get<bool>());
    CHECK(to_string(x.action) == row.at("account").get<std::string>());
    CHECK(to_string(x.scope) == row.at("scope").get<std::string>());
    if (const auto window = window_of(row)) {
      REQUIRE(x.cooldown);
      CHECK(*x.cooldown >= window->first);
      CHECK(*x.cooldown <= window->second);
    }
    const auto status = row.at("status").get<int>();
    // A relay gives back what it took when its own supplier fails.
    const auto own = x.reason.find("relay_channel") == std::string::npos;
    const auto failed = status >= 500 && own
                        && x.cls == failure_class::upstream_error;
    CHECK(x.charged
          == (status == 504 || status == 524 ? charge::perhaps
              : failed                       ? charge::hardly
                                             : charge::no));
    CHECK_FALSE(x.reason.empty());
  }
  CHECK(count == 66);
}

TEST_CASE("golden streams that failed are failures", "[failure]") {
  const auto stream = [](provider who, surface route, const char* file) {
    return judge(who, route, answer_of(200, golden_body(file),
                                       {{"content-type", "text/event-stream"}}));
  };
  auto x = stream(provider::openai, surface::openai_responses,
                  "openai/responses_stream_failed.sse");
  CHECK(x.cls == failure_class::rate_limited);
  CHECK(x.cooldown == 1'400ms);
  CHECK(x.failover);
  CHECK(x.charged == charge::no);
  x = stream(provider::openai, surface::openai_responses,
             "openai/responses_stream_error_event.sse");
  CHECK(x.cls == failure_class::upstream_error);
  CHECK(x.failover);
  for (const auto* file : {"openai/chat_stream_error_midway.sse",
                           "openai/chat_stream_truncated.sse"}) {
    INFO(file);
    x = stream(provider::openai, surface::openai_chat, file);
    CHECK(x.cls == failure_class::stream_broken);
    CHECK_FALSE(x.failover);
    CHECK(x.charged == charge::perhaps);
  }
  x = stream(provider::anthropic, surface::anthropic_messages,
             "anthropic/messages_stream_error_midway.sse");
  CHECK(x.cls == failure_class::stream_broken);
  CHECK(x.charged == charge::perhaps);
}

TEST_CASE("every golden answer is a success", "[failure]") {
  size_t count = 0;
  for (const auto& row : golden_rows("usage")) {
    const auto file = row.at("file").get<std::string>();
    if (file.find("error") != std::string::npos
        || file.find("failed") != std::string::npos
        || file.find("truncated") != std::string::npos)
      continue;
    INFO(file);
    ++count;
    const auto x = judge(provider::new_api, golden_surface(row.at("protocol")),
                         answer_of(200, golden_body(file)));
    CHECK(x.cls == failure_class::none);
    CHECK(x.charged == charge::yes);
    CHECK(x.action == account_action::none);
  }
  CHECK(count == 15);
}
