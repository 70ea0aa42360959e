#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

/// "1.25 of 5.00", or "1.25" where there is no cap.
cell spent_cell(const json& x, const char* spent, const char* cap) {
  auto result = money_cell(x, spent);
  if (const auto most = text(x, cap); !most.empty())
    result.text += " of " + short_money(most);
  return result;
}

std::string client_table(const json& clients, bool colours) {
  std::vector<table_row> rows{
    {{"CLIENT"}, right_head("TOKENS"), right_head("TODAY"),
     right_head("THIS MONTH"), right_head("HELD"), right_head("SPENT"),
     right_head("IN FLIGHT"), right_head("CALLS"), right_head("REFUSED"),
     {"LAST USED"}}};
  for (const auto& x : clients)
    rows.push_back({{text(x, "name")},
                    number_cell(x, "tokens"),
                    spent_cell(x, "day_spent", "day_cap"),
                    spent_cell(x, "month_spent", "month_cap"),
                    money_cell(x, "held"),
                    money_cell(x, "spent"),
                    number_cell(x, "in_flight"),
                    number_cell(x, "calls"),
                    number_cell(x, "refused"),
                    {relative(x.value("last_used", json{}), now_s())}});
  return table(rows, colours);
}

} // namespace

void add_clients(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("clients", "Lists the clients of the API with"
                                          " what they spent (days in UTC)");
  c->footer("Example: rota clients --json");
  c->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/clients");
      if (x.as_json)
        print_json(reply);
      else if (reply.empty())
        fmt::print("There are no clients: the API is open to this machine. Make"
                   " a token with: rota token\n");
      else
        fmt::print("{}", client_table(reply, x.colours()));
      return 0;
    };
  });
}

} // namespace rota::cli
