// What of a request and its answer may travel, and whose it is.

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

TEST_CASE("a credential stands where its protocol has it", "[api]") {
  const std::string path = "/v1/x";
  CHECK(credential_of(path, {{"Authorization", "Bearer a b"}}) == "a b");
  CHECK(credential_of(path, {{"AUTHORIZATION", "bearer abc"}}) == "abc");
  CHECK(credential_of(path, {{"X-Api-Key", "abc"}}) == "abc");
  CHECK(credential_of(path, {{"x-goog-api-key", "abc"}}) == "abc");
  CHECK(credential_of(path + "?alt=sse&key=a%2Bc", {}) == "a+c");
  CHECK(credential_of(path + "?monkey=abc", {}).empty());
  CHECK(credential_of(path, {{"Authorization", "Basic abc"}}).empty());
  CHECK(credential_of(path, {{"Authorization", "Bearer "}}).empty());
  CHECK(credential_of(path, {}).empty());
}

TEST_CASE("no credential travels on", "[api]") {
  CHECK(forwarded_target("/v1/x?key=secret") == "/v1/x");
  CHECK(forwarded_target("/v1/x?key=secret&alt=sse") == "/v1/x?alt=sse");
  CHECK(forwarded_target("/v1/x?alt=sse&key=secret&a=b")
        == "/v1/x?alt=sse&a=b");
  const auto left = forwarded_headers({{"Authorization", "Bearer secret"},
                                       {"X-API-Key", "secret"},
                                       {"x-goog-api-key", "secret"},
                                       {"Cookie", "secret"},
                                       {"X-Request-Id", "mine"}});
  CHECK(left == header_list{{"X-Request-Id", "mine"}});
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
  CHECK(words_for_stranger(true).sentence
        != words_for_stranger(false).sentence);
  CHECK(words_for_stranger(true).status == 401);
}
