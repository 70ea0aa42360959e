// The API's other surfaces: clients -> rotad -> rota-sim over real HTTP.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/sink.hpp"

using namespace rota;

namespace {

// As rota's own table has them.
const std::string vendors = R"(
style: openai
requests_kept: 50
prices:
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
  text-embedding-3-small: {input: 0.02}
  gemini-embedding-001: {input: 0.15}
  claude-sonnet-4-5: {input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6}
  gpt-image-1: {input: 5, output: 0, media_input: 10, media_output: 40}
  tts-1: {input: 0, character: 0.000015}
  whisper-1: {input: 0, second: 0.0001}
  gpt-4o-transcribe: {input: 2.5, media_input: 6, output: 10}
  rerank-v3.5: {input: 0, search: 0.002}
  jina-reranker-v2-base-multilingual: {input: 0.018}
  omni-moderation-latest: {input: 0}
  house-model: {input: 0, image: 0.05, search: 0.05}
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.00}
)";

/// Two accounts, the richer of which is asked first.
std::string pool(const std::string& kind_a, const std::string& kind_b) {
  return "accounts:\n  - {name: a, provider: " + kind_a
         + ", base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}\n"
           "  - {name: b, provider: "
         + kind_b
         + ", base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}}\n";
}

const std::string form_type
  = "Content-Type: multipart/form-data; boundary=\"x y\"\r\n";

/// A form with a file of so many bytes.
std::string form(const std::vector<std::pair<std::string, std::string>>& fields,
                 const std::string& file_field, size_t file_bytes) {
  std::string result;
  for (const auto& [name, value] : fields)
    result += "--x y\r\nContent-Disposition: form-data; name=\"" + name
              + "\"\r\n\r\n" + value + "\r\n";
  return result + "--x y\r\nContent-Disposition: form-data; name=\""
         + file_field + "\"; filename=\"a.bin\"\r\n\r\n"
         + std::string(file_bytes, '\x9c') + "\r\n--x y--\r\n";
}

struct call_case {
  std::string path;
  std::string body;
  std::string type = "Content-Type: application/json\r\n";
  std::string answers_with; ///< Something that its answer holds.
};

