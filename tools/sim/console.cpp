#include "tools/sim/state.hpp"

namespace rota::sim {

namespace {

std::string complaint(std::string_view message) {
  return "{\"success\":false,\"message\":" + json_text(message) + "}";
}

/// x * y / z rounded down.
int64_t scaled(int64_t x, int64_t y, int64_t z) {
  const auto product = static_cast<__int128>(x) * y;
  const auto whole = product / z;
  return static_cast<int64_t>(product % z < 0 ? whole - 1 : whole);
}

/// An account's money as its site shows it.
struct view {
  const site_options& site;
  nanos left = 0;
  nanos used = 0;

  view(const site_options& by, account& x, microseconds now) : site{by} {
    const auto quantum = x.opts.quantum;
    left = floor_div(x.books.reported(now), quantum) * quantum;
    used = x.books.initial() + x.books.topped_up() - left;
  }

  std::string quota(nanos x) const {
    return std::to_string(scaled(x, site.quota_per_unit, nanos_per_usd));
  }

  /// As the billing calls show it.
  std::string shown(nanos x) const {
    switch (site.display) {
      case money_display::usd:
        break;
      case money_display::cny:
        return usd_number(scaled(x, site.usd_exchange_rate_ppm, 1'000'000));
      case money_display::tokens:
        return quota(x);
    }
    return usd_number(x);
  }
};

http_reply user_self(state& st, const http_request& x, microseconds now) {
  const auto token = console_token_of(x);
  if (token.empty())
    return json_reply(401, complaint("无权进行此操作，未登录且未提供 "
                                     "access token"));
  const auto who = st.by_access_token(token);
  if (who == nullptr)
    return json_reply(200, complaint("无权进行此操作，access token 无效"));
  if (x.user_id.empty())
    return json_reply(401, complaint("无权进行此操作，未提供 New-Api-User"));
  const auto id = std::to_string(who->opts.user_id);
  if (x.user_id != id)
    return json_reply(401, complaint("无权进行此操作，New-Api-User "
                                     "与登录用户不匹配"));
  const view money{st.opts.site, *who, now};
  auto out = "{\"success\":true,\"message\":\"\",\"data\":{\"id\":" + id;
  out += ",\"username\":" + json_text("sim_" + id);
  out += ",\"display_name\":" + json_text(who->opts.name);
  out += ",\"role\":1,\"status\":1,\"email\":\"\",\"group\":";
  append_json(out, who->opts.group);
  out += ",\"quota\":" + money.quota(money.left);
  out += ",\"used_quota\":" + money.quota(money.used);
  out += ",\"request_count\":" + std::to_string(who->books.charged_calls);
  out += ",\"aff_code\":\"\",\"aff_count\":0,\"aff_quota\":0,"
         "\"aff_history_quota\":0,\"inviter_id\":0,\"linux_do_id\":\"\","
         "\"setting\":\"{}\"}}";
  return json_reply(200, std::move(out));
}

http_reply token_usage(const site_options& site, account& who,
                       microseconds now) {
  const view money{site, who, now};
  auto out = std::string{"{\"code\":true,\"message\":\"ok\",\"data\":{"
                         "\"object\":\"token_usage\",\"name\":"};
  append_json(out, who.opts.name);
  out += ",\"total_granted\":" + money.quota(money.left + money.used);
  out += ",\"total_used\":" + money.quota(money.used);
  out += ",\"total_available\":" + money.quota(money.left);
  out += ",\"unlimited_quota\":false,\"model_limits\":{},"
         "\"model_limits_enabled\":false,\"expires_at\":0}}";
  return json_reply(200, std::move(out));
}

http_reply subscription(const site_options& site, account& who,
                        microseconds now) {
  const view money{site, who, now};
  const auto total = money.shown(money.left + money.used);
  return json_reply(200, "{\"object\":\"billing_subscription\","
                         "\"has_payment_method\":true,\"soft_limit_usd\":"
                             + total + ",\"hard_limit_usd\":" + total
                             + ",\"system_hard_limit_usd\":" + total
                             + ",\"access_until\":0}");
}

http_reply billing_usage(const site_options& site, account& who,
                         microseconds now) {
  const view money{site, who, now};
  // In hundredths of what it shows.
  return json_reply(200, "{\"object\":\"list\",\"total_usage\":"
                             + money.shown(money.used * 100) + "}");
}

http_reply status(const site_options& site, int64_t wall_seconds) {
  const auto in_tokens = site.display == money_display::tokens;
  const auto* shown = in_tokens                              ? "TOKENS"
                      : site.display == money_display::cny ? "CNY"
                                                             : "USD";
  return json_reply(
      200,
      "{\"success\":true,\"message\":\"\",\"data\":{\"version\":\"v0.11.2\","
      "\"start_time\":"
          + std::to_string(wall_seconds)
          + ",\"system_name\":\"rota-sim\",\"server_address\":\"\","
            "\"quota_per_unit\":"
          + std::to_string(site.quota_per_unit) + ",\"display_in_currency\":"
          + (in_tokens ? "false" : "true") + ",\"quota_display_type\":\""
          + shown + "\",\"usd_exchange_rate\":"
          + usd_number(site.usd_exchange_rate_ppm * 1'000)
          + ",\"price\":7.3,\"turnstile_check\":false,"
            "\"checkin_enabled\":false,\"email_verification\":false}}");
}

} // namespace

http_reply handle_console(state& st, surface is, const http_request& x,
                          microseconds now, int64_t wall_seconds) {
  if (is == surface::status)
    return status(st.opts.site, wall_seconds);
  if (is == surface::user_self)
    return user_self(st, x, now);
  const auto who = st.by_key(key_of(x));
  if (who == nullptr) {
    if (is == surface::token_usage)
      return json_reply(401, complaint(x.authorization.empty()
                                           ? "No Authorization header"
                                           : "Invalid Bearer token"));
    // The billing calls answer 200, whatever they say.
    return json_reply(200, R"({"error":{"message":"无效的令牌",)"
                           R"("type":"upstream_error","param":"","code":""}})");
  }
  switch (is) {
    case surface::token_usage:
      return token_usage(st.opts.site, *who, now);
    case surface::subscription:
      return subscription(st.opts.site, *who, now);
    default:
      return billing_usage(st.opts.site, *who, now);
  }
}

} // namespace rota::sim
