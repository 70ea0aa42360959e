#include "runtime/account_pool.hpp"

#include "actors/support.hpp"
#include "config/secrets.hpp"
#include "runtime/ask.hpp"
#include "runtime/disk_word.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <stdexcept>
#include <tuple>
#include <utility>

namespace rota {

namespace {

account_setup_ptr setup_of(const options& all, const account_options& x,
                           const refresher_actor& refresher) {
  auto result = std::make_shared<account_setup>();
  result->account = x;
  result->health = all.health;
  result->store = all.store;
  result->refresh = all.refresh;
  result->least_used_window = all.routing.window;
  result->total_timeout = all.upstream.total_timeout;
  result->refresher = refresher;
  return result;
}

/// Where an account's requests go and what they are sent with.
/// @throws std::runtime_error with a fault as check_secrets() has it.
upstream_target_ptr target_of(const account_options& x) {
  const auto shown = "accounts[" + x.name + "].";
  const auto read = [&](const char* key, const secret_ref& from) {
    if (from.from == secret_ref::source::none)
      return secret{};
    auto found = resolve(from);
    if (!found.value)
      throw std::runtime_error{shown + key + ": " + found.fault};
    return std::move(*found.value);
  };
  const auto api_key = read("api_key", x.api_key);
  const auto console = read("balance.console", x.balance.console);
  try {
    return upstream_target::of_account(x, api_key.reveal(), console.reveal());
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error{shown + "base_url: " + e.what()};
  }
}

} // namespace

account_pool::account_pool(wiring& all,
                           std::shared_ptr<account_directory> directory,
                           recall remember)
  : all_{all},
    directory_{std::move(directory)},
    remember_{std::move(remember)},
    offers_{std::make_shared<const account_offers>()} {
  // nop
}

void account_pool::apply(const options& all,
                         const std::vector<account_options>& accounts) {
  for (const auto& x : accounts)
    admit(all, x);
  publish();
}

void account_pool::admit(const options& all, const account_options& x) {
  auto fresh_target = target_of(x); // Reads files: nobody waits for them.
  std::lock_guard guard{mutex_};
  auto i = members_.find(x.name);
  if (const auto back = leaving_.find(x.name); back != leaving_.end()) {
    // Its calls may be under way still: two actors must not keep its books.
    i = members_.insert(leaving_.extract(back)).position;
  }
  if (i == members_.end()) {
    const auto memory = remember_(x.name);
    use(memory.head.account, std::move(fresh_target));
    member fresh{memory.head.account, x, {}};
    fresh.actor
      = spawn_hosted(all_.system, &all_.loop, account, all_.clock,
                     all_.journal, all_.dispatcher,
                     setup_of(all, x, all_.refresher), memory);
    all_.watch("actor of account " + x.name, fresh.actor);
    i = members_.emplace(x.name, std::move(fresh)).first;
  } else {
    use(i->second.id, std::move(fresh_target));
    i->second.options = x;
    caf::anon_send(i->second.actor, atom::configure_v,
                   setup_of(all, x, all_.refresher));
  }
  const auto& member = i->second;
  const auto host = host_of(x.base_url);
  caf::anon_send(all_.dispatcher, atom::enlist_v,
                 enlistment{member.id, x.name, x.kind, host, x.models, x.tags,
                            member.actor});
  if (x.balance.probe == probe_kind::none)
    caf::anon_send(all_.refresher, atom::dismiss_v, member.id);
  else
    caf::anon_send(all_.refresher, atom::enlist_v,
                   probe_target{member.id, x.name, host, x.balance,
                                member.actor});
}

/// @returns Whether requests are sent otherwise from now on.
bool account_pool::use(account_id id, upstream_target_ptr fresh) {
  const auto old = directory_->find(id);
  if (old && old->sends_like(*fresh))
    return false;
  directory_->set(id, std::move(fresh));
  return true;
}

account_pool::renewal account_pool::renew_secrets() {
  std::vector<member> all;
  {
    std::lock_guard guard{mutex_};
    for (const auto& [name, x] : members_)
      all.push_back(x);
  }
  renewal result;
  for (const auto& x : all)
    try {
      if (use(x.id, target_of(x.options)))
        result.changed.push_back(x.options.name);
    } catch (const std::exception& e) {
      result.faults.push_back(std::string{e.what()}
                              + "; it goes on with the secret that it had");
    }
  return result;
}

void account_pool::publish() {
  auto fresh = std::make_shared<account_offers>();
  {
    std::lock_guard guard{mutex_};
    for (const auto& [name, x] : members_)
      fresh->add(x.options);
  }
  std::lock_guard guard{offers_mutex_};
  offers_ = std::move(fresh);
}

void account_pool::reconfigure(const options& all) {
  std::lock_guard guard{mutex_};
  for (const auto& [name, x] : members_)
    caf::anon_send(x.actor, atom::configure_v,
                   setup_of(all, x.options, all_.refresher));
}

void account_pool::remove(const std::vector<std::string>& names) {
  {
    std::lock_guard guard{mutex_};
    for (const auto& name : names) {
      const auto i = members_.find(name);
      if (i == members_.end())
        continue;
      caf::anon_send(all_.dispatcher, atom::dismiss_v, i->second.id);
      caf::anon_send(all_.refresher, atom::dismiss_v, i->second.id);
      directory_->erase(i->second.id);
      leaving_.insert(members_.extract(i));
    }
  }
  publish();
}

void account_pool::settle_left(const options& all,
                               const std::vector<account_head>& heads) {
  std::lock_guard guard{mutex_};
  for (const auto& head : heads) {
    if (head.holds.empty() || members_.contains(head.name)
        || leaving_.contains(head.name))
      continue;
    account_options x;
    x.name = head.name;
    // Neither dispatcher nor refresher hears of it: it makes no holds.
    const auto actor
      = spawn_hosted(all_.system, &all_.loop, account, all_.clock,
                     all_.journal, all_.dispatcher,
                     setup_of(all, x, all_.refresher), remember_(x.name));
    all_.watch("actor of account " + x.name, actor);
    leaving_.emplace(x.name, member{head.account, x, actor});
  }
}

std::vector<account_pool::member> account_pool::left() const {
  std::lock_guard guard{mutex_};
  std::vector<member> result;
  for (const auto& [name, x] : leaving_)
    result.push_back(x);
  return result;
}

std::optional<account_pool::member>
account_pool::find(const std::string& name) const {
  std::lock_guard guard{mutex_};
  if (const auto i = members_.find(name); i != members_.end())
    return i->second;
  return std::nullopt;
}

size_t account_pool::size() const {
  std::lock_guard guard{mutex_};
  return members_.size();
}

void account_pool::stop(milliseconds patience) {
  std::vector<account_actor> all;
  {
    std::lock_guard guard{mutex_};
    for (auto* list : {&members_, &leaving_})
      for (const auto& [name, x] : std::exchange(*list, {}))
        all.push_back(x.actor);
  }
  if (patience.count() > 0) {
    ask_all<account_view>(all_.system, patience, all, atom::status_v);
    std::ignore = await_disk(all_, patience);
  }
  for (const auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

} // namespace rota
