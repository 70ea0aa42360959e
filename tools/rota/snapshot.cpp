#include "tools/rota/commands.hpp"
#include "tools/rota/doubts.hpp"
#include "tools/rota/offline.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include "messages/available.hpp"
#include "messages/money_sum.hpp"
#include "runtime/storage/snapshot.hpp"
#include "runtime/storage/state_lock.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

struct snapshot_wish {
  std::string dir = "./state";
  uint32_t backup = 0;
};

json time_of(timestamp x) {
  return x.millis == 0 ? json(nullptr) : json(to_string(x));
}

json view_of(const account_head& head, const account_row& row) {
  money_sum in_doubt;
  uint64_t doubts = 0;
  for (const auto& hold : head.holds)
    if (hold.in_doubt) {
      in_doubt += hold.amount;
      ++doubts;
    }
  return {
    {"name", head.name},
    {"admin", to_string(row.admin)},
    {"health", to_string(row.health)},
    {"balance", to_decimal(head.balance)},
    {"held", to_decimal(head.held)},
    {"available", to_decimal(available_of(head))},
    {"reading", to_decimal(head.reading)},
    {"read_at", time_of(head.read_at)},
    {"spent", to_decimal(head.spent)},
    {"calls", head.calls},
    {"overruns", head.overruns},
    {"open_holds", head.holds.size()},
    {"in_doubt", doubts},
    {"in_doubt_amount", to_decimal(in_doubt)},
    {"last_used", time_of(head.last_used)},
    {"reason", row.reason},
  };
}

json view_of(const batch_row& x, const batch_counts& counts) {
  return {
    {"id", to_string(x.id)},
    {"name", x.options.name.empty() ? x.file_name : x.options.name},
    {"state", to_string(x.state)},
    {"total", x.total},
    {"succeeded", counts.succeeded},
    {"failed", counts.failed},
    {"cancelled", counts.cancelled},
    {"spent", to_decimal(counts.spent)},
    {"created_at", time_of(x.created_at)},
    {"ended_at", time_of(x.ended_at)},
  };
}

json view_of(const open_hold& x, const std::string& account) {
  return {
    {"hold", to_string(x.id)},
    {"account", account},
    {"amount", to_decimal(x.amount)},
    {"in_doubt", x.in_doubt},
    {"since", time_of(x.made_at)},
    {"until", time_of(x.expires_at)},
    {"assumed", to_decimal(x.unlikely ? money{} : x.assumed())},
  };
}

json view_of(const state_snapshot& x) {
  money_sum available, held, at_risk;
  auto accounts = json::array();
  auto holds = json::array();
  for (const auto& [head, row] : x.accounts) {
    accounts.push_back(view_of(head, row));
    available += available_of(head);
    held += head.held;
    for (const auto& hold : head.holds) {
      holds.push_back(view_of(hold, head.name));
      at_risk += hold.amount;
    }
  }
  auto batches = json::array();
  for (const auto& [row, counts] : x.batches)
    batches.push_back(view_of(row, counts));
  return {
    {"store", x.dir},
    {"schema", x.schema},
    {"run", x.run},
    {"records", x.records},
    {"money",
     {{"available", to_decimal(available)},
      {"held", to_decimal(held)},
      {"at_risk", to_decimal(at_risk)}}},
    {"accounts", std::move(accounts)},
    {"batches", std::move(batches)},
    {"open_holds", std::move(holds)},
  };
}

std::string account_table(const json& accounts, bool colours) {
  std::vector<table_row> rows{
    {{"ACCOUNT"}, {"ADMIN"}, {"HEALTH"}, right_head("AVAILABLE"),
     right_head("HELD"), right_head("SPENT"), right_head("CALLS"),
     {"LAST USED"}, {"NOTE"}}};
  for (const auto& x : accounts)
    rows.push_back({{text(x, "name")},
                    state_cell(text(x, "admin")),
                    state_cell(text(x, "health")),
                    money_cell(x, "available"),
                    money_cell(x, "held"),
                    money_cell(x, "spent"),
                    number_cell(x, "calls"),
                    {relative(x.value("last_used", json{}), now_s())},
                    {text(x, "reason")}});
  return table(rows, colours);
}

std::string batch_table(const json& batches, bool colours) {
  std::vector<table_row> rows{
    {{"BATCH"}, {"STATE"}, right_head("LINES"), right_head("DONE"),
     right_head("FAILED"), right_head("SPENT"), {"SUBMITTED"}, {"NAME"}}};
  for (const auto& x : batches)
    rows.push_back({{text(x, "id")},
                    state_cell(text(x, "state")),
                    number_cell(x, "total"),
                    number_cell(x, "succeeded"),
                    number_cell(x, "failed"),
                    money_cell(x, "spent"),
                    {relative(x.value("created_at", json{}), now_s())},
                    {text(x, "name")}});
  return table(rows, colours);
}

void print_snapshot(const json& s, bool colours) {
  const auto& money = field(s, "money");
  fmt::print("{}", details({{"store", {text(s, "store")}},
                            {"schema", {std::to_string(count(s, "schema"))}},
                            {"run", {std::to_string(count(s, "run"))}},
                            {"records", {std::to_string(count(s, "records"))}},
                            {"money", {fmt::format("{} available, {} held",
                                                   usd(money, "available"),
                                                   usd(money, "held"))}}},
                           colours));
  if (const auto& accounts = list(s, "accounts"); !accounts.empty())
    fmt::print("\n{}", account_table(accounts, colours));
  if (const auto& batches = list(s, "batches"); !batches.empty())
    fmt::print("\n{}", batch_table(batches, colours));
  if (const auto& holds = list(s, "open_holds"); !holds.empty())
    fmt::print("\n{} open, {} at risk: in doubt already, or from the next start"
               " on.\n{}",
               counted(holds.size(), "call"), usd(money, "at_risk"),
               doubt_table(holds, holds.size(), colours));
}

int snapshot(const context& x, const snapshot_wish& wish) {
  if (wish.backup == 0) {
    find_store(wish.dir);
    if (const state_lock lock{wish.dir + "/store"}; lock.holder() != 0)
      fmt::print(stderr,
                 "rota: Process {} holds the store in {}: this is how it was a"
                 " moment ago; rota status knows better.\n",
                 lock.holder(), wish.dir);
  }
  return run_apart([&] {
    const auto taken = wish.backup > 0
                         ? snapshot_of_backup(wish.dir, wish.backup)
                         : snapshot_of(wish.dir + "/store");
    if (!taken.fault.empty())
      throw std::runtime_error{taken.fault};
    const auto view = view_of(taken);
    x.as_json ? print_json(view) : print_snapshot(view, x.colours());
    return 0;
  });
}

} // namespace

void add_snapshot(CLI::App& app, action& run) {
  const auto wish = std::make_shared<snapshot_wish>();
  auto* c = app.add_subcommand(
    "snapshot", "Shows accounts, batches and open calls from disk, without the"
                " daemon");
  add_state_dir(*c, wish->dir);
  c->add_option("--backup", wish->backup,
                "Look into this backup; --state-dir names the folder then")
    ->check(CLI::Range(1u, UINT32_MAX));
  c->footer("Example: rota snapshot --state-dir /var/lib/rota\n"
            "         rota snapshot --state-dir /backup/rota --backup 3");
  c->callback([&run, wish] {
    run = [wish](const context& x) { return snapshot(x, *wish); };
  });
}

} // namespace rota::cli
