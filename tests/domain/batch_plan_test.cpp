#include "actors/domain/batch_plan.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>

using namespace rota;

namespace {

line_result plan(batch_format format, std::string_view line,
                 const batch_options& chosen = {}) {
  return plan_line(format, line, 7, chosen, {});
}

std::string code(batch_format format, std::string_view line) {
  const auto x = plan(format, line);
  CHECK(x.plan.has_value() == x.fault.code.empty());
  if (!x.plan) {
    CHECK(x.fault.line == 0);
    CHECK(x.fault.text.size() > 20);
    CHECK(x.fault.text.ends_with('.'));
  }
  return x.fault.code;
}

/// An OpenAI line with these members.
std::string line(const std::string& members) {
  return "{\"custom_id\":\"a\",\"method\":\"POST\"," + members + "}";
}

const std::string chat = "\"url\":\"/v1/chat/completions\"";

const std::string good_body
  = R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"x"}]})";

} // namespace

TEST_CASE("a line's request is kept byte for byte") {
  const auto text
    = line(chat + ", \"body\" :  { \"model\" : \"m\",\t\"temperature\": 1e0, "
                  "\"messages\" :[ \"{}\\\"}\" ]  }  ,\"x\":1");
  const auto x = plan(batch_format::openai, text);
  REQUIRE(x.plan);
  CHECK(x.plan->body
        == "{ \"model\" : \"m\",\t\"temperature\": 1e0, \"messages\" :[ "
           "\"{}\\\"}\" ]  }");
  CHECK(x.plan->body.data() > text.data());
  CHECK(x.plan->body.data() + x.plan->body.size()
        < text.data() + text.size());
  CHECK(x.plan->custom_id == "a");
  CHECK(x.plan->model == "m");
  CHECK(x.plan->route == surface::openai_chat);
}

TEST_CASE("a line may lie at the very end of its memory") {
  // Parsers read ahead; a line has no room behind it to read in.
  const auto text = line(chat + ",\"body\":" + good_body);
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  const auto x
    = plan(batch_format::openai, {exact.get(), text.size()});
  REQUIRE(x.plan);
  CHECK(x.plan->body == good_body);
}

TEST_CASE("every route that is served may be a url") {
  for (const auto& [url, route] :
       {std::pair{"/v1/chat/completions", surface::openai_chat},
        {"/v1/completions", surface::openai_completions},
        {"/v1/responses", surface::openai_responses},
        {"/v1/embeddings", surface::openai_embeddings},
        {"/v1/moderations", surface::openai_moderations},
        {"/v1/messages", surface::anthropic_messages}}) {
    const auto x = plan(batch_format::openai,
                        line("\"url\":\"" + std::string{url}
                             + "\",\"body\":{\"model\":\"m\"}"));
    REQUIRE(x.plan);
    CHECK(x.plan->route == route);
  }
}

TEST_CASE("tokens are estimated with the line's own maximum or the default") {
  batch_limits limits;
  limits.default_output_tokens = 321;
  const auto tokens = [&](const std::string& body) {
    const auto text = line(chat + ",\"body\":" + body);
    const auto x = plan_line(batch_format::openai, text, 1, {}, limits);
    REQUIRE(x.plan);
    return x.plan->tokens;
  };
  CHECK(tokens(good_body).output == 321);
  CHECK(tokens(good_body).input > 0);
  CHECK(tokens(R"({"model":"m","max_completion_tokens":64,"messages":[]})")
          .output
        == 64);
}

