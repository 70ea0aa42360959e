#include "runtime/api/request_job.hpp"

#include "actors/domain/api_route.hpp"
#include "actors/domain/include_usage.hpp"

#include <algorithm>

namespace rota {

std::shared_ptr<job> make_job(const http_exchange& client, surface route,
                              std::string model, token_estimate tokens) {
  auto result = std::make_shared<job>();
  result->route = route;
  result->model = std::move(model);
  result->estimate = tokens;
  result->target = forwarded_target(client.target());
  result->method = client.method();
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
  struct bodies {
    std::string asking;
    std::shared_ptr<const void> as_it_came;
  };
  const auto kept = std::make_shared<const bodies>(
    bodies{std::move(*asked), std::move(x.block)});
  x.unasked_body = x.body;
  x.body = kept->asking;
  x.block = kept;
  return true;
}

milliseconds patience_for(surface route, milliseconds request_timeout) {
  constexpr milliseconds count_patience{5'000};
  return counts_tokens(route) ? std::min(request_timeout, count_patience)
                              : request_timeout;
}

} // namespace rota
