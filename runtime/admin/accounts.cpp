// Accounts: /admin/v1/accounts and /admin/v1/accounts/NAME[/VERB].

#include "actors/domain/ledger.hpp"
#include "runtime/admin/api.hpp"
#include "runtime/admin/replies.hpp"
#include "runtime/ask.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace rota {

namespace {

constexpr milliseconds patience{10'000};

/// A probe has two calls at most, and may wait for others of its host.
constexpr milliseconds probe_patience{60'000};

/// What comes of a verb that the store has to confirm.
using changed = std::variant<account_view, caf::error>;

void no_account(admin_exchange& x, const std::string& name) {
  not_found(x, "There is no account named " + name
                 + "; `rota accounts` lists them.");
}

void tell(admin_exchange& x, const std::string& name, const changed& what) {
  if (const auto* view = std::get_if<account_view>(&what))
    answer(x, 200, view_of(*view));
  else
    refuse(x, 503, "not_confirmed",
           "The store has not confirmed it: account " + name
             + " goes by it for now, but may not after a restart. Look at the"
               " disk of state_dir, then at `rota account "
             + name + "`.");
}

} // namespace

void admin_api::accounts(admin_exchange& x, const segments& path) {
  if (path.size() == 1)
    return account(x, path[0]);
  if (path.size() == 2)
    return change_account(x, path[0], path[1]);
  if (path.size() > 2)
    return not_found(x, "There is no " + x.path() + " in the admin API.");
  if (x.method() != "GET")
    return wrong_method(x);
  auto list = *views(milliseconds{0});
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  auto body = json::array();
  for (const auto& view : list)
    body.push_back(view_of(view));
  answer(x, 200, body);
}

void admin_api::account(admin_exchange& x, const std::string& name) {
  if (x.method() != "GET")
    return wrong_method(x);
  const auto member = parts_.accounts.find(name);
  for (const auto& left : parts_.accounts.left())
    if (!member && left.options.name == name)
      if (const auto view = view_of_left(left))
        return answer(x, 200, view_of(*view));
  if (!member)
    return no_account(x, name);
  show(x, *member);
}

void admin_api::show(admin_exchange& x, const account_pool::member& which) {
  const auto view = ask<account_view>(parts_.all.system, patience, which.actor,
                                      atom::status_v);
  if (const auto* found = std::get_if<account_view>(&view))
    answer(x, 200, view_of(*found));
  else
    refuse(x, 503, "no_answer", "The account did not answer in time.");
}

void admin_api::change_account(admin_exchange& x, const std::string& name,
                               const std::string& verb) {
  if (x.method() != "POST")
    return wrong_method(x);
  const auto member = parts_.accounts.find(name);
  if (!member)
    return no_account(x, name);
  if (const auto wanted = parse_admin_state(verb))
    administer(x, *member, *wanted);
  else if (verb == "adjust")
    adjust(x, *member);
  else if (verb == "refresh")
    refresh(x, *member);
  else
    not_found(x, "An account takes ready, drain, maintenance, refresh and"
                 " adjust, not "
                   + verb + ".");
}

void admin_api::administer(admin_exchange& x,
                           const account_pool::member& which,
                           admin_state wanted) {
  tell(x, which.options.name,
       ask<account_view>(parts_.all.system, patience, which.actor,
                         atom::administer_v, wanted));
}

void admin_api::adjust(admin_exchange& x, const account_pool::member& which) {
  const auto& name = which.options.name;
  std::string body;
  const auto whole = x.read_small_body(body, 4'096);
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  const auto text = whole && parsed.is_object() && parsed.contains("usd")
                        && parsed["usd"].is_string()
                      ? parsed["usd"].get<std::string>()
                      : std::string{};
  const auto amount = parse_money(text);
  if (!amount || *amount > ledger::most || *amount < -ledger::most)
    return refuse(x, 400, "invalid_amount",
                  "The amount must be decimal USD with at most nine places,"
                  " such as -1.50, and at most a billion.");
  const auto done = ask<account_view>(parts_.all.system, patience, which.actor,
                                      atom::adjust_v, *amount);
  if (const auto* why = std::get_if<caf::error>(&done);
      why != nullptr && code_of(*why) == ec::wrong_state)
    return refuse(x, 409, "beyond_limit",
                  "With that, account " + name
                    + " would have more than a billion USD, or owe as much:"
                      " nothing was booked.");
  const auto reason = parsed.find("reason");
  if (std::holds_alternative<account_view>(done))
    spdlog::info("The operator adjusted account {} by {} USD: {}.", name,
                 to_string(*amount),
                 reason != parsed.end() && reason->is_string()
                   ? reason->get<std::string>()
                   : "no reason given");
  tell(x, name, done);
}

void admin_api::refresh(admin_exchange& x, const account_pool::member& which) {
  const auto& name = which.options.name;
  if (which.options.balance.probe == probe_kind::none)
    return refuse(x, 409, "no_probe",
                  "Account " + name
                    + " has no balance probe; set balance.probe, or correct it"
                      " with `rota account "
                    + name + " adjust`.");
  const auto said = ask<probe_report>(parts_.all.system, probe_patience,
                                      parts_.all.refresher, atom::refresh_v,
                                      which.id);
  const auto* report = std::get_if<probe_report>(&said);
  if (report == nullptr)
    return refuse(x, 503, "no_answer",
                  "The provider of account " + name
                    + " has not said its balance yet; look later with `rota"
                      " account "
                    + name + "`.");
  if (!report->error.empty())
    return refuse(x, 502, "probe_failed",
                  "The balance of account " + name
                    + " could not be read: " + report->error);
  show(x, which);
}

} // namespace rota
