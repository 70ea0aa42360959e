#include "tools/rota/doubts.hpp"

#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rota::cli {

namespace {

constexpr size_t shown_most = 20;

/// Which line of the file: by its number where the daemon knows it.
std::string line_of(const json& doubt) {
  return doubt.contains("line") ? std::to_string(count(doubt, "line")) : "-";
}

/// What becomes of the money unless a reading says better.
std::string fate_of(const json& doubt) {
  const auto when = relative(doubt.value("until", json{}), now_s());
  const auto assumed = usd(doubt, "assumed");
  if (assumed == "0.00 USD")
    return "released " + when;
  return assumed == usd(doubt, "amount")
           ? "taken as charged " + when
           : assumed + " taken as charged " + when;
}

} // namespace

std::string doubt_table(const json& doubts, uint64_t all, bool colours) {
  const auto lines = std::any_of(doubts.begin(), doubts.end(),
                                 [](const json& x) {
                                   return x.contains("line");
                                 });
  std::vector<table_row> rows{
    {{"CALL"}, {"ACCOUNT"}, right_head("AMOUNT"), {"SINCE"},
     {"IF NOTHING ELSE IS KNOWN"}}};
  if (lines)
    rows[0].insert(rows[0].begin(), right_head("LINE"));
  for (size_t i = 0; i < std::min(doubts.size(), shown_most); ++i) {
    const auto& x = doubts[i];
    rows.push_back({{text(x, "hold")},
                    {text(x, "account")},
                    money_cell(x, "amount"),
                    {relative(x.value("since", json{}), now_s())},
                    {fate_of(x)}});
    if (lines)
      rows.back().insert(rows.back().begin(), right_head(line_of(x)));
  }
  auto result = table(rows, colours);
  const auto shown = rows.size() - 1;
  if (all > shown)
    result += fmt::format("... and {} more; --json lists them.\n",
                          all - shown);
  return result;
}

} // namespace rota::cli
