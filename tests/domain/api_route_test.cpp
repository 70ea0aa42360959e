// What of a request and its answer may travel, and whose it is.

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

TEST_CASE("a credential stands where its protocol has it", "[api]") {
  const std::string path = "/v1/x";
  using shown = std::vector<std::string>;
  CHECK(credentials_of(path, {{"Authorization", "Bearer a b"}})
        == shown{"a b"});
  CHECK(credentials_of(path, {{"AUTHORIZATION", "bearer  abc"}})
        == shown{"abc"});
  CHECK(credentials_of(path, {{"X-Api-Key", "abc"}}) == shown{"abc"});
  CHECK(credentials_of(path, {{"api-key", "abc"}}) == shown{"abc"});
  CHECK(credentials_of(path, {{"x-goog-api-key", "abc"}}) == shown{"abc"});
  CHECK(credentials_of(path + "?alt=sse&key=a%2Bc", {}) == shown{"a+c"});
  CHECK(credentials_of(path + "?monkey=abc", {}).empty());
  CHECK(credentials_of(path, {{"Authorization", "Basic abc"}}).empty());
  CHECK(credentials_of(path, {{"Authorization", "Bearer "}}).empty());
  CHECK(credentials_of(path, {}).empty());
  CHECK(credentials_of(path + "?key=c",
                       {{"x-api-key", "b"}, {"authorization", "Bearer a"}})
        == shown{"a", "b", "c"});
  CHECK(credentials_of(path + "?key=1&key=2&key=3&key=4&key=5&key=6", {})
          .size()
        == 5);
}

TEST_CASE("no credential travels on", "[api]") {
  CHECK(forwarded_target("/v1/x?key=secret") == "/v1/x");
  CHECK(forwarded_target("/v1/x?key=secret&alt=sse") == "/v1/x?alt=sse");
  CHECK(forwarded_target("/v1/x?alt=sse&key=secret&a=b")
        == "/v1/x?alt=sse&a=b");
  const auto left = forwarded_headers({{"Authorization", "Bearer secret"},
                                       {"X-API-Key", "secret"},
                                       {"x-goog-api-key", "secret"},
                                       {"api-key", "secret"},
                                       {"Cookie", "secret"},
                                       {"X-Request-Id", "mine"}});
  CHECK(left == header_list{{"X-Request-Id", "mine"}});
}

TEST_CASE("what concerns the connection does not travel", "[api]") {
  const auto left = forwarded_headers({{"Connection", "keep-alive"},
                                       {"Keep-Alive", "timeout=5"},
                                       {"connection", "X-One,\tx-two , ,x-four"},
                                       {"X-One", "1"},
                                       {"x-two", "2"},
                                       {"X-Three", "3"},
                                       {"X-Four", "4"}});
  CHECK(left == header_list{{"X-Three", "3"}});
}

TEST_CASE("a model in a path leads nowhere else", "[api]") {
  for (const auto* bad : {"..", ".", "a/../b", "%2e%2e/x", "%ff", "a%0d%0ab",
                          "%", ""}) {
    const auto path = std::string{"/v1beta/models/"} + bad;
    INFO(path);
    CHECK(route_of("POST", path + ":generateContent", {}).what
          == api_call::unknown);
    CHECK(route_of("GET", path, {}).what == api_call::unknown);
  }
  CHECK(route_of("POST", "/v1beta/models/a%C3%A4..b:generateContent", {}).model
        == "a\xc3\xa4..b");
}

TEST_CASE("models are listed and shown", "[api]") {
  for (const auto* method : {"GET", "HEAD"}) {
    CHECK(route_of(method, "/v1/models", {}).what == api_call::list_models);
    const auto one = route_of(method, "/v1/models/vendor/a%20b?x=y", {});
    CHECK(one.what == api_call::show_model);
    CHECK(one.model == "vendor/a b");
    CHECK(one.route == surface::openai_chat);
  }
  CHECK(route_of("GET", "/v1beta/models/a", {}).route
        == surface::gemini_generate);
  CHECK(route_of("GET", "/v1/models/a", {{"anthropic-version", "x"}}).route
        == surface::anthropic_messages);
  CHECK(route_of("GET", "/v1/modelsx", {}).what == api_call::unknown);
}

