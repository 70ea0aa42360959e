#include "tools/sim/load.hpp"
#include "tools/sim/state.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace rota::sim {

namespace {

using nlohmann::ordered_json;

http_reply say(int status, const ordered_json& x) {
  // Names and models come from outside and may be no UTF-8.
  return json_reply(
      status,
      x.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

http_reply complain(int status, const std::string& text) {
  return say(status, {{"error", text}});
}

size_t number_in(const http_request& x, std::string_view name, size_t usual) {
  const auto text = query_value(x.target, name);
  size_t result = usual;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

ordered_json shown(const account& x) {
  const auto& key = x.opts.key;
  const auto& books = x.books;
  return {
      {"key_suffix", key.substr(key.size() - std::min<size_t>(4, key.size()))},
      {"name", x.opts.name},
      {"initial", usd_text(books.initial())},
      {"balance", usd_text(books.balance())},
      {"charged", usd_text(books.charged())},
      {"topped_up", usd_text(books.topped_up())},
      {"calls", books.calls},
      {"charged_calls", books.charged_calls},
      {"failed_calls", books.failed_calls},
      {"refused_calls", books.refused_calls},
  };
}

http_reply show_books(state& st, const http_request& x) {
  const auto key = query_value(x.target, "key");
  auto list = ordered_json::array();
  nanos charged = 0;
  uint64_t calls = 0;
  for (const auto& y : st.accounts) {
    if (!key.empty() && key != y.opts.key)
      continue;
    list.push_back(shown(y));
    charged += y.books.charged();
    calls += y.books.calls;
  }
  if (!key.empty() && list.empty())
    return complain(404, "No account has that key.");
  return say(200, {{"accounts", std::move(list)},
                   {"total_charged", usd_text(charged)},
                   {"calls", calls}});
}

http_reply show_calls(state& st, const http_request& x) {
  auto list = ordered_json::array();
  for (const auto* y : st.calls.last(number_in(x, "limit", 100)))
    list.push_back({{"number", y->number},
                    {"at_ms", y->at.count() / 1'000},
                    {"account", y->account},
                    {"path", y->path},
                    {"model", y->model},
                    {"status", y->status},
                    {"charged", y->charged},
                    {"charge", usd_text(y->charge)},
                    {"marker", y->marker},
                    {"action", y->action},
                    {"body", hex(y->body_hash)}});
  return say(200, {{"total", st.calls.total()}, {"calls", std::move(list)}});
}

/// Bodies are hexadecimal: they may be anything.
http_reply show_requests(const state& st) {
  auto list = ordered_json::array();
  for (const auto& y : st.requests) {
    std::string body;
    for (const auto c : y.body) {
      constexpr auto digits = "0123456789abcdef";
      body += digits[static_cast<unsigned char>(c) >> 4];
      body += digits[static_cast<unsigned char>(c) & 15];
    }
    list.push_back({{"method", y.method},
                    {"target", y.target},
                    {"headers", y.headers},
                    {"body", std::move(body)}});
  }
  return say(200, {{"requests", std::move(list)}});
}

http_reply show_executions(state& st, const http_request& x) {
  const auto min = number_in(x, "min", 2);
  const auto limit = number_in(x, "limit", 10'000);
  auto list = ordered_json::array();
  uint64_t executions = 0;
  uint64_t found = 0;
  for (const auto& [hash, n] : st.executions.all()) {
    executions += n;
    if (n < min || found++ >= limit)
      continue;
    list.push_back({{"body", hex(hash)}, {"count", n}});
  }
  return say(200, {{"distinct", st.executions.all().size()},
                   {"total", executions},
                   {"uncounted", st.executions.uncounted()},
                   {"found", found},
                   {"executions", std::move(list)}});
}

/// Reads {"usd": "5.00"}.
std::optional<nanos> amount_in(std::string_view body) {
  const auto x = ordered_json::parse(body, nullptr, false);
  if (!x.is_object() || !x.contains("usd"))
    return std::nullopt;
  const auto& usd = x["usd"];
  return parse_decimal(usd.is_string() ? usd.get<std::string>() : usd.dump(),
                       9);
}

/// POST /sim/accounts/{name}/topup or /balance.
http_reply move_money(state& st, const http_request& x) {
  auto rest = x.path().substr(std::string_view{"/sim/accounts/"}.size());
  const auto slash = rest.rfind('/');
  const auto verb = slash == rest.npos ? rest : rest.substr(slash + 1);
  if (slash == rest.npos || (verb != "topup" && verb != "balance"))
    return complain(404, "Ask for /sim/accounts/NAME/topup or /balance.");
  const std::string name{rest.substr(0, slash)};
  const auto who = st.by_name(name);
  if (who == nullptr)
    return complain(404, "No account is called '" + name + "'.");
  const auto amount = amount_in(x.body);
  if (!amount)
    return complain(400, "The body must be like {\"usd\": \"5.00\"}.");
  who->books.top_up(verb == "topup" ? *amount : *amount - who->books.balance());
  return say(200, shown(*who));
}

http_reply set_script(state& st, const http_request& x, microseconds now) {
  auto loaded = parse_script(std::string{x.body}, st.opts);
  if (!loaded.faults.empty())
    return say(400, {{"error", "The script has faults; the old one stays."},
                     {"faults", loaded.faults}});
  const auto n = loaded.rules.size();
  st.install(std::move(loaded.rules), now);
  st.move_money(now);
  return say(200, {{"rules", n}});
}

} // namespace

http_reply handle_admin(state& st, const http_request& x, microseconds now) {
  const auto path = x.path();
  if (x.method == "GET") {
    if (path == "/sim/books")
      return show_books(st, x);
    if (path == "/sim/calls")
      return show_calls(st, x);
    if (path == "/sim/requests")
      return show_requests(st);
    if (path == "/sim/executions")
      return show_executions(st, x);
  } else if (x.method == "POST") {
    if (path.starts_with("/sim/accounts/"))
      return move_money(st, x);
    if (path == "/sim/script")
      return set_script(st, x, now);
    if (path == "/sim/reset") {
      st.reset(now);
      return show_books(st, x);
    }
  }
  return complain(404, "There are GET /sim/books, /sim/calls, "
                       "/sim/requests, /sim/executions and POST /sim/script, "
                       "/sim/reset, /sim/accounts/NAME/topup, "
                       "/sim/accounts/NAME/balance.");
}

} // namespace rota::sim
