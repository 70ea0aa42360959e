#include "actors/domain/alert_rules.hpp"

#include "actors/domain/json_text.hpp"

#include <set>

namespace rota {

namespace {

std::string subject(const std::string& account) {
  return "Account " + account;
}

/// A sentence's end, after a reason that may have one of its own.
std::string ended(std::string text) {
  if (text.empty() || text.back() != '.')
    text += '.';
  return text;
}

std::string low_text(const account_view& x) {
  return subject(x.name) + " has only " + to_string(x.available)
         + " USD available; its floor is " + to_string(x.floor) + " USD.";
}

std::string exhausted_text(const account_view& x) {
  if (x.available - x.floor > x.least_hold && !x.reason.empty())
    return subject(x.name) + " has no money left, says its provider ("
           + x.reason + "), although the books say "
           + to_string(x.available) + " USD.";
  return subject(x.name) + " has no money left to spend: "
         + to_string(x.available) + " USD available, floor "
         + to_string(x.floor) + " USD.";
}

std::string ejected_text(const account_view& x) {
  return ended(subject(x.name) + " is ejected after failures"
               + (x.reason.empty() ? "" : ": " + x.reason));
}

/// So many accounts are named with their reasons, each so short.
constexpr size_t named_max = 3;
constexpr size_t reason_max = 80;

/// Why an account serves nothing, or not everything; empty if it does.
std::string trouble_of(const account_view& x) {
  if (x.admin != admin_state::ready)
    return "is in " + to_string(x.admin);
  if (!x.reason.empty()) {
    const auto text = head_of(x.reason, reason_max);
    return std::string{text} + (text.size() < x.reason.size() ? "..." : "");
  }
  if (x.funds == funds_state::exhausted)
    return "has no money left";
  return x.funds == funds_state::unknown ? "has no balance yet" : "";
}

/// "No account can serve: a (HTTP 500), b (has no money left)."
std::string all_failed_text(const std::vector<account_view>& accounts) {
  std::string reasons;
  size_t named = 0;
  for (const auto& x : accounts) {
    const auto trouble = trouble_of(x);
    if (trouble.empty() || ++named > named_max)
      continue;
    reasons += (reasons.empty() ? ": " : ", ") + x.name + " (" + trouble + ')';
  }
  if (named > named_max)
    reasons += " and " + std::to_string(named - named_max) + " more";
  return "No account can serve, every one was refused or failed" + reasons
         + '.';
}

bool serves(const account_view& x) {
  return x.health == health_state::healthy && trouble_of(x).empty();
}

/// ": for gpt-5-mini 1.5 times", for the first few.
std::string models_text(const std::vector<model_factor>& models) {
  std::string result;
  for (size_t i = 0; i < models.size() && i < named_max; ++i)
    result += (i == 0 ? ": for " : ", for ") + models[i].model + ' '
              + to_string(models[i].price_factor) + " times";
  if (models.size() > named_max)
    result += " and " + std::to_string(models.size() - named_max) + " more";
  return result;
}

std::string resolved_text(const alert& x) {
  switch (x.kind) {
    case alert_kind::all_accounts_failed:
      return "Jobs are served again.";
    case alert_kind::disk_low:
      return "The disk of the store has room again.";
    case alert_kind::account_ejected:
      return subject(x.account) + " is healthy again.";
    case alert_kind::account_overruns:
      return subject(x.account) + " is charged within its estimates again.";
    case alert_kind::account_lates:
      return subject(x.account) + " is charged in time again.";
    case alert_kind::account_unexplained:
      return subject(x.account) + " has lost nothing unexplained for an hour.";
    case alert_kind::account_in_doubt:
      return subject(x.account) + " has little money in doubt again.";
    case alert_kind::account_price:
      return subject(x.account) + " is charged by the price table again.";
    case alert_kind::account_stale:
    case alert_kind::account_probe:
      return subject(x.account) + "'s balance is read again.";
    default:
      return subject(x.account) + " has " + to_string(x.available)
             + " USD available again.";
  }
}

} // namespace

std::vector<alert> alert_rules::walk(const std::vector<account_view>& accounts,
                                     const pool_state& pool, timestamp now) {
  std::vector<alert> edges;
  std::set<std::string_view> known;
  for (const auto& x : accounts) {
    known.insert(x.name);
    walk_account(x, now, edges);
  }
  alert about;
  about.kind = alert_kind::all_accounts_failed;
  const auto refused = pool.refused > last_pool_.refused;
  const auto served = pool.served > last_pool_.served;
  // Once on, only a job that is served turns it off.
  const auto all_failed
    = !served && (refused || pool.is_stuck || is_on(about.kind, ""));
  const auto of_one = !refused
                      && std::any_of(accounts.begin(), accounts.end(), serves);
  about.level = of_one ? severity::warning : severity::critical;
  if (all_failed)
    about.text = of_one ? "A job waits that no account can serve, though some"
                          " serve others; `rota status` says for what."
                        : all_failed_text(accounts);
  judge(about, all_failed, now, edges);
  last_pool_ = pool;
  about.kind = alert_kind::disk_low;
  about.text = "The disk of the store is nearly full: no new calls are started"
               " until there is room.";
  judge(about, pool.disk_low, now, edges);
  // Who left the pool needs no help any more.
  for (auto i = tracks_.begin(); i != tracks_.end();) {
    const auto& name = i->first.second;
    if (name.empty() || known.contains(name)) {
      ++i;
      continue;
    }
    if (i->second.state == alert_state::firing) {
      edges.push_back(resolved(i->second, i->second.last, now));
      edges.back().text = subject(name) + " left the pool.";
    }
    i = tracks_.erase(i);
  }
  return edges;
}

void alert_rules::walk_account(const account_view& x, timestamp now,
                               std::vector<alert>& edges) {
  alert about;
  about.account = x.name;
  about.provider = to_string(x.kind);
  about.available = x.available;
  about.floor = x.floor;
  const auto exhausted = x.funds == funds_state::exhausted;
  about.kind = alert_kind::account_low;
  about.level = severity::warning;
  about.text = low_text(x);
  // Who runs dry is not well again.
  judge(about,
        x.funds == funds_state::low
          || (exhausted && is_on(about.kind, x.name)),
        now, edges);
  about.kind = alert_kind::account_exhausted;
  about.level = severity::error;
  about.text = exhausted_text(x);
  judge(about, exhausted, now, edges);
  about.kind = alert_kind::account_ejected;
  about.level = severity::error;
  about.text = ejected_text(x);
  // A probe that may still fail is no recovery.
  judge(about,
        x.health == health_state::ejected
          || (x.health == health_state::probing && is_on(about.kind, x.name)),
        now, edges);
  walk_books(x, about, now, edges);
}

void alert_rules::walk_books(const account_view& x, alert about, timestamp now,
                             std::vector<alert>& edges) {
  const auto rule = [&](alert_kind kind, severity level, bool condition,
                        const auto& text) {
    about.kind = kind;
    about.level = level;
    if (condition)
      about.text = subject(x.name) + text();
    judge(about, condition, now, edges);
  };
  const auto times = [](uint64_t n) {
    return std::to_string(n) + (n == 1 ? " time" : " times");
  };
  rule(alert_kind::account_overruns, severity::warning,
       x.overruns_per_hour > options_.overruns_per_hour, [&] {
         return " was charged more than was held "
                + times(x.overruns_per_hour) + " within an hour.";
       });
  rule(alert_kind::account_lates, severity::warning,
       x.lates_per_hour > options_.lates_per_hour, [&] {
         return " was charged after a hold had ended "
                + times(x.lates_per_hour) + " within an hour.";
       });
  rule(alert_kind::account_unexplained, severity::error,
       x.unexplained_per_hour > options_.unexplained_per_hour, [&] {
         return " lost " + to_string(x.unexplained_per_hour)
                + " USD within an hour that nothing explains: somebody else"
                  " uses its key, or its prices are higher than configured.";
       });
  rule(alert_kind::account_in_doubt, severity::warning,
       x.in_doubt_amount > options_.in_doubt, [&] {
         return " has " + to_string(x.in_doubt_amount)
                + " USD in calls that were perhaps charged; "
                  "`rota status` lists them.";
       });
  rule(alert_kind::account_price, severity::error, x.price_off, [&] {
    return "'s price table is wrong: its provider charges "
           + to_string(x.price_factor)
           + " times what the table and its multiplier say"
           + models_text(x.prices_off) + '.';
  });
  rule(alert_kind::account_stale, severity::warning, x.stale, [&] {
    return "'s balance was last read at " + to_string(x.read_at)
           + "; what others spent since is not known.";
  });
  rule(alert_kind::account_probe, severity::warning, !x.probe.error.empty(),
       [&] { return "'s balance cannot be read: " + ended(x.probe.error); });
}

std::vector<alert> alert_rules::firing() const {
  std::vector<alert> result;
  for (const auto& [which, x] : tracks_)
    if (x.state == alert_state::firing)
      result.push_back(x.last);
  return result;
}

bool alert_rules::is_on(alert_kind kind, const std::string& account) const {
  return tracks_.contains({kind, account});
}

alert alert_rules::resolved(const track& it, alert text, timestamp now) {
  text.state = alert_state::resolved;
  text.level = severity::info;
  text.since = it.since;
  text.at = now;
  text.text = resolved_text(text);
  return text;
}

void alert_rules::judge(const alert& about, bool condition, timestamp now,
                        std::vector<alert>& edges) {
  const key which{about.kind, about.account};
  const auto found = tracks_.find(which);
  if (!condition) {
    if (found == tracks_.end())
      return;
    if (found->second.state == alert_state::firing)
      edges.push_back(resolved(found->second, about, now));
    tracks_.erase(found);
    return;
  }
  auto& it = found != tracks_.end() ? found->second : tracks_[which];
  if (it.state == alert_state::inactive) {
    it.state = alert_state::pending;
    it.since = now;
  }
  it.last = about;
  it.last.since = it.since;
  it.last.at = now;
  it.last.state = alert_state::firing;
  if (it.state == alert_state::pending && now - it.since >= options_.hold) {
    it.state = alert_state::firing;
    edges.push_back(it.last);
  }
}

} // namespace rota
