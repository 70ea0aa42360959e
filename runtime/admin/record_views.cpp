#include "runtime/admin/record_views.hpp"

#include <fmt/format.h>

namespace rota {

namespace {

json view_of(const attempt_record& x, const record_names& names) {
  const auto succeeded = x.sent && x.cls == failure_class::none;
  return {
    {"account", names.account(x.account)},
    {"at", time_of(x.at)},
    {"sent", x.sent},
    {"class", !x.sent     ? json(nullptr)
              : succeeded ? json("succeeded")
                          : json(to_string(x.cls))},
    {"reason", x.reason},
    {"status", x.status},
    {"first_byte_ms", x.first_byte.count()},
    {"total_ms", x.total.count()},
    {"hold", to_decimal(x.hold)},
    {"cost", to_decimal(x.cost)},
    {"in_doubt", x.in_doubt()},
  };
}

json view_of(const candidate& x, strategy by, const record_names& names) {
  return {
    {"account", names.account(x.account)},
    {"finding", to_string(x.finding)},
    {"because", explain(x.finding)},
    {"score", x.score},
    {"ranked_by", score_text(by, x)},
    {"available", to_decimal(x.available)},
    {"until", time_of(x.until)},
  };
}

json view_of(const pick_record& x, const record_names& names) {
  json chosen = nullptr;
  auto candidates = json::array();
  for (const auto& each : x.candidates) {
    if (each.finding == pick_finding::chosen)
      chosen = names.account(each.account);
    candidates.push_back(view_of(each, x.by, names));
  }
  auto rest = json::array();
  for (const auto& each : x.rest)
    rest.push_back({{"finding", to_string(each.finding)},
                    {"because", explain(each.finding)},
                    {"accounts", each.accounts}});
  return {
    {"at", time_of(x.at)},
    {"waited_ms", x.waited.count()},
    {"strategy", to_string(x.by)},
    {"chosen", std::move(chosen)},
    {"refused", x.why == ec::ok ? json(nullptr) : json(to_string(x.why))},
    {"because", x.why == ec::ok ? std::string{} : explain(x.why)},
    {"list_cost", to_decimal(x.list_cost)},
    {"accounts", x.accounts},
    {"candidates", std::move(candidates)},
    {"rest", std::move(rest)},
  };
}

const char* text_of(usage_source x) {
  switch (x) {
    case usage_source::upstream:
      return "reported";
    case usage_source::estimated:
      return "estimated";
    case usage_source::partial:
      return "partial";
  }
  return "?";
}

const char* text_of(service_tier x) {
  switch (x) {
    case service_tier::standard:
      return "standard";
    case service_tier::flex:
      return "flex";
    case service_tier::priority:
      return "priority";
    case service_tier::batch:
      return "batch";
  }
  return "?";
}

/// All that a cost is made of.
json view_of(const usage& x) {
  return {
    {"in", x.input_total()},
    {"cached", x.cache_read},
    {"written_5m", x.cache_write_5m},
    {"written_1h", x.cache_write_1h},
    {"media_in", x.media_input},
    {"out", x.output},
    {"reasoning", x.reasoning},
    {"media_out", x.media_output},
    {"web_searches", x.web_searches},
    {"images", x.units.images},
    {"characters", x.units.characters},
    {"audio_ms", x.units.audio_ms},
    {"rerank_searches", x.units.searches},
    {"tier", text_of(x.tier)},
    {"fast", x.fast},
    {"us_only", x.us_only},
    {"source", text_of(x.source)},
    {"estimated", x.source == usage_source::estimated},
  };
}

} // namespace

std::string score_text(strategy by, const candidate& x) {
  switch (by) {
    case strategy::most_balance:
      return to_string(money{x.score}) + " USD available";
    case strategy::least_used:
      return fmt::format("{} calls, {} USD in the window", x.score,
                         to_string(money{x.tie}));
    case strategy::least_recently_used:
      return x.score == 0 ? "never used"
                          : "last used " + to_string(timestamp{x.score});
    case strategy::round_robin:
      return x.score == 0 ? "no turn yet" : fmt::format("turn {}", x.score);
    case strategy::fastest:
      return x.score == 0
               ? "not timed yet"
               : fmt::format("{:.1f} ms to the first byte times load",
                             static_cast<double>(x.score) / 1'000);
    case strategy::proportional:
      return fmt::format("next turn in {:.6f}",
                         static_cast<double>(x.score) / 1e6);
  }
  return {};
}

json view_of(const usage_record& x, const record_names& names) {
  auto attempts = json::array();
  for (const auto& each : x.attempts)
    attempts.push_back(view_of(each, names));
  json client = nullptr;
  if (x.client != client_id{})
    client = names.client(x.client);
  json account = nullptr;
  if (!x.attempts.empty())
    account = names.account(x.attempts.back().account);
  return {
    {"id", to_string(x.id)},
    {"client_request_id", x.client_request_id},
    {"at", time_of(x.at)},
    {"client", std::move(client)},
    {"surface", to_string(x.route)},
    {"model", x.model},
    {"streamed", x.streamed},
    {"account", std::move(account)},
    {"outcome", to_string(x.outcome)},
    {"error", x.error_code},
    {"status", x.status},
    {"first_byte_ms", x.first_byte.count()},
    {"total_ms", x.total.count()},
    {"tokens", view_of(x.used)},
    {"price", {{"model", x.price_name}, {"basis", to_string(x.priced)}}},
    {"hold", to_decimal(x.hold)},
    {"cost", to_decimal(x.cost)},
    {"in_doubt", to_decimal(in_doubt(x))},
    {"attempts", std::move(attempts)},
  };
}

json whole_view_of(const usage_record& x, const record_names& names) {
  auto result = view_of(x, names);
  auto picks = json::array();
  for (const auto& each : x.picks)
    picks.push_back(view_of(*each, names));
  result["picks"] = std::move(picks);
  return result;
}

} // namespace rota
