// The balance probes of the dialect: what is asked, and what an answer says.

#include "actors/domain/bounded_json.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/domain/json_amount.hpp"
#include "actors/domain/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rota {

namespace {

using json = nlohmann::json;

/// new-api's billing calls name this limit, in USD, for a key without one.
const money no_limit{100'000'000'000'000'000};

/// How far back the billing call is asked for. new-api and one-api ignore the
/// dates, others count from the start.
constexpr std::chrono::days billing_days{100};

bool is_true(const json& x, const json::json_pointer& where) {
  return x.is_structured() && x.contains(where) && x[where] == json(true);
}

std::string text(const json& x, const json::json_pointer& where) {
  if (!x.is_structured() || !x.contains(where) || !x[where].is_string())
    return {};
  return x[where].get<std::string>();
}

/// "2026-11-23".
std::string date(timestamp t) {
  return to_string(t).substr(0, 10);
}

probe_reading failed(probe_outcome outcome, std::string error) {
  probe_reading x;
  x.outcome = outcome;
  x.error = std::move(error);
  return x;
}

probe_reading figure(std::optional<money> x, const std::string& where) {
  if (!x)
    return failed(probe_outcome::transient,
                  "The answer has no amount at " + where + ".");
  probe_reading result;
  result.outcome = probe_outcome::ok;
  result.balance = *x;
  return result;
}

/// Whether a site says that it refuses the credential, as new-api, one-api and
/// their forks word it. Other failures under the same status are faults of
/// the site, its database being away for example.
bool is_refusal(std::string_view message, std::string_view code) {
  constexpr std::string_view words[] = {
    "无权进行此操作", "access token", "未登录",        "无效的令牌",
    "令牌已过期",     "状态不可用",   "封禁",          "Invalid token",
    "invalid token",  "Invalid Bearer", "Unauthorized", "unauthorized",
  };
  return code.starts_with("AUTH_") || code == "invalid_api_key"
         || std::any_of(std::begin(words), std::end(words), [&](auto x) {
              return message.find(x) != std::string_view::npos;
            });
}

std::string said(int status, const std::string& message) {
  auto result = "HTTP " + std::to_string(status);
  if (!message.empty())
    result += ", " + std::string{head_of(message, 200)};
  return result;
}

probe_reading banned(const std::string& how) {
  return failed(probe_outcome::banned,
                "The site has banned the user (" + how + ").");
}

probe_reading refusal(int status, const std::string& message,
                      std::string_view code) {
  if (message.find("封禁") != std::string::npos || code == "AUTH_USER_DISABLED")
    return banned(said(status, message));
  return failed(probe_outcome::auth_failed,
                "The site refuses the credential (" + said(status, message)
                  + ").");
}

bool is_html(const upstream_outcome& x) {
  return x.header("content-type").find("text/html") != std::string_view::npos
         || trimmed(x.body).starts_with('<');
}

/// A web firewall or a login page. Firewalls let a browser pass that has solved
/// their puzzle, and know it by its cookies.
probe_reading web_page(const upstream_outcome& x, probe_kind asked) {
  const auto wall = x.body.find("arg1") != std::string::npos
                    || x.body.find("acw_sc__v2") != std::string::npos;
  auto text = std::string{wall ? "A web firewall blocks the site"
                               : "The site answered with a web page instead of "
                                 "JSON, a login page or a web firewall"}
              + " (HTTP " + std::to_string(x.status) + ")";
  if (asked == probe_kind::newapi_console)
    text += ": write the full Cookie string of a browser that is signed in "
            "there, session, acw_tc, cdn_sec_tc and acw_sc__v2 included, where "
            "balance.console points to";
  return failed(probe_outcome::transient, text + '.');
}

/// No site nests its answers deeper.
constexpr int depth_max = 32;

/// @returns What is wrong with an answer whatever was asked, or nothing.
std::optional<probe_reading> fault_of(const upstream_outcome& x,
                                      const json& body, probe_kind asked) {
  if (x.ended != transport::ok)
    return failed(probe_outcome::transient, x.error);
  if (x.status == 404 || x.status == 405 || x.status == 501)
    return failed(probe_outcome::unsupported,
                  "The site has no such call (HTTP "
                    + std::to_string(x.status) + ").");
  if (is_html(x))
    return web_page(x, asked);
  static const json::json_pointer top{"/message"};
  static const json::json_pointer inner{"/error/message"};
  const auto outer = text(body, top);
  const auto message = outer.empty() ? text(body, inner) : outer;
  const auto error = body.is_object() && body.contains("error")
                     && !body["error"].is_null();
  const auto code = error ? text(body, json::json_pointer{"/error/code"})
                          : text(body, json::json_pointer{"/code"});
  if (x.status == 401 || x.status == 403)
    return refusal(x.status, message, code);
  if (x.status < 200 || x.status > 299)
    return failed(probe_outcome::transient,
                  "The site failed (" + said(x.status, message) + ").");
  if (!body.is_structured())
    return failed(probe_outcome::transient, "The answer is no JSON.");
  static const json::json_pointer success{"/success"};
  const auto refused = body.contains(success) && body[success] == json(false);
  if (!error && !refused)
    return std::nullopt;
  if (is_refusal(message, code))
    return refusal(x.status, message, code);
  return failed(probe_outcome::transient,
                "The site failed (" + said(x.status, message) + ").");
}

upstream_request get(std::string path, credential which) {
  upstream_request x;
  x.method = "GET";
  x.secret = which;
  x.path = std::move(path);
  x.headers = {{"accept", "application/json"}};
  return x;
}

probe_reading read_console(int64_t units_per_usd, const json& body) {
  static const json::json_pointer status{"/data/status"};
  static const json::json_pointer quota{"/data/quota"};
  constexpr auto disabled = 2;
  if (body.contains(status) && body[status] == json(disabled))
    return banned("/data/status is 2");
  return figure(amount_at(body, quota, {1, units_per_usd}), "/data/quota");
}

probe_reading read_token(int64_t units_per_usd, const json& body) {
  static const json::json_pointer unlimited{"/data/unlimited_quota"};
  static const json::json_pointer available{"/data/total_available"};
  if (is_true(body, unlimited))
    return failed(probe_outcome::unlimited,
                  "The key has no limit of its own; probe newapi_console asks "
                  "for the user's balance.");
  return figure(amount_at(body, available, {1, units_per_usd}),
                "/data/total_available");
}

usd_ratio ratio_of(factor x) {
  return {x.ppm, 1'000'000};
}

/// What the operator's pointers lead to.
probe_reading read_pointers(const balance_options& x, const json& body) {
  const auto unit = ratio_of(x.scale.value_or(factor{}));
  if (!x.unlimited_pointer.empty()) {
    const json::json_pointer where{x.unlimited_pointer};
    const auto number = amount_at(body, where, {});
    if (is_true(body, where) || (number && *number < money{}))
      return failed(probe_outcome::unlimited,
                    "The site says at " + x.unlimited_pointer
                      + " that there is no limit.");
  }
  const auto total = amount_at(body, json::json_pointer{x.pointer}, unit);
  if (!total || x.used_pointer.empty())
    return figure(total, x.pointer);
  const auto used = amount_at(body, json::json_pointer{x.used_pointer}, unit,
                           rounding::up);
  return figure(difference(total, used), x.used_pointer);
}

probe_reading read_billing(usd_ratio unit, std::span<const json> bodies) {
  static const json::json_pointer limit{"/hard_limit_usd"};
  static const json::json_pointer usage{"/total_usage"};
  const auto said = amount_at(bodies[0], limit, {});
  if (said && *said >= no_limit)
    return failed(probe_outcome::unlimited,
                  "The key has no limit of its own; probe newapi_console asks "
                  "for the user's balance.");
  const auto total = amount_at(bodies[0], limit, unit);
  if (!total)
    return figure(total, "/hard_limit_usd");
  if (bodies.size() < 2)
    return failed(probe_outcome::transient,
                  "The call for the usage was not answered.");
  // In cents. What is spent is rounded up, so the balance is rounded down.
  const auto used = amount_at(bodies[1], usage,
                              {unit.numerator, unit.denominator * 100},
                              rounding::up);
  return figure(difference(total, used), "/total_usage");
}

} // namespace

std::vector<upstream_request> compose_probe(const balance_options& x,
                                            timestamp now) {
  constexpr auto key = credential::api_key;
  switch (x.probe) {
    case probe_kind::none:
      break;
    case probe_kind::newapi_console:
      return {get("/api/user/self", credential::console)};
    case probe_kind::newapi_token:
      return {get("/api/usage/token/", key)};
    case probe_kind::newapi_billing:
      return {get("/v1/dashboard/billing/subscription", key),
              get("/v1/dashboard/billing/usage?start_date="
                    + date(now - billing_days) + "&end_date="
                    + date(now + std::chrono::days{1}),
                  key)};
    case probe_kind::http_json:
      return {get(x.path, key)};
  }
  return {};
}

probe_reading read_probe(const balance_options& x,
                         std::span<const upstream_outcome_ptr> answers,
                         const site_units& site) {
  if (answers.empty())
    return failed(probe_outcome::transient, "No answer came.");
  std::vector<json> bodies;
  for (const auto& answer : answers) {
    bodies.push_back(parse_bounded(answer->body, depth_max));
    if (auto fault = fault_of(*answer, bodies.back(), x.probe))
      return std::move(*fault);
  }
  switch (x.probe) {
    case probe_kind::none:
      break;
    case probe_kind::newapi_console:
      return read_console(x.units_per_usd.value_or(site.per_usd), bodies[0]);
    case probe_kind::newapi_token:
      return read_token(x.units_per_usd.value_or(site.per_usd), bodies[0]);
    case probe_kind::newapi_billing:
      return read_billing(x.scale ? ratio_of(*x.scale) : site.shown, bodies);
    case probe_kind::http_json:
      return read_pointers(x, bodies[0]);
  }
  return failed(probe_outcome::unsupported, "This account has no probe.");
}

} // namespace rota
