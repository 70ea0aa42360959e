#include "tools/rota/commands.hpp"
#include "tools/rota/doubts.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

std::string pool_text(const json& pool) {
  return fmt::format("{} granted, {} declined, {} refused, {} waiting",
                     count(pool, "granted"), count(pool, "declined"),
                     count(pool, "refused"), count(pool, "waiting"));
}

void print_status(const context& x, const json& s) {
  const auto colours = x.colours();
  for (const auto& alert : list(s, "alerts"))
    fmt::print("{}  {} ({})\n",
               tinted("ALERT", state_cell(text(alert, "severity")).tint,
                      colours),
               text(alert, "text"),
               relative(alert.value("since", json{}), now_s()));
  const auto& money = field(s, "money");
  const auto& pool = field(s, "pool");
  const auto& batches = field(s, "batches");
  const auto waiting_for = text(pool, "waiting_for");
  std::string at_restart;
  for (const auto& key : list(s, "needs_restart"))
    at_restart += (at_restart.empty() ? "" : ", ")
                  + printable(key.get<std::string>());
  fmt::print(
    "{}",
    details(
      {{"rotad", {fmt::format("{}, pid {}, run {}, up {}", text(s, "version"),
                              count(s, "pid"), count(s, "run"),
                              duration(number(s, "uptime_s")))}},
       {"state", {text(s, "state_dir")}},
       {"API", {text(s, "listen")}},
       {"accounts", {std::to_string(count(s, "accounts"))}},
       {"money", {fmt::format("{} available, {} held, {} in doubt",
                              usd(money, "available"), usd(money, "held"),
                              usd(money, "in_doubt"))}},
       {"pool", {pool_text(pool)}},
       {"waiting for", {waiting_for, colour::yellow}},
       {"at restart", {at_restart, colour::yellow}},
       {"batches", {fmt::format("{} running, {} paused, {} ended",
                                count(batches, "running"),
                                count(batches, "paused"),
                                count(batches, "ended"))}}},
      colours));
  const auto doubts = count(s, "in_doubt_count");
  if (doubts > 0)
    fmt::print("\n{}\n{}",
               tinted(counted(doubts, "call")
                        + " in doubt: perhaps charged, though no answer came.",
                      colour::yellow, colours),
               doubt_table(list(s, "in_doubt"), doubts, colours));
}

} // namespace

void add_status(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("status", "Shows how the daemon fares");
  c->footer("Example: rota status");
  c->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/status");
      x.as_json ? print_json(reply) : print_status(x, reply);
      return 0;
    };
  });
}

} // namespace rota::cli
