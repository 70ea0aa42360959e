#include "tools/sim/state.hpp"

namespace rota::sim {

namespace {

constexpr std::string_view bearer = "Bearer ";

} // namespace

state::state(options x)
    : opts{std::move(x)}, calls{opts.calls_kept}, executions{
                                                      opts.executions_kept} {
  for (const auto& y : opts.accounts)
    accounts.push_back({y, {}});
  for (auto& y : accounts) {
    keys.emplace(y.opts.key, &y);
    if (!y.opts.access_token.empty())
      tokens.emplace(y.opts.access_token, &y);
  }
  reset(microseconds{0});
}

void state::reset(microseconds now) {
  for (auto& x : accounts)
    x.books = account_books{x.opts.balance, x.opts.posting_lag};
  calls = call_log{opts.calls_kept};
  executions = execution_counter{opts.executions_kept};
  install(opts.script, now);
}

void state::install(std::vector<rule> xs, microseconds now) {
  rules = script{std::move(xs), opts.seed};
  script_since = now;
}

void state::move_money(microseconds now) {
  while (const auto* x = rules.due(now - script_since)) {
    const auto& match = x->match;
    for (auto& y : accounts) {
      if ((!match.key.empty() && match.key != y.opts.key)
          || (!match.account.empty() && match.account != y.opts.name))
        continue;
      const auto amount = x->action.amount;
      y.books.top_up(x->action.is == deed::top_up ? amount
                                                  : amount - y.books.balance());
    }
  }
}

void state::note(const http_request& x) {
  if (opts.requests_kept == 0)
    return;
  kept_request y{std::string{x.method}, std::string{x.target}, {},
                 std::string{x.body}};
  for (const auto& [name, value] : x.fields)
    y.headers.emplace_back(name, value);
  requests.push_back(std::move(y));
  if (requests.size() > opts.requests_kept)
    requests.pop_front();
}

void state::keep(const std::string& id, const account& by, std::string body) {
  constexpr size_t most = 100'000;
  if (responses.emplace(id, kept_response{&by, std::move(body)}).second)
    response_order.push_back(id);
  if (response_order.size() > most) {
    responses.erase(response_order.front());
    response_order.pop_front();
  }
}

const kept_response* state::kept_by(const account& who,
                                    std::string_view id) const {
  const auto i = responses.find(std::string{id});
  return i != responses.end() && i->second.by == &who ? &i->second : nullptr;
}

account* state::by_key(std::string_view key) {
  const auto i = keys.find(key);
  return i != keys.end() ? i->second : nullptr;
}

account* state::by_name(std::string_view name) {
  for (auto& x : accounts)
    if (x.opts.name == name)
      return &x;
  return nullptr;
}

account* state::by_access_token(std::string_view token) {
  const auto i = tokens.find(token);
  return i != tokens.end() ? i->second : nullptr;
}

std::string_view console_token_of(const http_request& x) {
  if (x.authorization.starts_with(bearer))
    return x.authorization.substr(bearer.size());
  if (!x.authorization.empty())
    return x.authorization;
  constexpr std::string_view name = "session=";
  const auto at = x.cookie.find(name);
  if (at == x.cookie.npos)
    return {};
  const auto rest = x.cookie.substr(at + name.size());
  return rest.substr(0, rest.find(';'));
}

http_reply json_reply(int status, std::string body) {
  http_reply out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

std::string_view key_of(const http_request& x) {
  if (x.authorization.starts_with(bearer))
    return x.authorization.substr(bearer.size());
  if (!x.api_key.empty())
    return x.api_key;
  if (!x.google_key.empty())
    return x.google_key;
  return query_value(x.target, "key");
}

} // namespace rota::sim
