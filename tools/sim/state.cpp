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
