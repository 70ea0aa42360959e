// The API: clients -> rotad -> rota-sim over real HTTP.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/raw_client.hpp"

#include <set>

using namespace rota;

namespace {

std::string chat(bool stream = false, const std::string& more = {}) {
  return std::string{R"({"model":"gpt-5-mini","max_tokens":40,)"}
         + (stream ? R"("stream":true,)" : "") + more
         + R"("messages":[{"role":"user","content":"hello"}]})";
}

const std::string prices = R"(
prices:
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
  claude-sonnet-4-5: {input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6}
  gemini-2.5-flash: {input: 0.3, output: 2.5, cache_read: 0.03}
  text-embedding-3-small: {input: 0.02}
)";

const std::string two_relays = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.00}
)";

const std::string pool = R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, models: [gpt-5-mini, claude-sonnet-4-5, gemini-2.5-flash, text-embedding-3-small]}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}, models: [gpt-5-mini]}
)";

} // namespace

TEST_CASE("clients of three protocols are served", "[e2e][proxy]") {
  stage on{two_relays + prices};
  on.start(pool);
  const auto port = on.api_port();
  SECTION("OpenAI") {
    const auto x = request(port, "POST", "/v1/chat/completions", chat());
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.parsed()["object"] == "chat.completion");
    const auto y = request(
      port, "POST", "/v1/embeddings",
      R"({"model":"text-embedding-3-small","input":"hello"})");
    CHECK(y.parsed()["object"] == "list");
  }
  SECTION("OpenAI, streamed") {
    const auto x = request(port, "POST", "/v1/chat/completions", chat(true));
    CHECK(x.status == 200);
    CHECK_THAT(x.head, ContainsSubstring("content-type: text/event-stream"));
    CHECK(x.body.ends_with("data: [DONE]\n\n"));
    // It was asked for in the client's stead and taken out again.
    CHECK(x.body.find("\"choices\":[]") == std::string::npos);
    const auto y = request(
      port, "POST", "/v1/chat/completions",
      chat(true, R"("stream_options":{"include_usage":true},)"));
    CHECK_THAT(y.body, ContainsSubstring("\"choices\":[]"));
  }
  SECTION("Anthropic") {
    const std::string body
      = R"({"model":"claude-sonnet-4-5","max_tokens":40,"messages":[)"
        R"({"role":"user","content":"hello"}]})";
    const auto x = request(port, "POST", "/v1/messages?beta=true", body,
                           "anthropic-version: 2023-06-01\r\n");
    CHECK(x.parsed()["type"] == "message");
    const auto y
      = request(port, "POST", "/v1/messages",
                "{\"stream\":true," + body.substr(1), "x-api-key: any\r\n");
    CHECK_THAT(y.body, StartsWith("event: message_start\n"));
    CHECK_THAT(y.body, ContainsSubstring("event: message_stop\n"));
  }
  SECTION("Gemini") {
    const std::string body = R"({"contents":[{"role":"user","parts":[)"
                             R"({"text":"hello"}]}]})";
    const auto path = std::string{"/v1beta/models/gemini-2.5-flash:"};
    const auto x = request(port, "POST", path + "generateContent?key=mine",
                           body);
    CHECK(x.parsed()["candidates"].size() == 1);
    const auto y = request(
      port, "POST", path + "streamGenerateContent?alt=sse", body);
    CHECK_THAT(y.body, ContainsSubstring("\"finishReason\""));
  }
  check_books(on);
}

TEST_CASE("a site that refuses our question for usage is not asked again",
          "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
script:
  - match: {account: a, text: stream_options}
    action: {status: 400, body: '{"error":{"message":"Unrecognized request argument supplied: stream_options","type":"invalid_request_error"}}'}
)"};
  on.start(pool);
  const auto port = on.api_port();
  for (int i = 0; i < 3; ++i) {
    const auto x = request(port, "POST", "/v1/chat/completions", chat(true));
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.body.ends_with("data: [DONE]\n\n"));
  }
  // Only once, and the account is as good as before.
  CHECK(on.books("/sim/calls")["total"] == 4);
  const auto a = on.ask({"account", "a"});
  CHECK(a["calls"] == 4);
  CHECK(a["health"] == "healthy");
  CHECK(usd(a["spent"]) > money{});
  // Whoever asks himself is told.
  const auto mine = request(
    port, "POST", "/v1/chat/completions",
    chat(true, R"("stream_options":{"include_usage":true},)"));
  CHECK(mine.status == 400);
  CHECK_THAT(mine.body, ContainsSubstring("Unrecognized request argument"));
}

