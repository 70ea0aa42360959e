#include "actors/domain/batch_plan.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <nlohmann/json.hpp>
#include <set>

using namespace rota;
using nlohmann::json;

namespace {

const std::string folder = ROTA_TEST_DATA "/wire/batch/";

item_result answered(int status, std::string body) {
  item_result x;
  x.id = {{17}, 42};
  x.custom_id = "req-001";
  x.line = 43;
  x.state = status == 200 ? item_state::succeeded : item_state::failed;
  x.status = status;
  x.request_id = "req_abc";
  x.body = std::move(body);
  return x;
}

item_result unanswered(std::string code, std::string text) {
  auto x = answered(0, "");
  x.request_id.clear();
  x.error_code = std::move(code);
  x.error_text = std::move(text);
  return x;
}

/// Reads a result back; it must be one line of JSON.
json read(batch_format format, const item_result& x) {
  const auto text = format_result(format, x);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  return json::parse(text);
}

std::set<std::string> keys(const json& x) {
  std::set<std::string> result;
  for (const auto& [key, _] : x.items())
    result.insert(key);
  return result;
}

/// Whether two results have the same members of the same types, bodies and
/// error objects of providers aside.
void check_shape(const json& x, const json& golden) {
  CAPTURE(x.dump(), golden.dump());
  CHECK(keys(x) == keys(golden));
  for (const auto& [key, value] : golden.items()) {
    CHECK(x.at(key).type() == value.type());
    if (value.is_object() && key != "body" && key != "message")
      check_shape(x.at(key), value);
  }
}

std::vector<json> golden(const std::string& name) {
  std::vector<json> result;
  for (const auto& x : lines_of(read_text(folder + name)))
    result.push_back(json::parse(x));
  return result;
}

const std::string pretty = "{\r\n  \"id\": \"x\",\n  \"n\": 1.50\n}\n";

} // namespace

TEST_CASE("a success is a line of OpenAI's output file") {
  const auto format = GENERATE(batch_format::openai, batch_format::bare);
  for (const auto& want : golden("openai_output.jsonl")) {
    auto x = answered(200, want["response"]["body"].dump());
    x.custom_id = want["custom_id"];
    x.request_id = want["response"]["request_id"];
    const auto got = read(format, x);
    check_shape(got, want);
    CHECK(got["id"] == "batch_req_17_43");
    CHECK(got["custom_id"] == want["custom_id"]);
    CHECK(got["response"] == want["response"]);
    CHECK(got["error"].is_null());
    CHECK_FALSE(is_error_line(format, x));
  }
}

TEST_CASE("what a bare request comes to is written as its protocol has it") {
  const auto family = [](surface route) {
    return family_of(batch_format::bare, route);
  };
  CHECK(family(surface::openai_chat) == batch_format::openai);
  CHECK(family(surface::openai_responses) == batch_format::openai);
  CHECK(family(surface::openai_embeddings) == batch_format::openai);
  CHECK(family(surface::anthropic_messages) == batch_format::anthropic);
  CHECK(family(surface::gemini_generate) == batch_format::gemini);
  // Other files have one family, whatever the url of a line.
  for (const auto own : {batch_format::openai, batch_format::anthropic,
                         batch_format::gemini})
    for (const auto route : {surface::openai_chat, surface::anthropic_messages,
                             surface::gemini_generate})
      CHECK(family_of(own, route) == own);
}

TEST_CASE("a failure is a line of OpenAI's error file") {
  const auto want = golden("openai_error.jsonl");
  REQUIRE(want.size() == 2);
  const auto refused = answered(400, want[0]["response"]["body"].dump());
  auto got = read(batch_format::openai, refused);
  check_shape(got, want[0]);
  CHECK(got["response"]["status_code"] == 400);
  CHECK(got["response"]["body"] == want[0]["response"]["body"]);
  CHECK(is_error_line(batch_format::openai, refused));
  CHECK(is_error_line(batch_format::bare, refused));
  CHECK_FALSE(is_error_line(batch_format::anthropic, refused));
  CHECK_FALSE(is_error_line(batch_format::gemini, refused));

  const auto expired = unanswered(want[1]["error"]["code"],
                                  want[1]["error"]["message"]);
  got = read(batch_format::openai, expired);
  check_shape(got, want[1]);
  CHECK(got["error"] == want[1]["error"]);
  CHECK(is_error_line(batch_format::openai, expired));
}

TEST_CASE("a body keeps its bytes but for line ends") {
  const auto x = answered(200, pretty);
  CHECK_THAT(format_result(batch_format::openai, x),
             ContainsSubstring("{    \"id\": \"x\",   \"n\": 1.50 }"));
  CHECK_THAT(format_result(batch_format::anthropic, x),
             ContainsSubstring("{    \"id\": \"x\",   \"n\": 1.50 }"));
  CHECK_THAT(format_result(batch_format::gemini, x),
             ContainsSubstring("{    \"id\": \"x\",   \"n\": 1.50 }"));
}

