#include "tools/rota/commands.hpp"
#include "tools/rota/condition.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

std::string account_table(const json& accounts, bool colours) {
  std::vector<table_row> rows{
    {{"ACCOUNT"}, {"PROVIDER"}, {"ADMIN"}, {"HEALTH"}, {"FUNDS"},
     right_head("AVAILABLE"), right_head("HELD"), right_head("SPENT"),
     right_head("IN FLIGHT"), right_head("CALLS"), {"LAST USED"}, {"NOTE"}}};
  for (const auto& x : accounts)
    rows.push_back({{text(x, "name")},
                    {text(x, "provider")},
                    state_cell(text(x, "admin")),
                    state_cell(text(x, "health")),
                    state_cell(text(x, "funds")),
                    money_cell(x, "available"),
                    money_cell(x, "held"),
                    money_cell(x, "spent"),
                    right_head(fmt::format("{}/{}", count(x, "in_flight"),
                                           count(x, "limit"))),
                    number_cell(x, "calls"),
                    {relative(x.value("last_used", json{}), now_s())},
                    {note(x, now_s())}});
  return table(rows, colours);
}

} // namespace

void add_accounts(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("accounts", "Lists the accounts");
  c->footer("Example: rota accounts --json");
  c->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/accounts");
      if (x.as_json)
        print_json(reply);
      else if (reply.empty())
        fmt::print("There are no accounts. Add some to the configuration, then:"
                   " rota reload\n");
      else
        fmt::print("{}", account_table(reply, x.colours()));
      return 0;
    };
  });
}

} // namespace rota::cli
