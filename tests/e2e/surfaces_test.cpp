// What clients can ask for besides text: pictures, sound, rankings, vectors,
// counts, and responses that an account keeps.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"

using namespace rota;

namespace {

const std::string sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 30.00, style: openai}
prices: {default: {input: 0.25, output: 2.00}}
)";

/// Two relays, and a vendor that counts tokens.
const std::string pool = R"(
routing: {strategy: round_robin}
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)";

const std::string vendor = R"(
  - {name: c, provider: anthropic, base_url: SIM, api_key: env:KEY_C, balance: {initial: 30.00}}
)";

const std::string form_type = "Content-Type: multipart/form-data; "
                              "boundary=mark\r\n";

std::string form(const std::string& model, const std::string& file) {
  return "--mark\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
         + model
         + "\r\n--mark\r\nContent-Disposition: form-data; name=\"file\"; "
           "filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n"
         + file + "\r\n--mark--\r\n";
}

json account(stage& on, const std::string& name) {
  return on.ask({"account", name});
}

/// Waits until nothing is held any more.
void settle(stage& on) {
  wait_until("all calls are settled", [&on] {
    for (const auto& x : on.ask({"accounts"}))
      if (x["in_flight"] != 0)
        return false;
    return true;
  });
}

uint64_t calls(stage& on) {
  return on.books()["calls"];
}

} // namespace

TEST_CASE("pictures, sound and rankings come through as they are",
          "[e2e][proxy]") {
  stage on{sim_file};
  on.start(pool);
  const auto port = on.api_port();
  SECTION("pictures") {
    const auto x = request(port, "POST", "/v1/images/generations",
                           R"({"model":"gpt-image-1","prompt":"a cat","n":2})");
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.parsed()["data"].size() == 2);
  }
  SECTION("pictures whose request names no model") {
    const auto x = request(port, "POST", "/v1/images/generations",
                           R"({"model":"dall-e-2","prompt":"a cat"})");
    CHECK(x.status == 200);
  }
  SECTION("sound, which is no JSON") {
    const auto x = request(port, "POST", "/v1/audio/speech",
                           R"({"model":"tts-1","input":"hello","voice":"a"})");
    CHECK(x.status == 200);
    CHECK(x.header("content-type") == "audio/mpeg");
    CHECK(x.body.size() == 2'051);
    CHECK(x.body.starts_with("ID3"));
  }
  SECTION("a form with a file of any bytes") {
    std::string sound;
    for (int i = 0; i < 4'096; ++i)
      sound += static_cast<char>(i * 7 % 256);
    const auto x = request(port, "POST", "/v1/audio/transcriptions",
                           form("whisper-1", sound), form_type);
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.parsed()["text"].get<std::string>().size() > 10);
  }
  SECTION("a form that is none") {
    const auto x = request(port, "POST", "/v1/audio/transcriptions",
                           "model=whisper-1", form_type);
    CHECK(x.status == 400);
    CHECK_THAT(x.body, ContainsSubstring("is not the form"));
    CHECK(calls(on) == 0);
  }
  SECTION("rankings") {
    const auto x = request(port, "POST", "/v1/rerank",
                           R"({"model":"bge","query":"q","documents":["a",)"
                           R"("b","c"]})");
    CHECK(x.status == 200);
    CHECK(x.parsed()["results"].size() == 3);
  }
  SECTION("Gemini's vectors") {
    const auto model = std::string{"/v1beta/models/gemini-embedding-001:"};
    const auto x = request(port, "POST", model + "embedContent",
                           R"({"content":{"parts":[{"text":"hello"}]}})");
    CHECK(x.parsed()["embedding"]["values"].size() == 8);
    const auto y
      = request(port, "POST", model + "batchEmbedContents",
                R"({"requests":[{"content":{"parts":[{"text":"a"}]}},)"
                R"({"content":{"parts":[{"text":"b"}]}}]})");
    CHECK(y.parsed()["embeddings"].size() == 2);
  }
  settle(on);
  for (const auto& x : on.ask({"accounts"})) {
    CHECK(x["held"] == "0.000000000");
    CHECK(x["in_doubt"] == 0);
    CHECK(x["failures"] == 0);
  }
}

TEST_CASE("tokens are counted by who can, else by us", "[e2e][proxy]") {
  stage on{sim_file};
  const std::string body
    = R"({"model":"m","messages":[{"role":"user","content":"hello there"}]})";
  const auto count = [&](const std::string& more = {}) {
    return request(on.api_port(), "POST", "/v1/messages/count_tokens" + more,
                   body, "anthropic-version: 2023-06-01\r\n");
  };
  SECTION("an account has it") {
    on.start(pool + vendor);
    const auto x = count("?beta=true");
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.parsed()["input_tokens"] == 4);
    CHECK(calls(on) == 1);
    settle(on);
    CHECK(account(on, "c")["spent"] == "0.000000000");
  }
  SECTION("none has it") {
    on.start(pool);
    const auto x = count();
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.parsed()["input_tokens"].get<int>() >= 3);
    CHECK(x.parsed().size() == 1);
    CHECK(calls(on) == 0);
  }
  SECTION("who has it lacks it after all") {
    on.start(pool + vendor);
    on.sim_post("/sim/script", R"([{"path":"/v1/messages/count_tokens",)"
                               R"("do":{"status":404}}])");
    const auto x = count();
    CHECK(x.status == 200);
    CHECK(x.parsed()["input_tokens"].get<int>() >= 3);
    settle(on);
    // That says nothing about the account.
    CHECK(account(on, "c")["failures"] == 0);
    CHECK(account(on, "c")["health"] == "healthy");
  }
  SECTION("Gemini's") {
    on.start(pool);
    const auto x = request(on.api_port(), "POST",
                           "/v1beta/models/gemini-2.5-flash:countTokens",
                           R"({"contents":[{"parts":[{"text":"hello"}]}]})");
    CHECK(x.parsed()["totalTokens"] == 2);
    settle(on);
    for (const auto& one : on.ask({"accounts"}))
      CHECK(one["spent"] == "0.000000000");
  }
}

