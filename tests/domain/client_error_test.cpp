#include "actors/domain/client_error.hpp"

#include "messages/ec.hpp"
#include "messages/failure.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;

namespace {

constexpr timestamp now{1'000'000};

std::string header(const client_answer& x, const std::string& name) {
  const auto i = std::find_if(x.headers.begin(), x.headers.end(),
                              [&](auto& y) { return y.first == name; });
  return i == x.headers.end() ? "absent" : i->second;
}

client_answer answer(const std::string& code, int64_t wait_ms,
                     surface route = surface::openai_chat) {
  item_result x;
  x.state = item_state::failed;
  x.error_code = code;
  x.model = "m";
  x.retry_at = now + milliseconds{wait_ms};
  return answer_for(route, x, now);
}

client_answer hopeless(const std::string& code) {
  return answer(code, -now.millis); // Never.
}

const std::vector<std::string> codes_of_the_pool{
  to_string(ec::at_limit),
  to_string(ec::cooling),
  to_string(ec::queue_full),
  to_string(ec::insufficient_funds),
  to_string(ec::ejected),
  to_string(ec::no_account),
  to_string(ec::deadline_passed),
  to_string(failure_class::rate_limited),
  to_string(failure_class::quota_exhausted),
  to_string(failure_class::overloaded),
  to_string(failure_class::upstream_error),
  to_string(failure_class::auth_invalid),
};

} // namespace

TEST_CASE("a refusal says when the pool is back, in whole seconds, up") {
  for (const auto& code : codes_of_the_pool) {
    CAPTURE(code);
    const auto at = [&](int64_t wait_ms) {
      return header(answer(code, wait_ms), "retry-after");
    };
    CHECK(at(1) == "1");
    CHECK(at(1'000) == "1");
    CHECK(at(1'001) == "2");
    CHECK(at(90'000) == "90");
    CHECK(header(answer(code, 1'001), "retry-after-ms") == "1001");
    // An account may be free at any moment: nobody knows when.
    CHECK(at(0) == "absent");
    CHECK(at(-1) == "absent");
    CHECK(header(hopeless(code), "retry-after") == "absent");
    CHECK(header(hopeless(code), "retry-after-ms") == "absent");
  }
}

TEST_CASE("a library is to try again if it waits for long enough") {
  for (const auto& code : codes_of_the_pool) {
    CAPTURE(code);
    const auto retry = [](const client_answer& x) {
      return header(x, "x-should-retry");
    };
    CHECK(retry(answer(code, 0)) == "true");
    CHECK(retry(answer(code, 60'000)) == "true");
    CHECK(retry(answer(code, 60'001)) == "false");
    CHECK(retry(hopeless(code)) == "false");
  }
}

TEST_CASE("what no wait helps says so") {
  for (const auto& code :
       {to_string(ec::no_such_model), to_string(failure_class::client_error)}) {
    item_result x;
    x.state = item_state::failed;
    x.error_code = code;
    x.status = 400;
    x.body = "{}";
    x.retry_at = now + milliseconds{5'000};
    const auto said = answer_for(surface::openai_chat, x, now);
    CHECK(header(said, "x-should-retry") == "false");
    CHECK(header(said, "retry-after") == "absent");
  }
}

TEST_CASE("statuses are the protocol's own") {
  CHECK(answer("overloaded", 0).status == 503);
  CHECK(answer("overloaded", 0, surface::anthropic_messages).status == 529);
  CHECK(answer("cooling", 0).status == 429);
  CHECK(answer("insufficient_funds", 0).status == 429);
  CHECK(answer("deadline_passed", 0).status == 504);
  CHECK(answer("upstream_error", 0).status == 502);
  CHECK(answer("auth_invalid", 0).status == 503);
  CHECK(answer("no_such_model", 0).status == 404);
}

TEST_CASE("no refusal names the provider or what it said") {
  const std::string secret = "http://relay.test:8080, balance 0.02, account x";
  for (const auto& code : codes_of_the_pool)
    for (const auto status : {0, 200, 402, 502})
      for (const auto route :
           {surface::openai_chat, surface::anthropic_messages,
            surface::gemini_generate}) {
        CAPTURE(code, status);
        item_result x;
        x.state = item_state::failed;
        x.error_code = code;
        x.error_text = x.account = x.body = secret;
        x.model = "m";
        x.status = status;
        const auto said = answer_for(route, x, now);
        CHECK(said.body.find("relay") == std::string::npos);
        CHECK(said.body.find("balance 0") == std::string::npos);
        for (const auto& [name, value] : said.headers)
          CHECK(value.find("relay") == std::string::npos);
      }
}

TEST_CASE("a failure of providers says what befell the last try") {
  const auto said = [](failure_class code, int status) {
    item_result x;
    x.state = item_state::failed;
    x.error_code = to_string(code);
    x.status = status;
    const auto body = answer_for(surface::openai_chat, x, now).body;
    const auto begin = body.find("this: ") + 6;
    return body.substr(begin, body.find('"', begin) - begin);
  };
  using enum failure_class;
  CHECK(said(upstream_error, 0)
        == "the provider could not be reached or broke off before it "
           "answered.");
  CHECK(said(upstream_error, 200)
        == "the provider's answer broke off or was none.");
  CHECK(said(upstream_error, 503)
        == "the provider answered with HTTP 503.");
  CHECK(said(stream_broken, 200) == "the provider's stream broke off.");
}

TEST_CASE("a stranger is told what its key lacks", "[client]") {
  const auto said = [](bool showed, std::string_view authorization) {
    return words_for_stranger(showed, authorization).sentence;
  };
  CHECK_THAT(said(false, ""), StartsWith("No API key was given"));
  CHECK_THAT(said(false, "Bearer"), StartsWith("No API key was given"));
  CHECK_THAT(said(false, "sk-1"), ContainsSubstring("lacks the word Bearer"));
  CHECK_THAT(said(true, "sk-1"), StartsWith("This API key is not known"));
}

TEST_CASE("a stream that breaks ends in its protocol's own form", "[client]") {
  const auto end = [](surface route, bool in_list = false) {
    return broken_stream_event(route, in_list, "It \"broke\".");
  };
  using enum surface;
  CHECK(end(openai_chat)
        == R"(data: {"error":{"message":"It \"broke\".","type":)"
           R"("server_error","param":null,"code":"upstream_error"}})"
           "\n\n");
  CHECK(end(anthropic_messages)
        == "event: error\n"
           R"(data: {"type":"error","error":{"type":"api_error",)"
           R"("message":"It \"broke\"."}})"
           "\n\n");
  // One that is fetched later has the form of the first.
  CHECK(end(openai_responses)
        == "event: error\n"
           R"(data: {"type":"error","code":"upstream_error",)"
           R"("message":"It \"broke\".","param":null})"
           "\n\n");
  CHECK(end(openai_stored) == end(openai_responses));
  const std::string google = R"({"error":{"code":502,"message":)"
                             R"("It \"broke\".","status":"INTERNAL"}})";
  CHECK(end(gemini_generate) == "data: " + google + "\n\n");
  CHECK(end(gemini_generate, true) == ",\r\n" + google + "]");
}
