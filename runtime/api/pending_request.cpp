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
  reply(said.status, std::move(said.headers), std::move(said.body));
}

client_answer words_to(surface route, const refusal_words& words) {
  auto said = refuse(route, words);
  if (words.status == 401)
    said.headers.emplace_back("www-authenticate", "Bearer");
  return said;
}

void pending_request::refuse(const refusal_words& words) const {
  auto said = words_to(route, words);
  reply(said.status, std::move(said.headers), std::move(said.body));
}

void pending_request::refuse_stopping() const {
  if (has_begun())
    client->abort();
  else
    refuse({503, "stopping", "rota is stopping.", true, {}});
}

} // namespace rota