const std::vector<call_case> openai_calls{
  {"/v1/completions", R"({"model":"gpt-5-mini","prompt":"hi","max_tokens":9})",
   "", "\"text_completion\""},
  {"/v1/embeddings", R"({"model":"text-embedding-3-small","input":["a","b"]})",
   "", "\"embedding\""},
  {"/v1/moderations", R"({"input":"hello"})", "", "\"flagged\":false"},
  {"/v1/moderations", R"({"model":"omni-moderation-latest","input":"x"})", "",
   "\"flagged\":false"},
  {"/v1/images/generations",
   R"({"model":"gpt-image-1","prompt":"a cat","n":2})", "", "\"b64_json\""},
  {"/v1/images/generations",
   R"({"model":"gpt-image-1","prompt":"a cat","stream":true})", "",
   "image_generation.completed"},
  {"/v1/images/generations", R"({"model":"house-model","prompt":"cat","n":3})",
   "", "\"b64_json\""}, // Unknown to rota: routing.unpriced_call.
  {"/v1/images/edits",
   form({{"model", "gpt-image-1"}, {"prompt", "a hat"}}, "image", 900),
   form_type, "\"b64_json\""},
  {"/v1/audio/speech",
   R"({"model":"tts-1","voice":"alloy","input":"Hello, wörld."})", "", "ID3"},
  {"/v1/audio/transcriptions", form({{"model", "whisper-1"}}, "file", 70'000),
   form_type, "\"duration\""},
  {"/v1/audio/transcriptions",
   form({{"model", "whisper-1"}, {"response_format", "verbose_json"}}, "file",
        70'000),
   form_type, "\"segments\""},
  {"/v1/audio/transcriptions",
   form({{"model", "gpt-4o-transcribe"}}, "file", 70'000), form_type,
   "\"audio_tokens\""},
  {"/v1/audio/translations",
   form({{"stream", "true"}, {"model", "gpt-4o-transcribe"}}, "file", 70'000),
   form_type, "transcript.text.done"},
};

} // namespace

TEST_CASE("other surfaces are served and booked", "[e2e][surfaces]") {
  stage on{vendors};
  SECTION("OpenAI's") {
    on.start(pool("openai", "openai"));
    for (const auto& x : openai_calls) {
      const auto y = request(on.api_port(), "POST", x.path, x.body, x.type);
      INFO(x.path << ": " << y.head << y.body.substr(0, 400));
      CHECK(y.status == 200);
      CHECK_THAT(y.body, ContainsSubstring(x.answers_with));
    }
    check_books(on);
    CHECK(on.books()["total_charged"].get<std::string>() > "0.3");
  }
  SECTION("reranks, by search, by token, and of a model without a price") {
    on.start(pool("new_api", "siliconflow"));
    for (const auto* model :
         {"rerank-v3.5", "jina-reranker-v2-base-multilingual", "house-model"}) {
      json body{{"model", model}, {"query", "q"}, {"documents", json::array()}};
      for (int i = 0; i < 150; ++i)
        body["documents"].push_back("document " + std::to_string(i));
      const auto y = request(on.api_port(), "POST", "/v1/rerank", body.dump());
      INFO(y.head << y.body.substr(0, 300));
      CHECK(y.parsed()["results"].size() == 150);
    }
    check_books(on);
  }
  SECTION("Gemini's embeddings") {
    on.start(pool("gemini", "gemini"));
    const std::string model = "/v1beta/models/gemini-embedding-001:";
    const std::string one = R"({"content":{"parts":[{"text":"hello"}]}})";
    CHECK(request(on.api_port(), "POST", model + "embedContent", one)
            .parsed()["embedding"]["values"]
            .size()
          == 8);
    CHECK(request(on.api_port(), "POST", model + "batchEmbedContents",
                  "{\"requests\":[" + one + "," + one + "]}")
            .parsed()["embeddings"]
            .size()
          == 2);
    check_books(on);
  }
}

TEST_CASE("a recording may come back as text", "[e2e][surfaces]") {
  stage on{vendors};
  on.start(pool("openai", "openai"));
  const auto format
    = GENERATE(as<std::string>{}, "text", "srt", "vtt");
  const auto x = request(
    on.api_port(), "POST", "/v1/audio/transcriptions",
    form({{"model", "whisper-1"}, {"response_format", format}}, "file", 70'000),
    form_type);
  CHECK(x.status == 200);
  CHECK_THAT(x.header("content-type"), StartsWith("text/plain"));
  // The provider hears three seconds; who is told none assumes 18.
  wait_until("it is settled",
             [&] { return on.ask({"account", "a"})["in_flight"] == 0; });
  CHECK(usd(on.books()["total_charged"]) == money{300'000});
  CHECK(usd(on.ask({"account", "a"})["spent"]) == money{1'750'000});
}

TEST_CASE("a fault within a 200 moves a call on", "[e2e][surfaces]") {
  stage on{vendors};
  on.start(pool("openai", "openai"));
  const auto fault = GENERATE(
    as<std::string>{}, R"({"error":{"message":"no","code":"server_error"}})",
    R"({"success":false,"message":"no"})", "<html>busy</html>", "");
  on.sim_post("/sim/script",
              "script:\n  - {match: {account: a}, action: {status: 200, body: '"
                + fault + "'}}\n");
  for (const auto& x : openai_calls) {
    on.rota({"account", "a", "ready"}); // Whatever the last one did to it.
    const auto y = request(on.api_port(), "POST", x.path, x.body, x.type);
    INFO(fault << " at " << x.path << ": " << y.head << y.body.substr(0, 400));
    CHECK(y.status == 200);
    CHECK_THAT(y.body, ContainsSubstring(x.answers_with));
  }
  CHECK(usd(on.ask({"account", "a"})["spent"]) == money{});
}

TEST_CASE("accounts are asked for what their provider speaks only",
          "[e2e][surfaces]") {
  stage on{vendors};
  on.start(pool("anthropic", "deepseek"));
  const auto port = on.api_port();
  for (const auto& x : openai_calls) {
    const auto y = request(port, "POST", x.path, x.body, x.type);
    INFO(x.path << ": " << y.head << y.body);
    if (x.path == "/v1/completions") { // DeepSeek's, under another path.
      continue;
    }
    CHECK(y.status == 404);
    CHECK(y.parsed()["error"]["code"] == "model_not_found");
    CHECK_THAT(y.body, ContainsSubstring("on this route (openai_"));
  }
  const auto y = request(port, "POST", "/v1beta/models/m:embedContent",
                         R"({"content":{"parts":[{"text":"a"}]}})");
  CHECK(y.status == 404);
  CHECK(y.parsed()["error"]["status"] == "NOT_FOUND");
  CHECK(request(port, "POST", "/v1/rerank", R"({"model":"m","documents":[]})")
          .status
        == 404);
  const auto all = on.books("/sim/calls");
  for (const auto& x : all["calls"])
    CHECK(x["path"] == "/beta/completions");
}

TEST_CASE("tokens are counted for nothing", "[e2e][surfaces]") {
  stage on{vendors};
  const std::string body
    = R"({"model":"claude-sonnet-4-5","messages":[)"
      R"({"role":"user","content":"Hello, how are you today?"}]})";
  const std::string google
    = R"({"contents":[{"parts":[{"text":"Hello, how are you?"}]}]})";
  const std::string path = "/v1/messages/count_tokens";
  const std::string google_path = "/v1beta/models/gpt-5-mini:countTokens";
  const auto count = [&](const std::string& at, const std::string& x) {
    const auto y = request(on.api_port(), "POST", at, x);
    INFO(y.head << y.body);
    REQUIRE(y.status == 200);
    const auto z = y.parsed();
    return (z.contains("totalTokens") ? z["totalTokens"] : z["input_tokens"])
      .get<int>();
  };
  SECTION("by an account that can") {
    on.start(pool("sub2api", "new_api"));
    CHECK(count(path, body) == 8); // The simulator's way: bytes / 4.
    CHECK(count(google_path, google) == 5);
    CHECK(on.books("/sim/calls")["total"] == 2);
  }
  SECTION("by estimate where no account can") {
    on.start(pool("openai", "new_api"));
    CHECK(count(path, body) > 10);
    CHECK(on.books("/sim/calls")["total"] == 0);
  }
  SECTION("by estimate where accounts turn out not to") {
    on.start(pool("sub2api", "new_api"));
    on.sim_post("/sim/script", "script:\n  - {match: {path: /v1*}, action: "
                               "{status: 404}}\n");
    CHECK(count(path, body) > 10);
    CHECK(count(google_path, google) > 7);
    // That says nothing about the model.
    on.sim_post("/sim/script", "script: []");
    const auto x = request(on.api_port(), "POST", "/v1/messages",
                           "{\"max_tokens\":9," + body.substr(1));
    CHECK(x.status == 200);
    CHECK(on.ask({"account", "a"})["calls"] == 1);
    return;
  }
  SECTION("a faulty request is the caller's") {
    on.start(pool("anthropic", "new_api"));
    const auto x = request(on.api_port(), "POST", path,
                           R"({"model":"claude-sonnet-4-5"})");
    CHECK(x.status == 400);
  }
  for (const auto& x : on.ask({"accounts"})) {
    CHECK(x["calls"] == 0);
    CHECK(usd(x["held"]) == money{});
    CHECK(x["in_flight"] == 0);
  }
}

TEST_CASE("headers and bodies travel byte for byte", "[e2e][surfaces]") {
  stage on{vendors};
  on.start("api: {ask_for_usage: false}\n" + pool("openai", "openai"));
  const auto send = [&](const std::string& target, const std::string& headers,
                        const std::string& framed) {
    raw_client client{on.api_port()};
    client.send("POST " + target + " HTTP/1.1\r\nHost: mine\r\n" + headers
                + "\r\n" + framed);
    const auto said = client.receive_all();
    INFO(said);
    CHECK_THAT(said, StartsWith("HTTP/1.1 200 "));
    return on.books("/sim/requests")["requests"].back();
  };
  const auto hex = [](const std::string& x) {
    std::string result;
    for (const auto c : x) {
      char digits[3];
      std::snprintf(digits, sizeof(digits), "%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      result += digits;
    }
    return result;
  };
  const std::string mine
    = "X-Odd-CASE: 1\r\nx-twice: one\r\nX-Twice: two\r\nAnthropic-Beta: a,b\r\n"
      "user-agent: my/1 (x; y)\r\nX-Empty: \r\nx-unheard-of: \"q\"; p=1\r\n";
  const header_list expected{
    {"X-Odd-CASE", "1"},           {"x-twice", "one"},
    {"X-Twice", "two"},            {"Anthropic-Beta", "a,b"},
    {"user-agent", "my/1 (x; y)"}, {"X-Empty", ""},
    {"x-unheard-of", "\"q\"; p=1"}};
  const auto check = [&](const json& got, const std::string& type) {
    header_list theirs;
    for (const auto& x : got["headers"]) {
      const auto name = x[0].get<std::string>();
      if (name != "Host" && name != "authorization" && name != "Content-Length"
          && name != "accept-encoding" && name != "x-request-id")
        theirs.emplace_back(name, x[1].get<std::string>());
    }
    auto all = expected;
    all.emplace_back("Content-Type", type);
    CAPTURE(got["headers"].dump()); // Their order stays, too.
    CHECK(theirs == all);
    CHECK_THAT(got.dump(), ContainsSubstring("\"Bearer key-a\""));
    CHECK_THAT(got.dump(), !ContainsSubstring("secret"));
  };
  const auto own = mine
                   + "Authorization: Bearer secret\r\nX-Api-Key: secret\r\n"
                     "Connection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
                     "Keep-Alive: 5\r\nCookie: secret=1\r\n";
  SECTION("JSON with blanks, odd order and bytes, in chunks") {
    const std::string body
      = "{ \"messages\" :\t[ {\"role\":\"user\",\"content\":\"\xc3\xa4\\u00e4"
        "\"}],\r\n \"model\": \"gpt-5-mini\" , \"x\":1.0e0,\"x\":2 }\n";
    std::string chunks;
    for (size_t i = 0; i < body.size(); i += 7) {
      const auto piece = body.substr(i, 7);
      chunks += std::to_string(piece.size()) + ";ext=1\r\n" + piece + "\r\n";
    }
    const auto got = send("/v1/chat/completions?b=2&key=secret&a=%7E1",
                          own
                            + "Content-Type: application/json\r\n"
                              "Transfer-Encoding: chunked\r\n",
                          chunks + "0\r\n\r\n");
    CHECK(got["target"] == "/v1/chat/completions?b=2&a=%7E1");
    CHECK(got["body"] == hex(body));
    check(got, "application/json");
  }
  SECTION("a form with every byte") {
    std::string file;
    for (int i = 0; i < 256; ++i)
      file += static_cast<char>(i);
    const auto body
      = "--B\r\ncontent-disposition: form-data; filename=\"m; name=x\";"
        " name=\"file\"\r\n\r\n"
        + file
        + "\r\n--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
          "whisper-1\r\n--B--\r\n";
    const std::string type = "multipart/form-data; charset=x; boundary=B";
    const auto got = send("/v1/audio/transcriptions",
                          own + "Content-Type: " + type
                            + "\r\nContent-Length: "
                            + std::to_string(body.size()) + "\r\n",
                          body);
    CHECK(got["body"] == hex(body));
    check(got, type);
  }
}

TEST_CASE("a model that no site has is refused, and is no alarm", "[e2e]") {
  stage on{vendors};
  on.start(pool("openai", "openai"));
  const auto port = on.api_port();
  const auto ask_for = [port](const std::string& model) {
    return request(port, "POST", "/v1/chat/completions",
                   R"({"model":")" + model
                     + R"(","max_tokens":9,"messages":[]})");
  };
  // The first asks both accounts; the next ones know.
  for (int i = 0; i < 3; ++i) {
    const auto x = ask_for("no-such-model");
    CHECK(x.status == 404);
    CHECK(x.parsed()["error"]["code"] == "model_not_found");
    CHECK(x.header("x-should-retry") == "false");
  }
  CHECK(ask_for("gpt-5-mini").status == 200);
  CHECK(on.ask({"status"})["pool"]["refused"] == 0);
}
