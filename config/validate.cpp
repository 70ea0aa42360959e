#include "config/validate.hpp"

#include "config/url.hpp"

#include <map>
#include <string_view>

namespace rota {

namespace {

bool is_newapi(probe_kind x) {
  return x == probe_kind::newapi_console || x == probe_kind::newapi_token
         || x == probe_kind::newapi_billing;
}

/// Sites that run new-api, one-api or a fork of them.
bool is_newapi(provider x) {
  return x == provider::new_api || x == provider::one_api
         || x == provider::anyrouter;
}

bool is_set(const secret_ref& x) {
  return x.from != secret_ref::source::none;
}

const char* const needs_console =
    "is used by probe newapi_console only; set that probe or remove this";
const char* const needs_http_json =
    "is used by probe http_json only; set that probe or remove this";

void check_console(const account_options& x, const fault_sink& fault) {
  const auto& balance = x.balance;
  const auto wanted = balance.probe == probe_kind::newapi_console;
  if (wanted && !is_set(balance.console))
    fault({"balance.console", "balance.probe"},
          "is missing; probe newapi_console needs the access token of the "
          "site's console as env:NAME or file:PATH");
  if (wanted && balance.user_id.empty() && x.kind != provider::one_api)
    fault({"balance.user_id", "balance.probe", "provider"},
          "is missing; probe newapi_console needs the number that the site's "
          "console shows for the user");
  if (!wanted && is_set(balance.console))
    fault({"balance.console", "balance.probe"}, needs_console);
  if (!wanted && !balance.user_id.empty())
    fault({"balance.user_id", "balance.probe"}, needs_console);
}

void check_http_json(const balance_options& x, const fault_sink& fault) {
  const auto wanted = x.probe == probe_kind::http_json;
  if (wanted && x.path.empty())
    fault({"balance.path", "balance.probe"},
          "is missing; probe http_json needs the path to GET, such as "
          "/api/balance");
  if (wanted && x.pointer.empty())
    fault({"balance.pointer", "balance.probe"},
          "is missing; probe http_json needs the JSON pointer of the amount, "
          "such as /data/balance");
  if (!wanted && !x.path.empty())
    fault({"balance.path", "balance.probe"}, needs_http_json);
  if (!wanted && !x.pointer.empty())
    fault({"balance.pointer", "balance.probe"}, needs_http_json);
  if (!wanted && !x.used_pointer.empty())
    fault({"balance.used_pointer", "balance.probe"}, needs_http_json);
  if (!wanted && !x.unlimited_pointer.empty())
    fault({"balance.unlimited_pointer", "balance.probe"}, needs_http_json);
}

void check_order(const char* base_key, milliseconds base, const char* key,
                 milliseconds most, const fault_sink& fault) {
  if (most < base)
    fault({key, base_key}, std::string{"is shorter than "} + base_key
                               + "; make it at least as long");
}

/// A token that two clients may show would be one of them by chance.
void check_tokens(const std::vector<client_options>& clients,
                  const fault_sink& fault) {
  std::map<std::string_view, std::string_view> owners;
  for (const auto& x : clients)
    for (const auto& token : x.tokens)
      if (const auto [i, fresh] = owners.emplace(token, x.name); !fresh)
        fault({"clients"}, "a token of " + x.name + " is also one of "
                               + std::string{i->second}
                               + "; give each client its own");
}

/// A part of a whole that could never come to an end. A default gives way.
void check_part(const char* key, milliseconds part, milliseconds usual,
                const char* whole_key, milliseconds whole,
                const fault_sink& fault) {
  if (part > whole && part != usual)
    fault({key, whole_key}, std::string{"is longer than "} + whole_key
                                + " and would never count; make it at most as "
                                  "long");
}

void check_upstream(const upstream_options& x, const fault_sink& fault) {
  const upstream_options usual;
  const auto check = [&](const char* key,
                         milliseconds upstream_options::*part) {
    check_part(key, x.*part, usual.*part, "upstream.total_timeout",
               x.total_timeout, fault);
  };
  check("upstream.connect_timeout", &upstream_options::connect_timeout);
  check("upstream.first_byte_timeout", &upstream_options::first_byte_timeout);
  check("upstream.idle_timeout", &upstream_options::idle_timeout);
}

void check_api(const http_options& x, const fault_sink& fault) {
  const http_options usual;
  if (x.max_connections_per_address > x.max_connections
      && x.max_connections_per_address != usual.max_connections_per_address)
    fault({"api.max_connections_per_address", "api.max_connections"},
          "is more than api.max_connections ("
              + std::to_string(x.max_connections) + "); make it at most that");
  if (x.max_target_bytes > x.max_header_bytes
      && x.max_target_bytes != usual.max_target_bytes)
    fault({"api.max_target_bytes", "api.max_header_bytes"},
          "is more than api.max_header_bytes, which counts the target too; "
          "make it at most that");
}

} // namespace

void validate(const options& x, const fault_sink& fault) {
  check_tokens(x.clients, fault);
  if (x.clients.empty() && !is_loopback(listen_host(x.listen)))
    fault({"listen", "clients"},
          "would let other machines spend the pool's money, for there are no "
          "clients and the API asks nobody for a token; write an address of "
          "this machine such as 127.0.0.1:8787, or configure clients");
  check_order("routing.backoff_base", x.routing.backoff_base,
              "routing.backoff_max", x.routing.backoff_max, fault);
  check_order("health.eject_base", x.health.eject_base, "health.eject_max",
              x.health.eject_max, fault);
  check_order("health.cooldown_base", x.health.cooldown_base,
              "health.cooldown_max", x.health.cooldown_max, fault);
  if (x.batch.window < x.batch.max_in_flight)
    fault({"batch.window", "batch.max_in_flight"},
          "is smaller than batch.max_in_flight ("
              + std::to_string(x.batch.max_in_flight)
              + "); make it at least as large");
  if (x.batch.max_file_bytes < x.batch.max_line_bytes)
    fault({"batch.max_file_bytes", "batch.max_line_bytes"},
          "is smaller than batch.max_line_bytes; make it at least as large");
  if (x.routing.billed_attempts > x.routing.attempts
      && x.routing.billed_attempts != routing_options{}.billed_attempts)
    fault({"routing.billed_attempts", "routing.attempts"},
          "is more than routing.attempts ("
              + std::to_string(x.routing.attempts) + "); make it at most that");
  check_part("refresh.timeout", x.refresh.timeout, refresh_options{}.timeout,
             "refresh.interval", x.refresh.interval, fault);
  check_upstream(x.upstream, fault);
  check_api(x.api, fault);
  if (is_set(x.alerts.webhook_secret) && !is_set(x.alerts.webhook))
    fault({"alerts.webhook_secret", "alerts.webhook"},
          "signs nothing without alerts.webhook; set that or remove this");
}

void validate(const account_options& x, const fault_sink& fault) {
  if (is_newapi(x.balance.probe) && !is_newapi(x.kind))
    fault({"balance.probe", "provider"},
          to_string(x.balance.probe) + " is not served by provider "
              + to_string(x.kind)
              + "; use http_json or none, or the provider new_api, one_api or "
                "anyrouter");
  check_console(x, fault);
  check_http_json(x.balance, fault);
  if (x.low && *x.low < x.floor)
    fault({"low", "floor"}, "is below the floor (" + to_string(x.floor)
                                + "); make it at least that");
}

void validate(const client_options& x, const fault_sink& fault) {
  if (x.tokens.empty())
    fault({"tokens"}, "the list is empty; rota token makes a token and its "
                      "hash");
  if (x.cap.day && x.cap.month && *x.cap.month < *x.cap.day)
    fault({"cap.month", "cap.day"},
          "is below cap.day; make it at least that, or remove one");
}

std::vector<std::string> find_unknown_balances(const options& x) {
  std::vector<std::string> result;
  for (const auto& account : x.accounts)
    if (account.balance.probe == probe_kind::none && !account.balance.initial)
      result.push_back("accounts[" + account.name
                       + "].balance: there is neither initial nor probe, so "
                         "that nothing is sent to it unless an earlier start "
                         "knew what it holds; set one of them, or say rota "
                         "account " + account.name + " adjust USD");
  return result;
}

} // namespace rota