TEST_CASE("faults of OpenAI lines have OpenAI's codes") {
  const auto of = [](const std::string& x) {
    return code(batch_format::openai, x);
  };
  CHECK(of(line(chat + ",\"body\":" + good_body)) == "");
  CHECK(of("not json") == "invalid_json_line");
  CHECK(of("[1]") == "invalid_json_line");
  CHECK(of("17") == "invalid_json_line");
  CHECK(of(line(chat + ",\"body\":" + good_body).substr(0, 80))
        == "invalid_json_line");
  CHECK(of(line(chat + ",\"body\":" + good_body) + "{}")
        == "invalid_json_line");
  CHECK(of(line(chat + ",\"body\":{\"model\":\"m\",\"messages\":[tru]}"))
        == "invalid_json_line"); // Deep inside, where nobody looks.
  CHECK(of("{\"custom_id\":\"\xff\xfe\",\"method\":\"POST\"}")
        == "invalid_json_line");
  CHECK(of(line("\"body\":" + std::string(5'000, '[')
                + std::string(5'000, ']')))
        == "invalid_json_line");
  CHECK(of(line(chat + ",\"custom_id\":\"b\",\"body\":" + good_body))
        == "invalid_json_line"); // Named twice.
  CHECK(of("{\"method\":\"POST\"," + chat + ",\"body\":" + good_body + "}")
        == "missing_required_parameter");
  CHECK(of("{\"custom_id\":\"a\"," + chat + ",\"body\":{}}")
        == "missing_required_parameter"); // No method.
  CHECK(of(line("\"body\":{}")) == "missing_required_parameter");
  CHECK(of(line(chat)) == "missing_required_parameter");
  CHECK(of(line(chat + ",\"body\":\"x\"")) == "missing_required_parameter");
  CHECK(of(line(chat + ",\"body\":{\"messages\":[]}"))
        == "missing_required_parameter"); // No model.
  CHECK(of("{\"custom_id\":\"a\"}") == "missing_required_parameter");
  CHECK(of("{\"custom_id\":\"a\",\"method\":\"GET\"," + chat + "}")
        == "invalid_method");
  CHECK(of("{\"custom_id\":\"a\",\"method\":5," + chat + "}")
        == "invalid_method");
  CHECK(of(line("\"url\":\"/v1/videos\",\"body\":{}")) == "invalid_url");
  CHECK(of(line("\"url\":null,\"body\":{}")) == "invalid_url");
  CHECK(of(line(chat + ",\"body\":{\"model\":\"m\",\"stream\":true}"))
        == "stream_not_supported");
  CHECK(of(line("\"url\":\"/v1/responses\",\"body\":{\"model\":\"m\","
                "\"input\":\"x\",\"background\":true}"))
        == "background_not_supported");
  CHECK(of(line(chat + ",\"body\":{\"model\":\"m\",\"stream\":false}")) == "");
  CHECK(of("{\"custom_id\":5,\"method\":\"POST\"," + chat + "}")
        == "invalid_custom_id");
  CHECK(of("{\"custom_id\":\"\",\"method\":\"POST\"," + chat + "}")
        == "invalid_custom_id");
  CHECK(of("{\"custom_id\":\"" + std::string(513, 'x') + "\",\"method\":\"P\"}")
        == "invalid_custom_id");
}

TEST_CASE("faults say what is wrong and what would be right") {
  const auto text = [](const std::string& x) {
    return plan(batch_format::openai, x).fault.text;
  };
  CHECK(text(line("\"url\":\"/v1/videos\",\"body\":{}"))
        == "The url \"/v1/videos\" is not served here: use one of "
           "/v1/chat/completions /v1/completions /v1/responses "
           "/v1/embeddings /v1/moderations /v1/messages.");
  CHECK(text("{\"custom_id\":\"a\",\"method\":\"GET\"}")
        == "The method is \"GET\": a batch line must have \"POST\".");
  CHECK(text(line("\"body\":{}"))
        == "The line has no \"url\": name the route, such as "
           "\"/v1/chat/completions\".");
  CHECK_THAT(text("nope"), ContainsSubstring("one JSON object on each line"));
}

TEST_CASE("a line may be as long as the limit") {
  auto text = line(chat + ",\"body\":" + good_body);
  batch_limits limits;
  limits.max_line_bytes = text.size();
  CHECK(plan_line(batch_format::openai, text, 1, {}, limits).plan);
  text += ' ';
  const auto x = plan_line(batch_format::openai, text, 1, {}, limits);
  CHECK(x.fault.code == "line_too_long");
  CHECK(x.fault.text
        == "The line has more than " + std::to_string(text.size() - 1)
             + " bytes: shorten it, or raise batch.max_line_bytes.");
}

TEST_CASE("a model for the whole file is for Gemini's requests only") {
  batch_options chosen;
  chosen.model = "m";
  const auto of = [&](const std::string& body) {
    return plan_line(batch_format::bare, body, 1, chosen, {});
  };
  CHECK(of(R"({"contents":[]})").plan.value().model == "m");
  // Those of others are sent as they are, so each names its own.
  CHECK(of(R"({"messages":[]})").fault.text
        == "The line has no \"model\": name it in the request, which is sent"
           " as it is; --model names that of Gemini's lines only.");
}

TEST_CASE("Anthropic lines need what Anthropic needs") {
  const auto of = [](const std::string& name, const std::string& params) {
    return code(batch_format::anthropic, "{\"custom_id\":" + name
                                           + ",\"params\":" + params + "}");
  };
  const std::string good = R"({"model":"claude","max_tokens":9,"messages":[]})";
  CHECK(of("\"req-1_B\"", good) == "");
  CHECK(of('"' + std::string(64, 'x') + '"', good) == "");
  CHECK(of('"' + std::string(65, 'x') + '"', good) == "invalid_custom_id");
  CHECK(of("\"a b\"", good) == "invalid_custom_id");
  CHECK(of("\"\u00e9\"", good) == "invalid_custom_id");
  CHECK(of("\"a\"", "[]") == "missing_required_parameter");
  CHECK(of("\"a\"", R"({"model":"claude"})") == "missing_required_parameter");
  CHECK(of("\"a\"", R"({"max_tokens":9})") == "missing_required_parameter");
  CHECK(of("\"a\"", R"({"model":"c","max_tokens":9,"stream":true})")
        == "stream_not_supported");
  CHECK(code(batch_format::anthropic, "{\"params\":" + good + "}")
        == "missing_required_parameter");
  CHECK(code(batch_format::anthropic, "{\"custom_id\":\"a\"}")
        == "missing_required_parameter");
  const auto text = "{\"custom_id\":\"a\",\"params\":" + good + "}";
  const auto x = plan(batch_format::anthropic, text);
  REQUIRE(x.plan);
  CHECK(x.plan->route == surface::anthropic_messages);
  CHECK(x.plan->model == "claude");
  CHECK(x.plan->body == good);
  CHECK(x.plan->tokens.output == 9);
}

TEST_CASE("Gemini lines take their model from the batch") {
  const auto path = ROTA_TEST_DATA "/wire/batch/gemini_batch_input.jsonl";
  const auto lines = lines_of(read_text(path));
  REQUIRE(lines.size() == 2);
  const auto nameless = plan(batch_format::gemini, lines[0]);
  CHECK(nameless.fault.code == "missing_required_parameter");
  CHECK_THAT(nameless.fault.text, ContainsSubstring("--model NAME"));
  batch_options chosen;
  chosen.model = "gemini-2.5-flash";
  const auto x = plan(batch_format::gemini, lines[0], chosen);
  REQUIRE(x.plan);
  CHECK(x.plan->custom_id == "req-1");
  CHECK(x.plan->route == surface::gemini_generate);
  CHECK(x.plan->model == "gemini-2.5-flash");
  CHECK(x.plan->tokens.output == 64);
  CHECK(x.plan->body.starts_with("{\"contents\""));
  // A line may name its own.
  const auto own = plan(batch_format::gemini,
                        R"({"key":"k","request":{"model":"models/g",)"
                        R"("contents":[]}})");
  REQUIRE(own.plan);
  CHECK(own.plan->model == "g");
  CHECK(code(batch_format::gemini, R"({"request":{"contents":[]}})")
        == "missing_required_parameter");
  CHECK(code(batch_format::gemini, R"({"key":"k","request":{}})")
        == "missing_required_parameter");
  CHECK(code(batch_format::gemini, R"({"key":"k","request":1})")
        == "missing_required_parameter");
}

TEST_CASE("bare requests are named after their line and find their route") {
  batch_options chosen;
  chosen.model = "gemini-2.5-flash";
  for (const auto& [text, route, model] :
       {std::tuple{R"({"model":"gpt-5-mini","messages":[]})",
                   surface::openai_chat, "gpt-5-mini"},
        {R"({"model":"claude-haiku-4-5","max_tokens":5,"messages":[]})",
         surface::anthropic_messages, "claude-haiku-4-5"},
        {R"({"model":"opus","max_tokens":5,"system":"s","messages":[]})",
         surface::anthropic_messages, "opus"},
        {R"({"model":"gpt-5-mini","input":"x"})", surface::openai_responses,
         "gpt-5-mini"},
        {R"({"model":"text-embedding-3-small","input":"x"})",
         surface::openai_embeddings, "text-embedding-3-small"},
        {R"({"model":"omni-moderation-latest","input":"x"})",
         surface::openai_moderations, "omni-moderation-latest"},
        {R"({"contents":[{"parts":[{"text":"x"}]}]})",
         surface::gemini_generate, "gemini-2.5-flash"}}) {
    CAPTURE(text);
    const auto spaced = "  " + std::string{text} + " \r";
    const auto x = plan(batch_format::bare, spaced, chosen);
    REQUIRE(x.plan);
    CHECK(x.plan->custom_id == "line-7");
    CHECK(x.plan->route == route);
    CHECK(x.plan->model == model);
    CHECK(x.plan->body == text);
  }
  CHECK(code(batch_format::bare, "{\"model\":\"m\"}")
        == "missing_required_parameter");
  CHECK(code(batch_format::bare, "{\"messages\":[]}")
        == "missing_required_parameter");
}

TEST_CASE("the first line tells the format") {
  using format = std::optional<batch_format>;
  CHECK(detect_format(line(chat + ",\"body\":{}")) == batch_format::openai);
  CHECK(detect_format(R"({"custom_id":"a","url":"/"})")
        == batch_format::openai);
  CHECK(detect_format(R"({"custom_id":"a","params":{}})")
        == batch_format::anthropic);
  CHECK(detect_format(R"({"key":"a","request":{}})") == batch_format::gemini);
  CHECK(detect_format(R"({"messages":[]})") == batch_format::bare);
  CHECK(detect_format(R"({"input":"x"})") == batch_format::bare);
  CHECK(detect_format(R"({"contents":[]})") == batch_format::bare);
  CHECK(detect_format("\xef\xbb\xbf{\"contents\":[]}") == batch_format::bare);
  CHECK(detect_format(R"({"requests":[]})") == format{});
  CHECK(detect_format("{") == format{});
  CHECK(detect_format("not json") == format{});
}

TEST_CASE("a line in another format than its file is named as such") {
  const std::array lines{
    line(chat + ",\"body\":" + good_body),
    std::string{R"({"custom_id":"a","params":{}})"},
    std::string{R"({"key":"a","request":{}})"},
    std::string{R"({"messages":[]})"},
  };
  for (size_t file = 0; file < lines.size(); ++file)
    for (size_t own = 0; own < lines.size(); ++own)
      if (file != own)
        CHECK(code(static_cast<batch_format>(file), lines[own])
              == "mismatched_format");
}

TEST_CASE("numbers of a line may be of any size") {
  for (const std::string number :
       {"12345678901234567890123", "-12345678901234567890123", "1e400",
        "1.5E+999", "0.1234567890123456789012345"}) {
    INFO(number);
    const auto body = "{\"model\":\"m\",\"messages\":[],\"x\":[" + number
                      + "],\"y\":\"" + number + "\"}";
    const auto text = line(chat + ",\"body\":" + body);
    const auto x = plan(batch_format::openai, text);
    REQUIRE(x.plan);
    CHECK(x.plan->body == body);
  }
  for (const std::string number :
       {"0012345678901234567890", "1234567890123456789.", "--1e400", "1e+"}) {
    INFO(number);
    const auto text = line(chat + ",\"body\":{\"model\":\"m\",\"x\":"
                           + number + "}");
    CHECK_FALSE(plan(batch_format::openai, text).plan);
  }
}
