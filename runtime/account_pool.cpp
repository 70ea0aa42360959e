#include "runtime/account_pool.hpp"

#include "actors/domain/dialect.hpp"
#include "actors/support.hpp"
#include "config/secrets.hpp"
#include "runtime/ask.hpp"
#include "runtime/disk_word.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace rota {

namespace {

/// A sentence names so many tags at most.
constexpr size_t shown_tags = 12;

bool has(const std::vector<std::string>& list, const std::string& x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

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

} // namespace

account_pool::account_pool(wiring& all,
                           std::shared_ptr<account_directory> directory,
                           recall remember)
  : all_{all},
    directory_{std::move(directory)},
    remember_{std::move(remember)} {
  // nop
}

void account_pool::apply(const options& all,
                         const std::vector<account_options>& accounts) {
  for (const auto& x : accounts)
    admit(all, x);
}

void account_pool::admit(const options& all, const account_options& x) {
  std::lock_guard guard{mutex_};
  auto i = members_.find(x.name);
  if (const auto back = leaving_.find(x.name); back != leaving_.end()) {
    // Its calls may be under way still: two actors must not keep its books.
    i = members_.insert(leaving_.extract(back)).position;
  }
  if (i == members_.end()) {
    const auto memory = remember_(x.name);
    target(memory.head.account, x);
    member fresh{memory.head.account, x, {}};
    fresh.actor
      = spawn_hosted(all_.system, &all_.loop, account, all_.clock,
                     all_.journal, all_.dispatcher,
                     setup_of(all, x, all_.refresher), memory);
    all_.watch("actor of account " + x.name, fresh.actor);
    i = members_.emplace(x.name, std::move(fresh)).first;
  } else {
    target(i->second.id, x);
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
bool account_pool::target(account_id id, const account_options& x) {
  const auto read = [&x](const secret_ref& from) {
    if (from.from == secret_ref::source::none)
      return secret{};
    auto found = resolve(from);
    if (!found.value)
      throw std::runtime_error{"Account " + x.name + ": " + found.fault};
    return std::move(*found.value);
  };
  const auto api_key = read(x.api_key);
  const auto console = read(x.balance.console);
  auto fresh
    = upstream_target::of_account(x, api_key.reveal(), console.reveal());
  const auto old = directory_->find(id);
  if (old && old->sends_like(*fresh))
    return false;
  directory_->set(id, std::move(fresh));
  return true;
}

std::vector<std::string> account_pool::renew_secrets() {
  std::lock_guard guard{mutex_};
  std::vector<std::string> result;
  for (const auto& [name, x] : members_)
    try {
      if (target(x.id, x.options))
        result.push_back(name);
    } catch (const std::exception& e) {
      spdlog::warn("{} The account goes on with what it had.", e.what());
    }
  return result;
}

void account_pool::reconfigure(const options& all) {
  std::lock_guard guard{mutex_};
  for (const auto& [name, x] : members_)
    caf::anon_send(x.actor, atom::configure_v,
                   setup_of(all, x.options, all_.refresher));
}

void account_pool::remove(const std::vector<std::string>& names) {
  std::lock_guard guard{mutex_};
  for (const auto& name : names) {
    const auto i = members_.find(name);
    if (i == members_.end())
      continue;
    caf::anon_send(all_.dispatcher, atom::dismiss_v, i->second.id);
    caf::anon_send(all_.refresher, atom::dismiss_v, i->second.id);
    leaving_.insert(members_.extract(i));
  }
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

bool account_pool::serves(const account_options& x, surface route,
                          const std::string& model,
                          const std::vector<std::string>& tags) {
  return speaks(x.kind, route)
         && (x.models.empty() || has(x.models, model))
         && std::all_of(tags.begin(), tags.end(),
                        [&x](const auto& tag) { return has(x.tags, tag); });
}

ec account_pool::serves(surface route, const std::string& model,
                        const std::vector<std::string>& tags) const {
  std::lock_guard guard{mutex_};
  auto result = ec::no_such_model;
  for (const auto& [name, x] : members_) {
    if (serves(x.options, route, model, tags))
      return ec::ok;
    if (serves(x.options, route, model, {}))
      result = ec::no_such_tag;
  }
  return result;
}

std::string
account_pool::tag_fault(const std::vector<std::string>& tags) const {
  std::lock_guard guard{mutex_};
  std::set<std::string> known;
  for (const auto& [name, x] : members_)
    known.insert(x.options.tags.begin(), x.options.tags.end());
  const auto unknown
    = std::find_if(tags.begin(), tags.end(),
                   [&known](const auto& tag) { return !known.contains(tag); });
  if (unknown == tags.end())
    return {};
  auto result = "No account has the tag " + *unknown;
  if (known.empty())
    return result + ", nor any other: set the tags of the accounts.";
  if (known.size() > shown_tags)
    return result + ": check its name, or the tags of the accounts.";
  result += ". The accounts' tags are:";
  for (const auto& tag : known)
    result += (tag == *known.begin() ? " " : ", ") + tag;
  return result + '.';
}

std::vector<std::string>
account_pool::models(surface route, const std::vector<std::string>& tags,
                     std::span<const std::string> asked) const {
  const auto priced = all_.setup()->prices->names();
  std::lock_guard guard{mutex_};
  std::set<std::string> result;
  for (const auto& [name, x] : members_) {
    const auto& its = x.options;
    for (const auto& model : asked)
      if (serves(its, route, model, tags))
        result.insert(model);
    for (const auto& model : its.models)
      if (serves(its, route, model, tags))
        result.insert(model);
    if (its.models.empty())
      for (const auto& model : priced)
        if (makes(its.kind, route, model) && serves(its, route, model, tags))
          result.insert(model);
  }
  return {result.begin(), result.end()};
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