TEST_CASE("a response is asked for where it was made", "[e2e][proxy]") {
  stage on{sim_file};
  on.start(pool);
  const auto port = on.api_port();
  const auto create = [&](int i) { // Each another conversation.
    const auto x = request(port, "POST", "/v1/responses",
                           R"({"model":"gpt-5-mini","input":"hello )"
                             + std::to_string(i) + "\"}");
    INFO(x.head << x.body);
    REQUIRE(x.status == 200);
    return x.parsed();
  };
  std::vector<json> made;
  for (int i = 0; i < 4; ++i)
    made.push_back(create(i));
  // They are spread over both accounts, and each is found.
  settle(on);
  CHECK(account(on, "a")["calls"] == 2);
  CHECK(account(on, "b")["calls"] == 2);
  const auto spent = on.ask({"status"})["money"];
  for (const auto& x : made) {
    const auto path = "/v1/responses/" + x["id"].get<std::string>();
    const auto read = request(port, "GET", path + "?include=usage");
    INFO(read.head << read.body);
    CHECK(read.status == 200);
    CHECK(read.parsed() == x);
    CHECK(request(port, "POST", path + "/cancel").status == 200);
    CHECK(request(port, "GET", path + "/input_items").status == 200);
    CHECK(request(port, "DELETE", path).parsed()["deleted"] == true);
    // Its provider says so, in its own words.
    const auto again = request(port, "GET", path);
    CHECK(again.status == 404);
    CHECK_THAT(again.body, ContainsSubstring("not found"));
    CHECK(request(port, "PUT", path).status == 405);
  }
  settle(on);
  CHECK(on.ask({"status"})["money"] == spent);
  const auto before = calls(on);
  const auto x = request(port, "GET", "/v1/responses/resp_unknown");
  CHECK(x.status == 404);
  CHECK(x.parsed()["error"]["code"] == "not_found");
  CHECK(x.header("x-should-retry") == "false");
  CHECK(calls(on) == before);
  for (const auto& one : on.ask({"accounts"})) {
    CHECK(one["health"] == "healthy");
    CHECK(one["failures"] == 0);
  }
}

TEST_CASE("a response goes on where it was made, streamed ones too",
          "[e2e][proxy]") {
  stage on{sim_file};
  on.start(pool);
  const auto port = on.api_port();
  const auto x = request(port, "POST", "/v1/responses",
                         R"({"model":"m","stream":true,"input":"hello"})");
  const auto at = x.body.find("resp_");
  REQUIRE(at != std::string::npos);
  const auto id = x.body.substr(at, x.body.find('"', at) - at);
  settle(on);
  const auto first = account(on, "a")["calls"] == 1 ? "a" : "b";
  for (int i = 0; i < 3; ++i)
    CHECK(request(port, "POST", "/v1/responses",
                  R"({"model":"m","input":"and","previous_response_id":")" + id
                    + "\"}")
            .status
          == 200);
  settle(on);
  CHECK(account(on, first)["calls"] == 4);
  // What nobody remembers may be anybody's.
  CHECK(request(port, "POST", "/v1/responses",
                R"({"model":"m","input":"x","previous_response_id":"resp_0"})")
          .status
        == 200);
}

TEST_CASE("a response is nobody else's", "[e2e][proxy]") {
  stage on{sim_file};
  on.environment["ALICE"] = "alice-0123456789abcdef";
  on.environment["BOB"] = "bob-0123456789abcdefgh";
  on.start(pool + R"(clients:
  - {name: alice, tokens: [env:ALICE]}
  - {name: bob, tokens: [env:BOB]}
)");
  const auto port = on.api_port();
  const auto as = [&on](const std::string& who) {
    return "Authorization: Bearer " + on.environment[who] + "\r\n";
  };
  const auto x = request(port, "POST", "/v1/responses",
                         R"({"model":"m","input":"hello"})", as("ALICE"));
  REQUIRE(x.status == 200);
  const auto path = "/v1/responses/" + x.parsed()["id"].get<std::string>();
  CHECK(request(port, "GET", path, {}, as("BOB")).status == 404);
  CHECK(request(port, "DELETE", path, {}, as("BOB")).status == 404);
  CHECK(request(port, "GET", path, {}, as("ALICE")).status == 200);
  CHECK(request(port, "GET", path).status == 401);
}

TEST_CASE("nobody is asked for what his provider lacks", "[e2e][proxy]") {
  stage on{sim_file};
  on.start("accounts:" + vendor);
  const auto port = on.api_port();
  for (const auto* path : {"/v1/images/generations", "/v1/rerank",
                           "/v1/audio/speech", "/v1/embeddings"}) {
    INFO(path);
    const auto x = request(port, "POST", path,
                           R"({"model":"m","prompt":"p","input":"i",)"
                           R"("documents":["d"],"query":"q"})");
    CHECK(x.status == 404);
    CHECK(x.parsed()["error"]["code"] == "model_not_found");
  }
  CHECK(calls(on) == 0);
}

TEST_CASE("a WebSocket is told to come by HTTP", "[e2e][proxy]") {
  stage on{sim_file};
  on.start(pool);
  const auto x = request(on.api_port(), "GET", "/v1/responses", {},
                         "Upgrade: websocket\r\n"
                         "OpenAI-Beta: responses_websockets=2026-02-06\r\n");
  CHECK(x.status == 426);
  CHECK(x.parsed()["error"]["code"] == "upgrade_required");
}
