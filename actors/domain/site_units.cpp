#include "actors/domain/site_units.hpp"

#include "actors/domain/bounded_json.hpp"
#include "actors/domain/json_amount.hpp"

#include <nlohmann/json.hpp>

namespace rota {

namespace {

using json = nlohmann::json;

constexpr int64_t nano = 1'000'000'000;

/// No site counts finer, and no currency is worth less.
constexpr int64_t most = 1'000'000'000'000;

/// A positive number that stands there, in billionths.
std::optional<int64_t> number_at(const json& x, const char* where) {
  const auto found = amount_at(x, json::json_pointer{where}, {});
  if (!found || found->nanos <= 0)
    return std::nullopt;
  return found->nanos;
}

/// What one unit of another currency is worth.
usd_ratio worth(const json& x, const char* rate) {
  const auto per_usd = number_at(x, rate);
  return per_usd && *per_usd <= most * 1'000 ? usd_ratio{nano, *per_usd}
                                             : usd_ratio{};
}

bool says(const json& x, const char* where, const json& what) {
  const json::json_pointer at{where};
  return x.contains(at) && x[at] == what;
}

} // namespace

bool needs_units(const balance_options& x) {
  switch (x.probe) {
    case probe_kind::newapi_console:
    case probe_kind::newapi_token:
      return !x.units_per_usd;
    case probe_kind::newapi_billing:
      return !x.scale;
    case probe_kind::none:
    case probe_kind::http_json:
      break;
  }
  return false;
}

upstream_request compose_units(const balance_options& x) {
  upstream_request result;
  result.method = "GET";
  // The call wants no credential, but a web firewall may.
  result.secret = x.probe == probe_kind::newapi_console ? credential::console
                                                        : credential::api_key;
  result.path = "/api/status";
  result.headers = {{"accept", "application/json"}};
  return result;
}

std::optional<site_units> read_units(const upstream_outcome& x) {
  if (x.ended != transport::ok || x.status == 429 || x.status >= 500)
    return std::nullopt;
  site_units result;
  const auto body = parse_bounded(x.body);
  if (x.status != 200 || !body.is_object())
    return result;
  if (const auto units = number_at(body, "/data/quota_per_unit");
      units && *units >= nano)
    result.per_usd = *units / nano;
  if (says(body, "/data/quota_display_type", "TOKENS")
      || says(body, "/data/display_in_currency", false))
    result.shown = {1, result.per_usd};
  else if (says(body, "/data/quota_display_type", "CNY"))
    result.shown = worth(body, "/data/usd_exchange_rate");
  else if (says(body, "/data/quota_display_type", "CUSTOM"))
    result.shown = worth(body, "/data/custom_currency_exchange_rate");
  return result;
}

} // namespace rota