TEST_CASE("a wrong method is told the right ones", "[api]") {
  for (const auto& [method, path, allowed] :
       {std::tuple{"GET", "/v1/chat/completions", "POST"},
        std::tuple{"DELETE", "/v1/models", "GET, HEAD"},
        std::tuple{"GET", "/v1beta/models/a:countTokens", "POST"},
        std::tuple{"PUT", "/v1/responses/r", "GET, DELETE"},
        std::tuple{"GET", "/v1/responses/r/cancel", "POST"},
        std::tuple{"POST", "/v1/responses/r/input_items", "GET"}}) {
    const auto x = route_of(method, path, {});
    INFO(method << ' ' << path);
    CHECK(x.what == api_call::wrong_method);
    CHECK(x.allowed == allowed);
  }
}

TEST_CASE("the provider's name for a call does not take ours", "[api]") {
  const auto x = returned_headers({{"x-request-id", "theirs"},
                                   {"request-id", "req_011"},
                                   {"set-cookie", "a=b"},
                                   {"x-ratelimit-remaining-requests", "1"},
                                   {"content-type", "text/event-stream"}});
  CHECK(x
        == header_list{{"x-upstream-request-id", "theirs"},
                       {"request-id", "req_011"},
                       {"content-type", "text/event-stream"}});
}

TEST_CASE("a client's name for its request is taken if it is harmless",
          "[api]") {
  for (const auto* good :
       {"a", "550e8400-e29b-41d4-a716-446655440000", "trace:7_a.B"})
    CHECK(is_request_id(good));
  for (const auto* bad : {"", "a b", "<script>", "a\r\nb", "\x7f", "\xc3\xa4"})
    CHECK_FALSE(is_request_id(bad));
  CHECK(is_request_id(std::string(128, 'a')));
  CHECK_FALSE(is_request_id(std::string(129, 'a')));
}

TEST_CASE("refusals of clients are those of their vendors", "[api]") {
  using enum surface;
  for (const auto route : {openai_chat, openai_responses, openai_embeddings}) {
    const auto x = refuse(route, words_for_model(route, "m"));
    CHECK(x.status == 403);
    CHECK_THAT(x.body, ContainsSubstring(R"("code":"model_not_found")"));
  }
  const auto a = refuse(anthropic_messages,
                        words_for_model(anthropic_messages, "m"));
  CHECK(a.status == 404);
  CHECK_THAT(a.body, ContainsSubstring(R"("type":"not_found_error")"));
  const auto g = refuse(gemini_generate, words_for_model(gemini_generate, "m"));
  CHECK(g.status == 404);
  CHECK_THAT(g.body, ContainsSubstring(R"("status":"NOT_FOUND")"));
  CHECK(words_for_stranger(true, "").sentence
        != words_for_stranger(false, "").sentence);
  CHECK(words_for_stranger(true, "").status == 401);
}