TEST_CASE("a bad account is not seen by clients", "[e2e][proxy]") {
  // a is the best by its balance and fails in each way; b serves.
  const auto action = GENERATE(
    as<std::string>{}, "{status: 500}", "{status: 429}", "{status: 401}",
    "{empty: true}", "{reset: before_headers}", "{html: true}",
    "{status: 402}");
  const auto stream = GENERATE(false, true);
  INFO(action << (stream ? ", streamed" : ""));
  stage on{two_relays + prices + "script:\n  - {match: {account: a}, action: "
           + action + "}\n"};
  on.start(pool);
  const auto port = on.api_port();
  for (int i = 0; i < 5; ++i) {
    const auto x = request(port, "POST", "/v1/chat/completions",
                           chat(stream));
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.body.size() > 100);
  }
  CHECK(on.ask({"account", "a"})["failures"].get<int>() > 0);
}

TEST_CASE("a stream that breaks behind its content ends with an error",
          "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
script:
  - {match: {account: a}, action: {truncate: 900}}
)"};
  on.start(pool);
  const auto x = request(on.api_port(), "POST", "/v1/chat/completions",
                         chat(true));
  CHECK(x.status == 200);
  CHECK_THAT(x.body, ContainsSubstring("\"content\""));
  CHECK_THAT(x.body, ContainsSubstring("data: {\"error\":"));
  const auto a = on.ask({"account", "a"});
  CHECK(a["in_doubt"] == 1);
}

TEST_CASE("refusals speak the client's protocol", "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
script:
  - match: {}
    action: {status: 403, content_type: application/json, body: '{"error": {"message": "用户已被封禁"}}'}
)"};
  on.start(pool);
  const auto port = on.api_port();
  const auto a = request(port, "POST", "/v1/chat/completions", chat());
  CHECK(a.status == 503); // Never the 403 of one of our accounts.
  CHECK(a.parsed()["error"]["code"] == "no_account");
  // Only a person helps.
  CHECK_THAT(a.head, ContainsSubstring("x-should-retry: false"));
  CHECK(a.header("retry-after").empty());
  const auto b = request(
    port, "POST", "/v1/messages",
    R"({"model":"nobody-has-this","max_tokens":1,"messages":[]})");
  CHECK(b.status == 404);
  CHECK(b.parsed()["error"]["type"] == "not_found_error");
  CHECK_THAT(b.head, ContainsSubstring("x-should-retry: false"));
  const auto c = request(port, "POST",
                         "/v1beta/models/nope:generateContent", "[]");
  CHECK(c.status == 400);
  CHECK(c.parsed()["error"]["status"] == "INVALID_ARGUMENT");
  CHECK(request(port, "GET", "/v1/chat/completions").status == 405);
  CHECK(request(port, "GET", "/nothing").status == 404);
  CHECK(request(port, "GET", "/v1/responses", "",
                "Upgrade: websocket\r\nConnection: upgrade\r\n")
          .status
        == 426);
}

TEST_CASE("a refusal says when the pool is back", "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
script:
  - {match: {account: a}, action: {status: 429, headers: {retry-after: "90"}}}
  - {match: {account: b}, action: {status: 429, headers: {retry-after: "30"}}}
)"};
  on.start("api: {request_timeout: 2s}\n" + pool);
  const auto port = on.api_port();
  for (int i = 0; i < 2; ++i) {
    const auto x = request(port, "POST", "/v1/chat/completions", chat());
    INFO(x.head << x.body);
    // The first has met the providers, the second no account that may serve.
    CHECK(x.status == (i == 0 ? 503 : 429));
    // b's, lengthened by up to a fifth, rounded up.
    const auto wait = std::stoi("0" + x.header("retry-after"));
    CHECK(wait > 25);
    CHECK(wait <= 36);
    CHECK(x.header("x-should-retry") == "true");
  }
  const auto c = request(
    port, "POST", "/v1/messages",
    R"({"model":"claude-sonnet-4-5","max_tokens":9,"messages":[)"
    R"({"role":"user","content":"hello"}]})");
  CHECK(c.status == 529); // Only a has this model.
  CHECK(std::stoi("0" + c.header("retry-after")) > 60);
  CHECK(c.header("x-should-retry") == "false"); // Longer than SDKs wait.
}

