#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

std::vector<cell> account_row(const json& x, int64_t now) {
  const auto text = [&x](const char* key) { return x.value(key, ""); };
  return {
    {text("name")},
    {text("provider")},
    state_cell(text("admin")),
    state_cell(text("health")),
    state_cell(text("funds")),
    money_cell(x["available"]),
    money_cell(x["held"]),
    money_cell(x["spent"]),
    {fmt::format("{}/{}", x["in_flight"].dump(), x["limit"].dump()),
     colour::none, true},
    number_cell(x["calls"]),
    {relative(x["last_used"], now)},
    {x["cooldown_until"].is_null()
       ? text("reason")
       : "back " + relative(x["cooldown_until"], now)
           + (text("reason").empty() ? "" : ": " + text("reason"))},
  };
}

void print_accounts(const context& x, const json& list) {
  std::vector<std::vector<cell>> rows{
    {{"ACCOUNT"}, {"PROVIDER"}, {"ADMIN"}, {"HEALTH"}, {"FUNDS"},
     {"AVAILABLE", colour::none, true}, {"HELD", colour::none, true},
     {"SPENT", colour::none, true}, {"IN FLIGHT", colour::none, true},
     {"CALLS", colour::none, true}, {"LAST USED"}, {"NOTE"}}};
  for (const auto& account : list)
    rows.push_back(account_row(account, now_s()));
  fmt::print("{}", table(rows, x.colours()));
}

void print_account(const context& x, const json& one) {
  print_accounts(x, json::array({one}));
  const auto line = [](const char* name, const std::string& text) {
    fmt::print("  {:<16}{}\n", name, text);
  };
  const auto money = [&one](const char* key) {
    return short_money(one[key].get<std::string>()) + " USD";
  };
  line("reading", money("reading") + " " + relative(one["read_at"], now_s()));
  line("posted since", money("posted"));
  line("held", money("held"));
  line("available", money("available"));
  line("floor", money("floor"));
  line("in doubt", fmt::format("{} calls, {}", one["in_doubt"].dump(),
                               money("in_doubt_amount")));
  line("failures", one["failures"].dump());
  line("overruns", one["overruns"].dump());
}

} // namespace

void add_accounts(CLI::App& app, action& run) {
  auto* list = app.add_subcommand("accounts", "Lists the accounts");
  list->footer("Example: rota accounts --json");
  list->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/accounts");
      x.as_json ? print_json(reply) : print_accounts(x, reply);
      return 0;
    };
  });

  struct chosen {
    std::string name, verb, amount;
  };
  const auto it = std::make_shared<chosen>();
  auto* one = app.add_subcommand("account", "Shows or changes one account");
  one->add_option("name", it->name, "The account")->required();
  one
    ->add_option("verb", it->verb,
                 "ready, drain, maintenance, refresh, or adjust")
    ->check(
      CLI::IsMember({"ready", "drain", "maintenance", "refresh", "adjust"}));
  one->add_option("amount", it->amount, "adjust: USD, such as -1.50");
  one->footer("Example: rota account relay-a drain\n"
              "         rota account relay-a adjust -- -1.50");
  one->callback([&run, it] {
    if ((it->verb == "adjust") != !it->amount.empty())
      throw CLI::ValidationError{"adjust takes an amount in USD, the other"
                                 " verbs take none"};
    run = [it](const context& x) {
      const auto path = "/admin/v1/accounts/" + it->name;
      auto rotad = x.connect();
      const auto reply
        = it->verb.empty() ? rotad.get(path)
                           : rotad.post(path + '/' + it->verb,
                                        it->amount.empty()
                                          ? std::string{}
                                          : json{{"usd", it->amount}}.dump());
      x.as_json ? print_json(reply) : print_account(x, reply);
      return 0;
    };
  });
}

} // namespace rota::cli