TEST_CASE("names are escaped") {
  const auto format = GENERATE(batch_format::openai, batch_format::anthropic,
                               batch_format::gemini, batch_format::bare);
  const auto member = format == batch_format::gemini ? "key" : "custom_id";
  auto x = answered(200, "{}");
  x.custom_id = "a\"b\\c\n\x01 \u00e9";
  CHECK(read(format, x).at(member) == x.custom_id);
  x.custom_id = "a\xff";
  CHECK(read(format, x).at(member) == "a\ufffd");
  x.custom_id = "";
  CHECK(read(format, x).at(member).is_null());
}

TEST_CASE("a page in place of JSON becomes an error object") {
  const auto page = "<html>\n" + std::string(498, '"') + "\u00e9\u00e9";
  const auto x = answered(502, page);
  // The limit of 500 bytes cuts before the character that crosses it.
  const auto head = page.substr(0, 500);
  const auto openai = read(batch_format::openai, x);
  CHECK(openai["error"].is_null());
  CHECK(openai["response"]["status_code"] == 502);
  CHECK(openai["response"]["body"]["error"]["message"] == head);
  CHECK(openai["response"]["body"]["error"]["code"] == "upstream_error");
  const auto anthropic = read(batch_format::anthropic, x);
  CHECK(anthropic["result"]["type"] == "errored");
  CHECK(anthropic["result"]["error"]["error"]["message"] == head);
  const auto gemini = read(batch_format::gemini, x);
  CHECK(gemini["error"]["message"] == head);
  CHECK(gemini["error"]["code"] == 502);
  // Cut inside of a character, the whole character goes.
  const auto odd = answered(502, std::string(499, 'x') + "\u00e9");
  CHECK(read(batch_format::openai, odd)["response"]["body"]["error"]["message"]
        == std::string(499, 'x'));
  // Bytes that are no UTF-8 at all do no harm.
  const auto raw = answered(502, "\xff\xfe" + std::string(600, '\x80'));
  CHECK(read(batch_format::openai, raw)["response"]["status_code"] == 502);
}

TEST_CASE("what is no answer is an error, whatever its status") {
  auto x = answered(200, "<html>\n<p>Welcome</p></html>");
  x.state = item_state::failed;
  x.error_code = "upstream_error";
  x.error_text = "HTTP 200 with a web page instead of JSON";
  const std::string sentence
    = "The provider answered HTTP 200 with a web page instead of JSON.";
  const auto openai = read(batch_format::openai, x)["response"];
  CHECK(openai["status_code"] == 502);
  CHECK(openai["body"]["error"]["message"] == sentence);
  const auto anthropic = read(batch_format::anthropic, x)["result"];
  CHECK(anthropic["error"]["error"]["message"] == sentence);
  const auto gemini = read(batch_format::gemini, x)["error"];
  CHECK(gemini["code"] == 502);
  CHECK(gemini["message"] == sentence);
  // A text may say what is wrong.
  x.body = "no such route";
  x.error_text = "HTTP 200 with a body that is no JSON";
  CHECK(read(batch_format::openai, x)["response"]["body"]["error"]["message"]
        == "The provider answered HTTP 200 with a body that is no JSON: no such"
           " route");
  // An error that says so stays as it is; other JSON is none.
  x.body = R"({"error":{"message":"no"}})";
  CHECK(read(batch_format::openai, x)["response"]["status_code"] == 502);
  CHECK(read(batch_format::openai, x)["response"]["body"]
        == json::parse(x.body));
  x.body = R"({"id":"x"})";
  CHECK(read(batch_format::openai, x)["response"]["body"].contains("error"));
}

TEST_CASE("an empty answer is told by its code") {
  auto x = unanswered("rate_limited", "The provider refused with 429.");
  x.status = 429;
  const auto got = read(batch_format::openai, x);
  CHECK(got["response"].is_null());
  CHECK(got["error"]["code"] == "rate_limited");
  CHECK(got["error"]["message"] == "The provider refused with 429.");
  // Without a word there is still one.
  const auto mute = read(batch_format::openai, unanswered("", ""));
  CHECK(mute["error"]["code"] == "upstream_error");
  CHECK(mute["error"]["message"] == "The provider gave no answer.");
}

TEST_CASE("what was cancelled says so") {
  auto x = unanswered("", "");
  x.state = item_state::cancelled;
  const auto got = read(batch_format::openai, x);
  CHECK(got["response"].is_null());
  CHECK(got["error"]["code"] == "batch_cancelled");
  CHECK(is_error_line(batch_format::openai, x));
  const auto gemini = read(batch_format::gemini, x);
  CHECK(gemini["error"]["status"] == "CANCELLED");
}

