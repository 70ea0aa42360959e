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

void daemon::add_accounts(const std::vector<account_options>& x) {
  if (x.empty())
    return;
  ended_ = endings_of(disk_->ledger_tail(tail_entries));
  accounts_->apply(now_.opts, x);
  ended_.clear();
}

reload_report daemon::reload() {
  std::lock_guard guard{reload_mutex_};
  reload_report report;
  auto fresh = load_configuration(config_path_);
  if (fresh.faults.empty())
    if (auto fault = fault_of_opening(*fresh.clients, listener_->address());
        !fault.empty())
      fresh.faults.push_back(std::move(fault));
  if (!fresh.faults.empty()) {
    spdlog::warn("rotad keeps its configuration, for the new one has faults:"
                 " {}",
                 fmt::join(fresh.faults, " | "));
    report.faults = std::move(fresh.faults);
    return report;
  }
  const auto diff = diff_options(now_.opts, fresh.opts);
  // What waits for a restart does so however often it is reloaded.
  needs_restart_ = diff_options(start_.opts, fresh.opts).needs_restart;
  report.needs_restart = needs_restart_;
  report.changed = describe(diff);
  fresh.opts = applied_live(std::move(fresh.opts), now_.opts);
  for (const auto& name : fresh.clients->renewed_since(*now_.clients))
    report.changed.push_back("client " + name + " has another token");
  now_ = fresh;
  caf::anon_send(all_->clients, atom::configure_v,
                 recall_clients(*disk_, now_.opts, *now_.clients));
  front_->clients(now_.clients);
  if (diff.clients)
    warn_of_clients(*now_.clients, listener_->address());
  // Prices and rules are read again even if their paths stay.
  all_->setup(fresh.routing);
  warn_of_prices(*fresh.routing->prices);
  disk_->keep_records(now_.opts.records);
  caf::anon_send(all_->dispatcher, atom::configure_v, fresh.routing);
  for (const auto& name : apply(diff))
    report.changed.push_back("account " + name + " has another secret");
  spdlog::info("rotad reloaded {}: {} changes, {} options need a restart{}{}.",
               config_path_, report.changed.size(), needs_restart_.size(),
               needs_restart_.empty() ? "" : ": ",
               fmt::join(needs_restart_, ", "));
  return report;
}

std::vector<std::string> daemon::needs_restart() {
  std::lock_guard guard{reload_mutex_};
  return needs_restart_;
}

std::vector<std::string> daemon::apply(const option_diff& diff) {
  accounts_->remove(diff.removed);
  accounts_->apply(now_.opts, diff.changed);
  // Accounts try again once they are told, so the new secrets come first.
  auto renewed = accounts_->renew_secrets();
  accounts_->reconfigure(now_.opts);
  add_accounts(diff.added);
  batches_->limits(now_.opts.batch);
  spdlog::set_level(spdlog::level::from_str(now_.opts.log.level));
  return renewed;
}

} // namespace rota
