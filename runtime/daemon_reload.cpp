#include "runtime/api/price_watch.hpp"
#include "runtime/client_memory.hpp"
#include "runtime/daemon_parts.hpp"

#include <caf/send.hpp>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace rota {

namespace {

/// What accounts remember of holds that have ended is read from so many of the
/// ledger's last entries: some milliseconds of a start.
constexpr size_t tail_entries = 65'536;

} // namespace

account_memory daemon::recall(const std::string& name) {
  account_memory result;
  const auto id = disk_->id_of(name);
  result.head = disk_->head_of(id);
  result.head.name = name;
  result.row = disk_->row_of(id);
  for (const auto& hold : result.head.holds) {
    ++found_.doubts; // Nobody knows any more what became of them.
    found_.amount += hold.amount;
  }
  if (const auto i = ended_.find(id); i != ended_.end())
    result.ended = std::move(i->second);
  return result;
}

/// Sums of days and months go by the clock, and so do holds' ends.
void daemon::warn_of_clock() const {
  timestamp last;
  for (const auto& x : disk_->heads())
    last = std::max(last, x.last_used);
  for (const auto& x : disk_->clients())
    last = std::max(last, x.last_used);
  constexpr milliseconds most{60'000};
  if (const auto now = all_->now(); now + most < last)
    spdlog::warn("The clock says {}, but the last call in the books was made"
                 " at {}: it was ahead then, or is behind now. What clients"
                 " may spend in this day and month begins anew; if the clock"
                 " is wrong, set it and start rotad again.",
                 to_string(now), to_string(last));
}

void daemon::add_accounts(const options& all,
                          const std::vector<account_options>& x) {
  if (x.empty())
    return;
  ended_ = endings_of(disk_->ledger_tail(tail_entries));
  accounts_->apply(all, x);
  ended_.clear();
}

/// New names are written to the store at once, which must not meet a full disk.
/// @returns Why they cannot be; nothing if they can, or if there are none.
std::string daemon::fault_of_room(const options& fresh) const {
  std::string stranger;
  for (const auto& x : fresh.accounts)
    if (!disk_->has_account(x.name))
      stranger = "account " + x.name;
  for (const auto& x : fresh.clients)
    if (!disk_->has_client(x.name))
      stranger = "client " + x.name;
  if (stranger.empty() || has_room(start_.opts.store.low_space_bytes))
    return {};
  return "The disk of " + start_.opts.state_dir + " is nearly full, and "
         + stranger + " is new to the store: free some space, then reload"
           " again.";
}

reload_report daemon::reload() {
  std::lock_guard guard{reload_mutex_};
  reload_report report;
  auto fresh = load_configuration(config_path_);
  const auto check = [&fresh](std::string fault) {
    if (!fault.empty())
      fresh.faults.push_back(std::move(fault));
  };
  if (fresh.faults.empty())
    check(fault_of_opening(*fresh.clients, listener_->address()));
  if (fresh.faults.empty())
    check(fault_of_room(fresh.opts));
  if (!fresh.faults.empty()) {
    spdlog::warn("rotad keeps its configuration, for the new one has faults:"
                 " {}",
                 fmt::join(fresh.faults, " | "));
    report.faults = std::move(fresh.faults);
    return report;
  }
  try {
    return take_over(std::move(fresh));
  } catch (const std::exception& x) {
    // The next reload does again what this one has done.
    spdlog::error("The reload broke off: {}", x.what());
    report.faults = {std::string{"The reload broke off: "} + x.what()};
    report.in_part = true;
    return report;
  }
}

reload_report daemon::take_over(configuration fresh) {
  const auto diff = diff_options(now_.opts, fresh.opts);
  // What waits for a restart does so however often it is reloaded.
  auto waiting = diff_options(start_.opts, fresh.opts).needs_restart;
  reload_report report{describe(diff), waiting, diff.too_late, {}, false};
  fresh.opts = applied_live(std::move(fresh.opts), now_.opts);
  for (const auto& name : fresh.clients->renewed_since(*now_.clients))
    report.changed.push_back("client " + name + " has another token");
  if (!diff.prices && fresh.routing->prices_text != now_.routing->prices_text)
    report.changed.emplace_back("the file of prices has other contents");
  if (!diff.failure_rules
      && fresh.routing->rules_text != now_.routing->rules_text)
    report.changed.emplace_back("the file of failure_rules has other contents");
  const auto clients = recall_clients(*disk_, *fresh.clients);
  for (const auto& x : diff.added)
    std::ignore = disk_->id_of(x.name);
  // After this point, all that can fail are secrets that went away.
  caf::anon_send(all_->clients, atom::configure_v, clients);
  front_->clients(fresh.clients);
  if (diff.clients)
    warn_of_clients(*fresh.clients, listener_->address());
  // Prices and rules are read again even if their paths stay.
  all_->setup(fresh.routing);
  warn_of_prices(*fresh.routing->prices);
  for (const auto& warning : fresh.warnings)
    spdlog::warn("{}", warning);
  for (const auto& sentence : diff.too_late)
    spdlog::warn("{}.", sentence);
  disk_->keep_records(fresh.opts.records);
  caf::anon_send(all_->dispatcher, atom::configure_v, fresh.routing);
  auto renewed = apply(fresh.opts, diff);
  for (const auto& name : renewed.changed)
    report.changed.push_back("account " + name + " has another secret");
  for (const auto& fault : renewed.faults)
    spdlog::warn("{}.", fault);
  report.in_part = !renewed.faults.empty();
  report.faults = std::move(renewed.faults);
  now_ = std::move(fresh);
  needs_restart_ = std::move(waiting);
  const auto listed = [](const std::vector<std::string>& x) {
    return fmt::format("{}{}", x.empty() ? "" : ": ", fmt::join(x, ", "));
  };
  spdlog::info("rotad reloaded {}: {} changes{}; {} options need a restart{}.",
               config_path_, report.changed.size(), listed(report.changed),
               needs_restart_.size(), listed(needs_restart_));
  return report;
}

std::vector<std::string> daemon::needs_restart() {
  std::lock_guard guard{reload_mutex_};
  return needs_restart_;
}

account_pool::renewal daemon::apply(const options& all,
                                    const option_diff& diff) {
  accounts_->remove(diff.removed);
  accounts_->apply(all, diff.changed);
  // Accounts try again once they are told, so the new secrets come first.
  auto renewed = accounts_->renew_secrets();
  accounts_->reconfigure(all);
  add_accounts(all, diff.added);
  batches_->limits(all.batch);
  spdlog::set_level(spdlog::level::from_str(all.log.level));
  return renewed;
}

} // namespace rota
