// What the accounts can do for a batch.

#include "actors/domain/batch_budget.hpp"
#include "runtime/admin/api.hpp"
#include "runtime/admin/replies.hpp"
#include "runtime/ask.hpp"

#include <fmt/format.h>

namespace rota {

namespace {

constexpr milliseconds patience{10'000};

} // namespace

bool admin_api::refuses_tags(admin_exchange& x,
                             const std::vector<std::string>& tags) {
  const auto fault = parts_.accounts.offers()->tag_fault(tags);
  if (!fault.empty())
    refuse(x, 422, "unknown_tag", fault);
  return !fault.empty();
}

std::string admin_api::waiting_for(batch_id id) {
  const auto said
    = ask<waiting_view>(parts_.all.system, patience, parts_.all.dispatcher,
                        atom::status_v, waiting_question{id});
  const auto* view = std::get_if<waiting_view>(&said);
  if (view == nullptr || view->why == ec::ok)
    return {};
  auto why = explain(view->why);
  if (view->why == ec::insufficient_funds)
    why += fmt::format(", line {} is estimated at {} USD at list price",
                       view->line, to_string(view->list_cost));
  return why;
}

json admin_api::budget_view(const batch_options& chosen,
                            const file_report& file) {
  std::vector<account_offer> owners;
  std::vector<purse> purses;
  for (const auto& x : *views(milliseconds{0})) {
    if (x.spendable <= money{})
      continue;
    if (auto member = parts_.accounts.find(x.name)) {
      purses.push_back({x.spendable, member->options.multiplier});
      owners.push_back(account_offer::of(member->options));
    }
  }
  std::vector<batch_share> shares;
  for (const auto& [line, list_cost] : file.shares) {
    batch_share share{list_cost, {}};
    for (size_t i = 0; i < owners.size(); ++i)
      if (owners[i].serves(line.first, line.second, chosen.tags))
        share.purses.push_back(i);
    shares.push_back(std::move(share));
  }
  const auto budget = budget_of(std::move(purses), std::move(shares));
  auto unknown = json::array();
  auto by_prefix = json::object();
  const auto prices = parts_.all.setup()->prices;
  for (const auto& [model, lines] : file.models)
    if (const auto found = prices->find(model); found.unknown)
      unknown.push_back(model);
    else if (found.by_prefix)
      by_prefix[model] = found.name;
  return {
    {"charged_max", to_decimal(budget.cost_max)},
    {"accounts", budget.accounts},
    {"available", to_decimal(budget.available)},
    {"fits", budget.fits},
    {"price_unknown", std::move(unknown)},
    {"price_by_prefix", std::move(by_prefix)},
  };
}

} // namespace rota
