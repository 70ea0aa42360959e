#include "config/text_forms.hpp"
#include "messages/money.hpp"
#include "tools/rota/commands.hpp"
#include "tools/rota/condition.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

struct chosen {
  std::string name, verb, amount, reason;
};

std::string joined(const json& texts) {
  std::string result;
  for (const auto& x : texts)
    result += (result.empty() ? "" : ", ") + printable(x.get<std::string>());
  return result;
}

cell money_line(const json& x, const char* key) {
  return {usd(x, key)};
}

/// "2 calls, 0.40 USD", tinted where there are any.
cell doubt_line(const json& x) {
  const auto calls = count(x, "in_doubt");
  return {fmt::format("{}, {}", counted(calls, "call"),
                      usd(x, "in_doubt_amount")),
          calls > 0 ? colour::yellow : colour::none};
}

/// When its provider was asked for the balance, and what came of that.
cell probe_line(const json& x, int64_t now) {
  const auto at = x.value("probed_at", json{});
  if (at.is_null())
    return {};
  const auto error = text(x, "probe_error");
  return error.empty() ? cell{"ok, " + relative(at, now)}
                       : cell{relative(at, now) + ": " + error,
                              colour::yellow};
}

/// The account's factor, and those of models whose prices seem wrong.
cell price_line(const json& x) {
  cell result{text(x, "price_factor")};
  for (const auto& each : list(x, "prices_off")) {
    result.text += fmt::format(", {} {}", text(each, "model"),
                               text(each, "price_factor"));
    result.tint = colour::yellow;
  }
  return result;
}

std::vector<std::pair<std::string, cell>> lines_of(const json& one,
                                                   int64_t now) {
  const auto time = [&one, now](const char* key) {
    return relative(one.value(key, json{}), now);
  };
  const auto never_read = one.value("read_at", json{}).is_null();
  const auto models = joined(list(one, "models"));
  std::vector<std::pair<std::string, cell>> result{
    {"account", {text(one, "name")}},
    {"provider", {text(one, "provider")}},
    {"host", {text(one, "host")}},
    {"admin", state_cell(text(one, "admin"))},
    {"health", state_cell(text(one, "health"))},
    {"funds", state_cell(text(one, "funds"))}};
  for (auto& line : condition_lines(one, now))
    result.push_back(std::move(line));
  result.insert(
    result.end(),
    {{"reading", {usd(one, "reading")
                  + (never_read ? ", never read" : ", " + time("read_at"))
                  + (one.value("stale", false) ? ", stale" : "")}},
     {"last probe", probe_line(one, now)},
     {"posted since", money_line(one, "posted")},
     {"held", money_line(one, "held")},
     {"available", money_line(one, "available")},
     {"floor", money_line(one, "floor")},
     {"spent", money_line(one, "spent")},
     {"in doubt", doubt_line(one)},
     {"in flight", {fmt::format("{} of {}", count(one, "in_flight"),
                                count(one, "limit"))}},
     {"calls", {fmt::format("{}, {} failed", count(one, "calls"),
                            count(one, "failures"))}},
     {"overruns", {fmt::format("{}, {} late", count(one, "overruns"),
                               count(one, "lates"))}},
     {"price factor", price_line(one)},
     {"posting lag", {duration(one.value("posting_lag_s", 0.0))}},
     {"last used", {time("last_used")}},
     {"models", {models.empty() ? "any" : models}},
     {"tags", {joined(list(one, "tags"))}}});
  return result;
}

json ask(client& rotad, const chosen& what) {
  const auto path = "/admin/v1/accounts/" + escaped(what.name);
  if (what.verb.empty())
    return rotad.get(path);
  json body;
  if (!what.amount.empty())
    body["usd"] = what.amount;
  if (!what.reason.empty())
    body["reason"] = what.reason;
  return rotad.post(path + '/' + what.verb,
                    body.is_null() ? std::string{} : body.dump());
}

void check(const chosen& x) {
  if ((x.verb == "adjust") != !x.amount.empty())
    throw CLI::ValidationError{"adjust takes an amount in USD, the other verbs"
                               " take none"};
  if (!x.amount.empty() && !parse_money(x.amount))
    throw CLI::ValidationError{x.amount + " is no amount in USD; write one such"
                                          " as 5 or -1.50"};
  if (!x.reason.empty() && x.verb != "adjust")
    throw CLI::ValidationError{"--reason belongs to adjust"};
}

} // namespace

void add_account(CLI::App& app, action& run) {
  const auto it = std::make_shared<chosen>();
  auto* c = app.add_subcommand("account", "Shows or changes one account");
  c->add_option("name", it->name, "The account")
    ->required()
    ->check(not_empty())
    ->check(CLI::Validator{[](const std::string& x) { return check_name(x); },
                           ""});
  c->add_option("verb", it->verb,
                "ready: take calls; drain: end those in flight, take no more;"
                " maintenance: leave it alone; refresh: read its balance now;"
                " adjust: correct its balance")
    ->check(
      CLI::IsMember({"ready", "drain", "maintenance", "refresh", "adjust"}));
  c->add_option("usd", it->amount, "adjust: by how much, such as -1.50");
  c->add_option("--reason", it->reason, "adjust: why, for the daemon's log");
  c->footer("Example: rota account relay-a drain\n"
            "         rota account relay-a adjust -1.50 --reason \"a refund\"");
  c->callback([&run, it] {
    check(*it);
    run = [it](const context& x) {
      auto rotad = x.connect();
      const auto reply = ask(rotad, *it);
      x.as_json ? print_json(reply)
                : fmt::print("{}", details(lines_of(reply, now_s()),
                                           x.colours()));
      return 0;
    };
  });
}

} // namespace rota::cli