TEST_CASE("a path says which surface it is", "[api]") {
  struct row {
    const char* path;
    surface route;
  };
  using enum surface;
  for (const auto& x : {row{"/v1/chat/completions", openai_chat},
                        row{"/v1/completions", openai_completions},
                        row{"/v1/responses", openai_responses},
                        row{"/v1/responses/compact", openai_compact},
                        row{"/v1/embeddings", openai_embeddings},
                        row{"/v1/moderations", openai_moderations},
                        row{"/v1/images/generations", openai_images},
                        row{"/v1/images/edits", openai_image_edits},
                        row{"/v1/images/variations", openai_image_edits},
                        row{"/v1/audio/speech", openai_speech},
                        row{"/v1/audio/transcriptions", openai_transcriptions},
                        row{"/v1/audio/translations", openai_transcriptions},
                        row{"/v1/rerank", surface::rerank},
                        row{"/v1/messages", anthropic_messages},
                        row{"/v1/messages/count_tokens", anthropic_count},
                        row{"/v1beta/models/m:generateContent",
                            gemini_generate},
                        row{"/v1beta/models/m:streamGenerateContent",
                            gemini_generate},
                        row{"/v1beta/models/m:countTokens", gemini_count},
                        row{"/v1beta/models/m:embedContent", gemini_embed},
                        row{"/v1beta/models/m:batchEmbedContents",
                            gemini_embed}}) {
    INFO(x.path);
    const auto found = route_of("POST", std::string{x.path} + "?a=b", {});
    CHECK(found.what == api_call::generate);
    CHECK(found.route == x.route);
    CHECK((found.model == "m")
          == (protocol_of(x.route) == protocol::gemini));
    const auto read = route_of("GET", x.path, {});
    // "compact" might be a response's id.
    CHECK(read.what == api_call::wrong_method);
  }
  for (const auto* path : {"/v1/rerank/", "/v1/images", "/v1/audio/else",
                           "/v1/messages/count", "/v1beta/models/m:tune",
                           "/v1beta/models/:embedContent"})
    CHECK(route_of("POST", path, {}).what == api_call::unknown);
}

TEST_CASE("a response is asked about by its id", "[api]") {
  const auto at = [](const char* method, const std::string& rest) {
    return route_of(method, "/v1/responses/" + rest, {});
  };
  for (const auto* rest : {"resp_1", "resp_1?include=a", "resp%5f1"}) {
    CHECK(at("GET", rest).what == api_call::stored);
    CHECK(at("GET", rest).response == "resp_1");
    CHECK_FALSE(at("GET", rest).deletes);
    CHECK(at("DELETE", rest).deletes);
    CHECK(at("POST", rest).what == api_call::wrong_method);
  }
  CHECK(at("POST", "resp_1/cancel").what == api_call::stored);
  CHECK(at("GET", "resp_1/cancel").what == api_call::wrong_method);
  CHECK(at("GET", "resp_1/input_items?limit=2").what == api_call::stored);
  CHECK(at("DELETE", "resp_1/input_items").what == api_call::wrong_method);
  CHECK(at("GET", "resp_1?stream=true&starting_after=1").stream);
  CHECK_FALSE(at("GET", "resp_1?upstream=true").stream);
  for (const auto* rest : {"", "/cancel", "resp_1/", "resp_1/else",
                           "resp_1/cancel/x", "%zz"})
    CHECK(at("GET", rest).what == api_call::unknown);
}

TEST_CASE("an upgrade is told that there is only HTTP", "[api]") {
  const header_list headers{{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"}};
  CHECK(route_of("GET", "/v1/responses?a=b", headers).what
        == api_call::upgrade);
  CHECK(route_of("POST", "/v1/responses", headers).what == api_call::generate);
}

TEST_CASE("a count is the provider's, its refusal, or the estimate", "[api]") {
  item_result x;
  x.state = item_state::succeeded;
  x.status = 200;
  x.body = "{\"input_tokens\":7}";
  const auto body = [&](surface route) {
    return answer_for_count(route, x, 42, {}).body;
  };
  CHECK(body(surface::anthropic_count) == x.body);
  x.state = item_state::failed;
  x.error_code = "client_error";
  x.status = 400;
  x.body = R"({"type":"error","error":{"type":"x","message":"no"}})";
  CHECK(body(surface::anthropic_count) == x.body);
  for (const auto status : {404, 405, 501}) {
    x.status = status;
    CHECK(body(surface::anthropic_count) == "{\"input_tokens\":42}");
    CHECK(body(surface::gemini_count) == "{\"totalTokens\":42}");
  }
  for (const auto* why : {"no_such_model", "no_account", "rate_limited",
                          "upstream_error", "quota_exhausted"}) {
    x.status = 500;
    x.error_code = why;
    const auto said = answer_for_count(surface::anthropic_count, x, 42, {});
    CHECK(said.status == 200);
    CHECK(said.body == "{\"input_tokens\":42}");
  }
}