TEST_CASE("a request has its time, and a stream under way the rest",
          "[e2e][proxy]") {
  struct wanted {
    const char* action;
    bool stream;
    int status;
  };
  const auto x = GENERATE(wanted{"{delay: 4s}", false, 504},
                          wanted{"{delay: 4s}", true, 504},
                          wanted{"{stall: 4s, at_byte: 100}", false, 504},
                          wanted{"{stall: 2s, at_byte: 700}", true, 200});
  CAPTURE(x.action, x.stream);
  stage on{two_relays + prices + "script:\n  - {match: {}, action: "
           + x.action + "}\n"};
  on.start("api: {request_timeout: 1s}\n" + pool);
  const auto begin = std::chrono::steady_clock::now();
  const auto got = request(on.api_port(), "POST", "/v1/chat/completions",
                           chat(x.stream));
  const auto took = std::chrono::steady_clock::now() - begin;
  INFO(got.head << got.body);
  CHECK(got.status == x.status);
  if (x.status == 504) {
    CHECK(got.parsed()["error"]["code"] == "timeout");
    CHECK(took < std::chrono::seconds{2});
  } else {
    CHECK(got.body.ends_with("data: [DONE]\n\n"));
    CHECK(took >= std::chrono::seconds{2});
  }
}

TEST_CASE("a refusal does not say where the provider is", "[e2e][proxy]") {
  stage on{two_relays + prices
           + "script:\n  - {match: {}, action: {reset: before_headers}}\n"};
  on.start("api: {request_timeout: 5s}\n" + pool);
  const auto x = request(on.api_port(), "POST", "/v1/chat/completions",
                         chat());
  INFO(x.head << x.body);
  CHECK(x.status == 502);
  CHECK_THAT(x.body, ContainsSubstring("the provider could not be reached"));
  CHECK(x.body.find("127.0.0.1") == std::string::npos);
}

TEST_CASE("a conversation stays with its account", "[e2e][proxy]") {
  stage on{two_relays + prices};
  on.start("routing: {strategy: round_robin}\n" + pool);
  const auto port = on.api_port();
  const auto serve = [&](int turns) {
    for (int i = 0; i < turns; ++i) {
      const auto x = request(port, "POST", "/v1/chat/completions", chat(),
                             "session-id: s\r\nthread-id: t\r\n");
      CHECK(x.status == 200);
    }
  };
  const auto calls = [&](const std::string& name) {
    return on.ask({"account", name})["calls"].get<int>();
  };
  serve(20);
  const std::string its = calls("a") == 20 ? "a" : "b";
  const std::string other = its == "a" ? "b" : "a";
  CHECK(calls(its) == 20);
  CHECK(calls(other) == 0);
  // It moves when that fails, and stays where it went.
  on.sim_post("/sim/script", "script:\n  - {match: {account: " + its
                               + "}, action: {status: 500}}\n");
  serve(1);
  CHECK(calls(its) == 21);
  on.sim_post("/sim/script", "script: []");
  serve(5);
  CHECK(calls(its) == 21);
  CHECK(calls(other) == 6);
}

TEST_CASE("model lists come in the client's shape", "[e2e][proxy]") {
  stage on{two_relays + prices};
  on.start(pool);
  const auto port = on.api_port();
  const auto a = request(port, "GET", "/v1/models").parsed();
  CHECK(a["object"] == "list");
  CHECK(a["data"].size() == 4);
  const auto b = request(port, "GET", "/v1/models", "",
                         "anthropic-version: 2023-06-01\r\n")
                   .parsed();
  CHECK(b["data"][0]["type"] == "model");
  CHECK(b["has_more"] == false);
  const auto c = request(port, "GET", "/v1beta/models").parsed();
  CHECK(c["models"][0]["name"] == "models/claude-sonnet-4-5");
  const auto one = request(port, "GET", "/v1/models/claude-sonnet-4-5", "",
                           "anthropic-version: 2023-06-01\r\n")
                     .parsed();
  CHECK(one["type"] == "model");
  CHECK(one["id"] == "claude-sonnet-4-5");
  CHECK(request(port, "GET", "/v1/models/gpt-1").status == 404);
}

