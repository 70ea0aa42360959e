// Batch files of bare request bodies, and lines that were left out.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

using namespace rota;

namespace {

const std::string sim = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

const std::string pool = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, models: [gpt-5-mini]}
  - {name: b, provider: anthropic, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}, models: [claude-sonnet-4-5]}
  - {name: c, provider: gemini, base_url: SIM, api_key: env:KEY_C, balance: {initial: 30.00}, models: [gemini-2.5-flash]}
)";

const std::string openai
  = R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"hi"}]})"
    "\n";
const std::string anthropic
  = R"({"model":"claude-sonnet-4-5","max_tokens":50,"messages":[)"
    R"({"role":"user","content":"hi"}]})"
    "\n";
const std::string gemini
  = R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})"
    "\n";

struct outcome {
  run_result said;
  std::vector<json> good;
  std::vector<json> errors;
};

/// Submits a file and waits for its end.
outcome run(stage& on, const std::string& text,
            std::vector<std::string> more = {}) {
  write_file(on.dir / "in", text);
  more.insert(more.begin(), {"submit", on.dir / "in", "--model",
                             "gemini-2.5-flash", "--wait", "-o",
                             on.dir / "out", "--errors", on.dir / "err"});
  outcome result;
  result.said = on.rota(more);
  for (const auto& line : lines_of(read_file(on.dir / "out")))
    result.good.push_back(json::parse(line));
  for (const auto& line : lines_of(read_file(on.dir / "err")))
    result.errors.push_back(json::parse(line));
  return result;
}

void check_openai(json x, const std::string& name) {
  INFO(x.dump());
  CHECK(x["id"].get<std::string>().starts_with("batch_req_"));
  CHECK(x["custom_id"] == name);
  CHECK(x["response"]["status_code"] == 200);
  CHECK(x["response"]["body"]["object"] == "chat.completion");
  CHECK(x["error"].is_null());
}

void check_anthropic(json x, const std::string& name) {
  INFO(x.dump());
  CHECK(x["custom_id"] == name);
  CHECK(x["result"]["type"] == "succeeded");
  CHECK(x["result"]["message"]["type"] == "message");
  CHECK(x.size() == 2);
}

void check_gemini(json x, const std::string& name) {
  INFO(x.dump());
  CHECK(x["key"] == name);
  CHECK(x["response"]["candidates"].size() == 1);
  CHECK(x.size() == 2);
}

} // namespace

TEST_CASE("bare bodies come back in the family of each", "[e2e][batch]") {
  stage on{sim};
  on.start(pool);
  SECTION("OpenAI's") {
    const auto x = run(on, openai + "\n" + openai);
    INFO(x.said.err);
    CHECK(x.said.code == 0);
    REQUIRE(x.good.size() == 2);
    check_openai(x.good[0], "line-1");
    check_openai(x.good[1], "line-3");
  }
  SECTION("Anthropic's") {
    const auto x = run(on, anthropic + anthropic);
    INFO(x.said.err);
    CHECK(x.said.code == 0);
    REQUIRE(x.good.size() == 2);
    check_anthropic(x.good[0], "line-1");
    check_anthropic(x.good[1], "line-2");
  }
  SECTION("Gemini's") {
    const auto x = run(on, gemini + gemini);
    INFO(x.said.err);
    CHECK(x.said.code == 0);
    REQUIRE(x.good.size() == 2);
    check_gemini(x.good[0], "line-1");
    check_gemini(x.good[1], "line-2");
  }
  SECTION("all of them in one file that is longer than a block of lines") {
    std::string text;
    for (int i = 0; i < 150; ++i)
      text += gemini + openai + anthropic;
    const auto x = run(on, text);
    INFO(x.said.err);
    CHECK(x.said.code == 0);
    REQUIRE(x.good.size() == 450);
    for (size_t i = 0; i < x.good.size(); ++i) {
      const auto name = "line-" + std::to_string(i + 1);
      (i % 3 == 0 ? check_gemini
                  : i % 3 == 1 ? check_openai : check_anthropic)(x.good[i],
                                                                 name);
    }
  }
  for (const auto& x : on.ask({"accounts"}))
    CHECK(x["in_flight"] == 0);
}

TEST_CASE("errors of bare bodies are the error file's, in the family of each",
          "[e2e][batch]") {
  stage on{sim + "script:\n  - {match: {}, action: {status: 400}}\n"};
  on.start(pool);
  auto x = run(on, openai + anthropic + gemini + "{}\n",
               {"--skip-invalid"});
  INFO(x.said.err);
  CHECK(x.said.code == 1);
  CHECK(x.good.empty());
  REQUIRE(x.errors.size() == 4);
  // What was not let in stands first, in the family that bare lines have where
  // nothing tells theirs.
  CHECK(x.errors[0]["error"]["code"] == "missing_required_parameter");
  CHECK(x.errors[1]["custom_id"] == "line-1");
  CHECK(x.errors[1]["response"]["status_code"] == 400);
  CHECK(x.errors[2]["custom_id"] == "line-2");
  CHECK(x.errors[2]["result"]["type"] == "errored");
  CHECK(x.errors[2]["result"]["error"]["type"] == "error");
  CHECK(x.errors[3]["key"] == "line-3");
  CHECK(x.errors[3]["error"]["message"].is_string());
}

TEST_CASE("lines that were left out are counted", "[e2e][batch]") {
  stage on{sim};
  on.start(pool);
  const auto chat = chat_lines(2);
  const auto first = chat.substr(0, chat.find('\n') + 1);
  write_file(on.dir / "in", chat + "{}\n" + first + "no JSON\n");
  const auto submit = [&on](std::vector<std::string> more) {
    more.insert(more.begin(), {"submit", on.dir / "in", "--skip-invalid"});
    return on.rota(more);
  };
  // What was submitted says it to people,
  const auto said = submit({});
  CHECK(said.code == 0);
  CHECK_THAT(said.err, ContainsSubstring("3 lines left out"));
  CHECK_THAT(said.out, ContainsSubstring("batch_1 runs 2 lines"));
  // and to programs, waiting or not.
  auto accepted = json::parse(submit({"--json"}).out);
  CHECK(accepted["total"] == 2);
  CHECK(accepted["skipped"] == 3);
  auto waited = json::parse(submit({"--json", "--wait"}).out);
  CHECK(waited["total"] == 2);
  CHECK(waited["succeeded"] == 2);
  CHECK(waited["failed"] == 0);
  CHECK(waited["skipped"] == 3);
  CHECK_THAT(submit({"--wait"}).out, ContainsSubstring("3 lines left out"));
  // So does the batch, as long as there is one.
  for (const auto restarted : {false, true}) {
    if (restarted) {
      CHECK(on.stop() == 0);
      on.restart();
    }
    CHECK(on.finish("batch_1")["skipped"] == 3);
    CHECK_THAT(on.rota({"batch", "batch_1"}).out,
               ContainsSubstring("left out   3 lines"));
    for (auto& x : on.ask({"batches"}))
      CHECK(x["skipped"] == 3);
  }
  write_file(on.dir / "in", chat);
  CHECK(on.ask({"submit", on.dir / "in"})["skipped"] == 0);
  CHECK(on.rota({"batch", "batch_5"}).out.find("left out")
        == std::string::npos);
}
