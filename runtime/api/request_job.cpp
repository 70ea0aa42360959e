#include "runtime/api/request_job.hpp"

#include "actors/domain/form_data.hpp"
#include "actors/domain/stream_gate.hpp"

namespace rota {

request_facts read_facts(const api_route& found, const http_exchange& client,
                         int64_t default_output) {
  if (found.route == surface::openai_stored)
    return {}; // It has no body that matters.
  if (const auto boundary = form_boundary(client.header("content-type")))
    return read_form(found.route, *boundary, client.body());
  return read_request(found.route, client.body(), default_output);
}

bool may_stream(surface route) {
  switch (route) {
    case surface::openai_chat:
    case surface::openai_completions:
    case surface::openai_responses:
    case surface::anthropic_messages:
    case surface::gemini_generate:
      return true;
    default:
      return false;
  }
}

std::shared_ptr<job> make_job(const http_exchange& client, surface route,
                              std::string model, token_estimate tokens) {
  auto result = std::make_shared<job>();
  result->route = route;
  result->method = client.method();
  result->model = std::move(model);
  result->estimate = tokens;
  result->target = forwarded_target(client.target());
  result->headers = forwarded_headers(client.headers());
  result->body = client.body();
  result->block = client.body_owner();
  return result;
}

bool ask_for_its_usage(job& x) {
  const auto chat = x.route == surface::openai_chat
                    || x.route == surface::openai_completions;
  if (!chat || x.body.find("\"stream_options\"") != std::string_view::npos)
    return false;
  auto asked = ask_for_usage(x.body);
  if (!asked)
    return false;
  auto kept = std::make_shared<const std::string>(std::move(*asked));
  x.body = *kept;
  x.block = std::move(kept);
  return true;
}

} // namespace rota
