#include "config/reload.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace rota {

namespace {

struct section {
  std::string_view name;
  bool option_diff::*flag;
};

constexpr std::array sections{
  section{"routing", &option_diff::routing},
  section{"health", &option_diff::health},
  section{"batch", &option_diff::batch},
  section{"upstream", &option_diff::upstream},
  section{"store", &option_diff::store},
  section{"records", &option_diff::records},
  section{"log", &option_diff::log},
  section{"prices", &option_diff::prices},
  section{"failure_rules", &option_diff::failure_rules},
};

void mark(option_diff& result, std::string_view key) {
  const auto name = key.substr(0, key.find('.'));
  for (const auto& x : sections)
    if (x.name == name)
      result.*x.flag = true;
}

template <class T>
bool differs(const std::vector<option_row<T>>& rows, const T& x, const T& y) {
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    return row.when == applies::live && row.text(x) != row.text(y);
  });
}

/// What a person does about an option that is looked at only once.
std::string too_late(const std::string& key, const std::string& account) {
  return "accounts[" + account + "]." + key
         + " counts when rota first sees the account only; use rota account "
         + account
         + (key == "admin" ? " ready, drain or maintenance" : " adjust AMOUNT");
}

void diff_accounts(const options& before, const options& after,
                   option_diff& result) {
  std::unordered_map<std::string_view, const account_options*> old;
  for (const auto& x : before.accounts)
    old.emplace(x.name, &x);
  for (const auto& x : after.accounts) {
    const auto i = old.find(x.name);
    if (i == old.end()) {
      result.added.push_back(x);
      continue;
    }
    if (differs(account_rows(), *i->second, x))
      result.changed.push_back(x);
    for (const auto& row : account_rows())
      if (row.when == applies::first_start
          && row.text(*i->second) != row.text(x))
        result.too_late.push_back(too_late(row.key, x.name));
    old.erase(i);
  }
  for (const auto& x : before.accounts)
    if (old.contains(x.name))
      result.removed.push_back(x.name);
}

} // namespace

bool option_diff::empty() const {
  return added.empty() && changed.empty() && removed.empty()
         && needs_restart.empty() && !clients
         && std::none_of(sections.begin(), sections.end(),
                         [this](const auto& x) { return this->*x.flag; });
}

option_diff diff_options(const options& before, const options& after) {
  option_diff result;
  diff_accounts(before, after, result);
  result.clients = !std::equal(
      before.clients.begin(), before.clients.end(), after.clients.begin(),
      after.clients.end(), [](const auto& x, const auto& y) {
        return !differs(client_rows(), x, y);
      });
  for (const auto& row : option_rows()) {
    if (row.text(before) == row.text(after))
      continue;
    if (row.when == applies::live)
      mark(result, row.key);
    else
      result.needs_restart.push_back(row.key);
  }
  return result;
}

std::vector<std::string> describe(const option_diff& x) {
  std::vector<std::string> result;
  for (const auto& account : x.added)
    result.push_back("account " + account.name + " added");
  for (const auto& account : x.changed)
    result.push_back("account " + account.name + " changed");
  for (const auto& name : x.removed)
    result.push_back("account " + name + " removed");
  if (x.clients)
    result.emplace_back(clients_key);
  for (const auto& section : sections)
    if (x.*section.flag)
      result.emplace_back(section.name);
  return result;
}

options applied_live(options accepted, const options& running) {
  for (const auto& row : option_rows())
    if (row.when == applies::restart)
      row.copy(accepted, running);
  return accepted;
}

} // namespace rota
