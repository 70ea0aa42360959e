#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

void print_status(const context& x, const json& s) {
  const auto line = [](const char* name, const std::string& text) {
    fmt::print("{:<12}{}\n", name, text);
  };
  const auto& money = s["money"];
  const auto& pool = s["pool"];
  const auto usd = [](const json& decimal) {
    return short_money(decimal.get<std::string>()) + " USD";
  };
  line("rotad", fmt::format("{}, pid {}, run {}, up {}", s.value("version", ""),
                            s["pid"].dump(), s["run"].dump(),
                            duration(s["uptime_s"].get<double>())));
  line("state", s.value("state_dir", ""));
  line("accounts", s["accounts"].dump());
  line("money", fmt::format("{} available, {} held, {} in doubt",
                            usd(money["available"]), usd(money["held"]),
                            usd(money["in_doubt"])));
  line("pool", fmt::format("{} granted, {} declined, {} refused, {} waiting",
                           pool["granted"].dump(), pool["declined"].dump(),
                           pool["refused"].dump(), pool["waiting"].dump()));
  if (const auto why = pool.value("waiting_for", ""); !why.empty())
    line("", tinted("jobs wait: " + why, colour::yellow, x.colours()));
  line("batches", fmt::format("{} running, {} paused, {} ended",
                              s["batches"]["running"].dump(),
                              s["batches"]["paused"].dump(),
                              s["batches"]["ended"].dump()));
  for (const auto& alert : s["alerts"])
    line("ALERT",
         tinted(alert.value("text", ""), colour::red, x.colours()));
  const auto& doubts = s["in_doubt"];
  if (doubts.empty())
    return;
  fmt::print("\n{} calls in doubt, perhaps charged without an answer:\n",
             s["in_doubt_count"].dump());
  std::vector<std::vector<cell>> rows{
    {{"CALL"}, {"ACCOUNT"}, {"AMOUNT", colour::none, true}, {"SINCE"},
     {"ASSUMED CHARGED"}}};
  for (const auto& doubt : doubts)
    rows.push_back({{doubt.value("hold", "")},
                    {doubt.value("account", "")},
                    money_cell(doubt["amount"]),
                    {relative(doubt["since"], now_s())},
                    {relative(doubt["until"], now_s())}});
  fmt::print("{}", table(rows, x.colours()));
}

} // namespace

void add_status(CLI::App& app, action& run) {
  auto* status = app.add_subcommand("status", "Shows how the daemon fares");
  status->footer("Example: rota status");
  status->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/status");
      x.as_json ? print_json(reply) : print_status(x, reply);
      return 0;
    };
  });

  auto* reload
    = app.add_subcommand("reload", "Makes the daemon read its configuration");
  reload->footer("Example: rota reload");
  reload->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().post("/admin/v1/reload");
      if (x.as_json) {
        print_json(reply);
        return 0;
      }
      if (reply["changed"].empty())
        fmt::print("Nothing changed.\n");
      for (const auto& what : reply["changed"])
        fmt::print("{}\n", what.get<std::string>());
      for (const auto& key : reply["needs_restart"])
        fmt::print("{} changes at the next start.\n",
                   key.get<std::string>());
      return 0;
    };
  });
}

} // namespace rota::cli
