// What a provider says of a request, in the shape that its client reads.

#include "actors/domain/fault_document.hpp"
#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace rota;
using nlohmann::json;
using enum surface;

namespace {

struct fault_case {
  surface route;
  int status;
  const char* body;
  const char* said; ///< Null: as it came.
};

const fault_case samples[] = {
  {openai_chat, 400,
   R"({"error":{"message":"no","type":"invalid_request_error"},"more":1})",
   nullptr},
  {openai_chat, 400, R"({"error":{"message":"no"}})",
   R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
   R"("code":null}})"},
  {openai_chat, 500, R"({"error":{"message":"no","code":7,"metadata":{}}})",
   R"({"error":{"message":"no","type":"server_error","param":null,"code":7,)"
   R"("metadata":{}}})"},
  {openai_chat, 400, R"({"error":"no"})",
   R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
   R"("code":null}})"},
  // SiliconFlow's.
  {openai_chat, 400, R"({"code":20015,"message":"no","data":null})",
   R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
   R"("code":"20015"}})"},
  {openai_chat, 422, R"({"detail":[{"msg":"no"}]})",
   R"({"error":{"message":"{\"detail\":[{\"msg\":\"no\"}]}","type":)"
   R"("invalid_request_error","param":null,"code":null}})"},
  {openai_chat, 400, ": ping\n\ndata: {\"error\":{\"message\":\"no\"}}\n\n",
   R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
   R"("code":null}})"},
  {openai_responses, 400,
   "event: response.created\ndata: {\"type\":\"response.created\"}\n\n"
   "event: response.failed\ndata: {\"type\":\"response.failed\","
   "\"response\":{\"error\":{\"code\":\"invalid_prompt\",\"message\":"
   "\"no\"}}}\n\n",
   R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
   R"("code":"invalid_prompt"}})"},
  {openai_responses, 400,
   R"(data: {"type":"error","code":"x","message":"no","param":"input"})",
   R"({"error":{"message":"no","type":"invalid_request_error","param":"input",)"
   R"("code":"x"}})"},
  {anthropic_messages, 400,
   R"({"type":"error","error":{"type":"invalid_request_error","message":"no"},)"
   R"("request_id":"req_1"})",
   nullptr},
  {anthropic_messages, 404,
   R"({"error":{"message":"Invalid URL","type":"invalid_request_error"}})",
   R"({"type":"error","error":{"message":"Invalid URL","type":)"
   R"("invalid_request_error"}})"},
  {anthropic_messages, 409, R"({"error":{"message":"no","code":"x"}})",
   R"({"type":"error","error":{"message":"no","code":"x","type":)"
   R"("conflict_error"}})"},
  {anthropic_messages, 500, R"({"error":{"message":"no"}})",
   R"({"type":"error","error":{"message":"no","type":"api_error"}})"},
  {anthropic_messages, 422, R"({"error":{"message":"no"}})",
   R"({"type":"error","error":{"message":"no","type":)"
   R"("invalid_request_error"}})"},
  {gemini_generate, 400,
   R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})",
   nullptr},
  {gemini_generate, 400,
   R"([{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}])",
   R"({"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}})"},
  {gemini_generate, 400,
   R"({"error":{"message":"no","type":"new_api_error","code":"x"}})",
   R"({"error":{"message":"no","type":"new_api_error","code":400,"status":)"
   R"("INVALID_ARGUMENT"}})"},
  {rerank, 422, R"({"message":"no"})", nullptr},
};

} // namespace

TEST_CASE("a fault of any form is said as a document of its protocol",
          "[fault]") {
  for (const auto& x : samples) {
    INFO(to_string(x.route) << " " << x.body);
    const auto said = fault_document(x.route, x.status, x.body);
    REQUIRE(said);
    if (x.said == nullptr)
      CHECK(*said == x.body);
    else
      CHECK(json::parse(*said) == json::parse(x.said));
  }
  CHECK(fault_document(anthropic_messages, 400,
                       "event: error\r\ndata: {\"type\":\"error\",\"error\":"
                       "{\"type\":\"invalid_request_error\",\"message\":"
                       "\"no\"}}\r\n\r\n")
        == R"({"type":"error","error":{"type":"invalid_request_error",)"
           R"("message":"no"}})");
}

TEST_CASE("what says no fault is no document of one", "[fault]") {
  for (const auto route : {openai_chat, anthropic_messages, gemini_generate})
    for (const auto* body : {"", "<html>", "no", "data: {}\n\n", "data: x",
                             "{}", "[]", "[1]", "{", "[[]]"}) {
      INFO(body);
      CHECK(fault_document(route, 400, body) == std::nullopt);
    }
}
