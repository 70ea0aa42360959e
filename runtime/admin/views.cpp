#include "runtime/admin/views.hpp"

#include "actors/domain/batch_file.hpp"

namespace rota {

namespace {

double seconds(milliseconds x) {
  return static_cast<double>(x.count()) / 1'000;
}

} // namespace

json time_of(timestamp x) {
  return x.millis == 0 ? json(nullptr) : json(to_string(x));
}

json error_of(const std::string& code, const std::string& message) {
  return {{"error", {{"code", code}, {"message", message}}}};
}

json view_of(const model_cooldown& x) {
  return {{"model", x.model}, {"until", time_of(x.until)},
          {"reason", x.reason}};
}

json view_of(const model_factor& x) {
  return {{"model", x.model}, {"price_factor", to_string(x.price_factor)}};
}

json view_of(const account_view& x) {
  auto prices_off = json::array();
  for (const auto& each : x.prices_off)
    prices_off.push_back(view_of(each));
  auto cooling = json::array();
  for (const auto& each : x.cooling)
    cooling.push_back(view_of(each));
  return {
    {"name", x.name},
    {"provider", to_string(x.kind)},
    {"host", x.host},
    {"admin", x.removed ? "removed" : to_string(x.admin)},
    {"health", to_string(x.health)},
    {"funds", to_string(x.funds)},
    {"reading", to_decimal(x.reading)},
    {"read_at", time_of(x.read_at)},
    {"posted", to_decimal(x.posted)},
    {"held", to_decimal(x.held)},
    {"available", to_decimal(x.available)},
    {"floor", to_decimal(x.floor)},
    {"in_flight", x.in_flight},
    {"limit", x.limit},
    {"calls", x.calls},
    {"failures", x.failures},
    {"spent", to_decimal(x.spent)},
    {"overruns", x.overruns},
    {"lates", x.lates},
    {"stale", x.stale},
    {"posting_lag_s",
     std::chrono::duration<double>(x.posting_lag).count()},
    {"price_factor", to_string(x.price_factor)},
    {"prices_off", std::move(prices_off)},
    {"in_doubt", x.in_doubt},
    {"in_doubt_amount", to_decimal(x.in_doubt_amount)},
    {"last_used", time_of(x.last_used)},
    {"cooldown_until", time_of(x.cooldown_until)},
    {"reason", x.reason},
    {"cooling", std::move(cooling)},
    {"probed_at", time_of(x.probe.at)},
    {"probe_error", x.probe.error},
    {"models", x.models},
    {"tags", x.tags},
  };
}

json view_of(const client_view& x) {
  const auto cap = [](const std::optional<money>& y) {
    return y ? json(to_decimal(*y)) : json(nullptr);
  };
  return {
    {"name", x.name},
    {"tokens", x.tokens},
    {"calls", x.calls},
    {"spent", to_decimal(x.spent)},
    {"day_spent", to_decimal(x.day_spent)},
    {"day_cap", cap(x.day_cap)},
    {"month_spent", to_decimal(x.month_spent)},
    {"month_cap", cap(x.month_cap)},
    {"held", to_decimal(x.held)},
    {"in_doubt", to_decimal(x.in_doubt)},
    {"in_flight", x.in_flight},
    {"refused", x.refused},
    {"last_used", time_of(x.last_used)},
  };
}

json view_of(const alert& x) {
  return {
    {"kind", to_string(x.kind)},   {"state", to_string(x.state)},
    {"severity", to_string(x.level)}, {"account", x.account},
    {"since", time_of(x.since)},   {"text", x.text},
  };
}

json view_of(const open_hold& x, const std::string& account) {
  return {
    {"hold", to_string(x.id)},         {"account", account},
    {"amount", to_decimal(x.amount)},  {"since", time_of(x.made_at)},
    {"until", time_of(x.expires_at)},
    {"assumed", to_decimal(x.unlikely ? money{} : x.assumed())},
  };
}

json view_of(const batch_view& x, const std::string& waiting_for,
             const json& doubts) {
  const auto running = seconds(x.running_for);
  const auto live = x.row.state == batch_state::running
                    || x.row.state == batch_state::cancelling;
  const auto rate
    = running > 0 ? static_cast<double>(x.ended_here) / running : 0.0;
  const auto left = x.row.total - x.counts.ended();
  json eta = nullptr;
  if (live && rate > 0 && waiting_for.empty())
    eta = static_cast<double>(left) / rate;
  return {
    {"id", to_string(x.row.id)},
    {"name", x.row.options.name},
    {"file_name", x.row.file_name},
    {"state", to_string(x.row.state)},
    {"format", to_string(x.row.format)},
    {"policy", to_string(x.row.options.policy)},
    {"total", x.row.total},
    {"succeeded", x.counts.succeeded},
    {"failed", x.counts.failed},
    {"cancelled", x.counts.cancelled},
    {"in_flight", x.in_flight},
    {"spent", to_decimal(x.counts.spent)},
    {"created_at", time_of(x.row.created_at)},
    {"ended_at", time_of(x.row.ended_at)},
    {"rate_per_s", live ? rate : 0.0},
    {"eta_s", eta},
    {"waiting_for", x.waiting_for.empty() ? waiting_for : x.waiting_for},
    {"in_doubt", doubts},
  };
}

json view_of(const file_report& x) {
  auto faults = json::array();
  for (const auto& fault : x.faults)
    faults.push_back(
      {{"line", fault.line}, {"code", fault.code}, {"text", fault.text}});
  return {
    {"format", to_string(x.format)},
    {"folded", x.folded},
    {"lines", x.lines},
    {"valid", x.valid},
    {"fault_count", x.fault_count},
    {"faults", std::move(faults)},
    {"models", x.models},
    {"tokens",
     {{"input", x.tokens.input}, {"output_max", x.tokens.output}}},
    {"cost_max", to_decimal(x.list_cost_max)},
  };
}

} // namespace rota