TEST_CASE("accounts that take any model list those of the price table",
          "[e2e][proxy]") {
  stage on{two_relays + prices};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: gemini, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)");
  const auto port = on.api_port();
  const auto names = [&](const std::string& target, const char* list,
                         const char* name) {
    const auto reply = request(port, "GET", target).parsed();
    std::set<std::string> result;
    for (const auto& x : reply[list])
      result.insert(x[name].get<std::string>());
    return result;
  };
  const auto openai = names("/v1/models", "data", "id");
  CHECK(openai.contains("gpt-5-mini"));
  CHECK_FALSE(openai.contains("claude-sonnet-4-5"));
  const auto gemini = names("/v1beta/models", "models", "name");
  CHECK(gemini.contains("models/gemini-2.5-flash"));
  CHECK_FALSE(gemini.contains("models/gpt-5-mini"));
  // It may be served, so it is there.
  CHECK(request(port, "GET", "/v1/models/house-model").status == 200);
}

TEST_CASE("what the door refuses is said in the client's protocol",
          "[e2e][proxy]") {
  stage on{two_relays + prices};
  on.start(pool + "\napi: {max_body_bytes: 1024}\n");
  const auto port = on.api_port();
  const std::string large(2'000, ' ');
  const auto a = request(port, "POST", "/v1/messages", large);
  CHECK(a.status == 413);
  CHECK(a.parsed()["type"] == "error");
  CHECK_THAT(a.head, ContainsSubstring("x-should-retry: false"));
  const auto b = request(port, "POST", "/v1beta/models/x:generateContent",
                         large);
  CHECK(b.status == 413);
  CHECK(b.parsed()["error"]["code"] == 413);
}

TEST_CASE("a client that leaves frees its account", "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
latency: {per_chunk: 20s}
)"};
  on.start(pool);
  const auto text = [&on](const char* key) {
    return usd(on.ask({"account", "a"})[key]);
  };
  {
    raw_client client{on.api_port()};
    const std::string body
      = R"({"model":"gpt-5-mini","stream":true,"max_tokens":30000,)"
        R"("messages":[{"role":"user","content":"hello"}]})";
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"
                + body);
    wait_until("it is under way", [&on] {
      return on.ask({"account", "a"})["in_flight"] == 1;
    });
    CHECK(text("held") > money{60'000'000});
  }
  wait_until("the account is free", [&on] {
    return on.ask({"account", "a"})["in_flight"] == 0;
  });
  // The provider may charge what it has made by now, but not all that it might
  // have.
  CHECK(on.ask({"account", "a"})["in_doubt"] == 1);
  CHECK(text("in_doubt_amount") > money{4'000'000});
  CHECK(text("in_doubt_amount") < money{30'000'000});
  CHECK(text("held") == text("in_doubt_amount"));
}

TEST_CASE("what a client has left behind is read, as far as is said",
          "[e2e][proxy]") {
  const auto enough = GENERATE(true, false);
  CAPTURE(enough);
  stage on{two_relays + prices + R"(
replies: {output_tokens: 40, chunks: 20}
latency: {per_chunk: 40ms}
)"};
  on.start("api: {drain_bytes: " + std::string{enough ? "1MiB" : "1KiB"} + "}\n"
           + pool);
  {
    raw_client client{on.api_port()};
    const auto body = chat(true);
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"
                + body);
    CHECK_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  }
  wait_until("the record of it is written", [&on] {
    return on.ask({"requests"}).size() == 1;
  });
  const auto x = on.ask({"requests"})[0];
  INFO(x.dump(1));
  CHECK(x["outcome"] == "client_left");
  const auto a = on.ask({"account", "a"});
  CHECK(a["in_flight"] == 0);
  CHECK(a["in_doubt"] == (enough ? 0 : 1));
  CHECK((x["cost"] == "0.000000000") != enough);
  if (enough)
    check_books(on);
}

TEST_CASE("a stop lets requests end", "[e2e][proxy]") {
  stage on{two_relays + prices + R"(
latency: {first_byte: 300ms}
)"};
  on.start(pool);
  raw_client client{on.api_port()};
  const auto body = chat();
  client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"
              + body);
  wait_until("it is under way", [&on] {
    return on.ask({"account", "a"})["in_flight"] == 1;
  });
  CHECK(on.stop() == 0);
  CHECK_THAT(client.receive_all(), StartsWith("HTTP/1.1 200 OK"));
}