TEST_CASE("results of an Anthropic batch have Anthropic's shape") {
  const auto want = golden("anthropic_batch_results.jsonl");
  REQUIRE(want.size() == 4);
  const auto name = [&](size_t i, item_result x) {
    x.custom_id = want[i]["custom_id"];
    return read(batch_format::anthropic, x);
  };
  CHECK(name(0, answered(200, want[0]["result"]["message"].dump())) == want[0]);
  CHECK(name(1, answered(400, want[1]["result"]["error"].dump())) == want[1]);
  auto cancelled = unanswered("", "");
  cancelled.state = item_state::cancelled;
  CHECK(name(2, cancelled) == want[2]);
  CHECK(name(3, unanswered("deadline_passed", "Too late.")) == want[3]);
  CHECK(name(3, unanswered("batch_expired", "Too late.")) == want[3]);
}

TEST_CASE("a relay's error is wrapped into Anthropic's") {
  const auto x = answered(
    503, R"({"error":{"message":"busy","type":"new_api_error","code":"c"}})");
  const auto error = read(batch_format::anthropic, x)["result"]["error"];
  CHECK(error["type"] == "error");
  CHECK(error["error"]["type"] == "new_api_error");
  CHECK(error["error"]["message"] == "busy");
  CHECK(error["request_id"] == "req_abc");
  const auto odd = answered(500, R"({"error":"plain"})");
  const auto plain = read(batch_format::anthropic, odd)["result"]["error"];
  CHECK(plain["error"]["type"] == "api_error");
  CHECK(plain["error"]["message"] == R"({"error":"plain"})");
  const auto none = unanswered("insufficient_funds", "No account has enough.");
  const auto mute = read(batch_format::anthropic, none)["result"]["error"];
  CHECK(mute["error"]["type"] == "insufficient_funds");
  CHECK(mute["error"]["message"] == "No account has enough.");
  CHECK(mute["request_id"].is_null());
}

TEST_CASE("results of a Gemini batch have Gemini's shape") {
  const auto good = read(batch_format::gemini,
                         answered(200, R"({"candidates":[]})"));
  CHECK(good == json{{"key", "req-001"}, {"response", {{"candidates",
                                                        json::array()}}}});
  const auto bad = read(
    batch_format::gemini,
    answered(429, R"({"error":{"code":429,"message":"slow","status":"R"}})"));
  CHECK(bad == json{{"key", "req-001"}, {"error", {{"code", 429},
                                                   {"message", "slow"},
                                                   {"status", "R"}}}});
  auto empty = unanswered("rate_limited", "Slow down.");
  empty.status = 429;
  CHECK(read(batch_format::gemini, empty)["error"]
        == json{{"code", 429}, {"message", "Slow down."},
                {"status", "RESOURCE_EXHAUSTED"}});
}

TEST_CASE("Google's error has a code even where no answer came") {
  item_result x;
  x.state = item_state::failed;
  x.error_code = "invalid_json_line";
  const auto refused = read(batch_format::gemini, x)["error"];
  CHECK(refused["code"] == 400);
  CHECK(refused["status"] == "INVALID_ARGUMENT");
  x.attempts = 1;
  const auto silent = read(batch_format::gemini, x)["error"];
  CHECK(silent["code"] == 503);
  CHECK(silent["status"] == "UNAVAILABLE");
  x.state = item_state::cancelled;
  CHECK(read(batch_format::gemini, x)["error"]["code"] == 499);
}

TEST_CASE("nothing of an answer that was paid for is lost") {
  const std::string odd[] = {
    R"({"text": "cut \ud83d off"})", R"({"n": )", "data: {\"a\": 1}\n\n"};
  for (const auto& body : odd) {
    INFO(body);
    const auto x = answered(200, body);
    CHECK(read(batch_format::openai, x)["response"]["body"] == body);
    CHECK(read(batch_format::openai, x)["response"]["status_code"] == 200);
    CHECK(read(batch_format::anthropic, x)["result"]
          == json{{"type", "succeeded"}, {"message", body}});
    CHECK(read(batch_format::gemini, x)["response"] == body);
  }
  // What others can read stands as it is.
  const auto marked = answered(200, "\xEF\xBB\xBF{\"a\": 1}");
  CHECK(read(batch_format::openai, marked)["response"]["body"]
        == json{{"a", 1}});
  const auto exact = answered(200, R"({"a": 1234567890123456789012345678901})");
  CHECK_THAT(format_result(batch_format::openai, exact),
             ContainsSubstring(R"({"a": 1234567890123456789012345678901})"));
}
