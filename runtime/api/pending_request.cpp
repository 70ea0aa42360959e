#include "runtime/api/pending_request.hpp"

namespace rota {

void pending_request::name(job& work, uint32_t attempt_base) const {
  work.id = id;
  work.attempt_base = attempt_base;
  work.arrived = arrived;
  if (is_named)
    work.client_request_id = request_id;
}

void pending_request::reply(int status, header_list headers,
                            std::string body) const {
  headers.emplace_back("x-request-id", request_id);
  client->answer(status, headers, std::move(body));
}

void pending_request::reply(const item_result& x, timestamp now) const {
  auto said = counts_tokens(route) ? answer_for_count(route, x, tokens, now)
                                   : answer_for(route, x, now);
  if (show_account && !x.account.empty())
    said.headers.emplace_back(account_header, x.account);
  reply(std::move(said));
}

void pending_request::reply(client_answer x) const {
  reply(x.status, std::move(x.headers), std::move(x.body));
}

refusal_words words_for_route(const api_route& x, std::string_view method) {
  switch (x.what) {
    case api_call::upgrade: // Codex then falls back to HTTP at once.
      return {426, "upgrade_required",
              "rota serves this over HTTP, not over a WebSocket.", false, {},
              {{"upgrade", "HTTP/1.1"}}};
    case api_call::wrong_method:
      return {405, "method_not_allowed",
              "This path does not take the method " + std::string{method}
                + '.',
              false, {}, {{"allow", std::string{x.allowed}}}};
    default:
      return {404, "not_found", "rota serves nothing under this path.", false,
              {}};
  }
}

client_answer words_to(surface route, const refusal_words& words) {
  auto said = refuse(route, words);
  said.headers.insert(said.headers.end(), words.headers.begin(),
                      words.headers.end());
  return said;
}

void pending_request::refuse(const refusal_words& words) const {
  reply(words_to(route, words));
}

void pending_request::refuse_stopping() const {
  if (has_begun())
    client->abort();
  else
    refuse({503, "stopping", "rota is stopping.", true, {}});
}

} // namespace rota
