#include "actors/domain/alert_rules.hpp"

namespace rota {

std::vector<alert> alert_rules::walk(const std::vector<account_view>& accounts,
                                     const pool_state& pool, timestamp now) {
  std::vector<alert> edges;
  for (const auto& x : accounts) {
    alert about;
    about.account = x.name;
    about.provider = to_string(x.kind);
    about.available = x.available;
    about.floor = x.floor;
    const auto name = "Account " + x.name;
    about.kind = alert_kind::account_low;
    about.level = severity::warning;
    about.text = name + " has only " + to_string(x.available)
                 + " USD available; its floor is " + to_string(x.floor)
                 + " USD.";
    judge({about.kind, x.name}, x.funds == funds_state::low, about, now,
          edges);
    about.kind = alert_kind::account_exhausted;
    about.level = severity::error;
    about.text = name + " has no money left to spend: " + to_string(x.available)
                 + " USD available, floor " + to_string(x.floor) + " USD.";
    judge({about.kind, x.name}, x.funds == funds_state::exhausted, about, now,
          edges);
    about.kind = alert_kind::account_ejected;
    about.level = severity::error;
    about.text = name + " is ejected after failures"
                 + (x.reason.empty() ? "." : ": " + x.reason + ".");
    judge({about.kind, x.name}, x.health == health_state::ejected, about, now,
          edges);
  }
  alert about;
  about.kind = alert_kind::all_accounts_failed;
  about.level = severity::critical;
  about.text = "No account can serve: every one was refused or failed.";
  const key everybody{about.kind, ""};
  const auto failed = pool.refused > last_pool_.refused;
  const auto served = pool.served > last_pool_.served;
  const auto& before = tracks_[everybody];
  const auto was_on = before.state == alert_state::firing
                      || before.state == alert_state::pending;
  // Once on, only a job that is served turns it off.
  judge(everybody, !served && (failed || was_on), about, now, edges);
  last_pool_ = pool;
  return edges;
}

std::vector<alert> alert_rules::firing() const {
  std::vector<alert> result;
  for (const auto& [which, x] : tracks_)
    if (x.state == alert_state::firing)
      result.push_back(x.last);
  return result;
}

void alert_rules::judge(key which, bool condition, alert text, timestamp now,
                        std::vector<alert>& edges) {
  auto& it = tracks_[which];
  text.at = now;
  if (!condition) {
    if (it.state == alert_state::firing) {
      text.state = alert_state::resolved;
      text.level = severity::info;
      text.since = it.since;
      text.text = which.first == alert_kind::all_accounts_failed
                    ? "Jobs are served again."
                    : "Account " + which.second + " is well again: "
                        + to_string(text.available) + " USD available.";
      edges.push_back(text);
    }
    it = {};
    it.state = alert_state::inactive;
    return;
  }
  if (it.state == alert_state::inactive) {
    it.state = alert_state::pending;
    it.since = now;
  }
  text.since = it.since;
  text.state = alert_state::firing;
  if (it.state == alert_state::pending && now - it.since >= options_.hold) {
    it.state = alert_state::firing;
    edges.push_back(text);
  }
  it.last = std::move(text);
}

} // namespace rota
