#include "tools/rota/report.hpp"

#include "messages/money_sum.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rota::cli {

namespace {

json view_of(const checked_account& x) {
  money_sum in_doubt;
  uint64_t doubts = 0;
  for (const auto& hold : x.head.holds)
    if (hold.in_doubt) {
      in_doubt += hold.amount;
      ++doubts;
    }
  return {
    {"name", x.name},
    {"entries", x.sums.entries},
    {"paid_in", to_decimal(x.sums.paid_in)},
    {"adjusted", to_decimal(x.sums.adjusted)},
    {"charged", to_decimal(x.sums.charged)},
    {"balance", to_decimal(x.head.balance)},
    {"held", to_decimal(x.head.held)},
    {"open_holds", x.head.holds.size()},
    {"in_doubt", doubts},
    {"in_doubt_amount", to_decimal(in_doubt)},
  };
}

json view_of(const check_finding& x) {
  json result{{"file", x.file},
              {"text", x.text},
              {"mended_at_start", x.mended_at_start}};
  if (!x.account.empty())
    result["account"] = x.account;
  if (x.entry > 0)
    result["entry"] = x.entry;
  return result;
}

} // namespace

json view_of(const check_report& x) {
  auto accounts = json::array();
  for (const auto& account : x.accounts)
    accounts.push_back(view_of(account));
  auto findings = json::array();
  for (const auto& finding : x.findings)
    findings.push_back(view_of(finding));
  return {
    {"clean", x.clean()},
    {"unchecked", x.unchecked},
    {"store", x.dir},
    {"schema", x.schema},
    {"run", x.run},
    {"entries", x.entries},
    {"batches", x.batches},
    {"results", x.results},
    {"records", x.records},
    {"files", x.files},
    {"accounts", std::move(accounts)},
    {"finding_count", x.finding_count},
    {"findings", std::move(findings)},
  };
}

check_report gave_up(const std::string& store_dir, const std::string& said) {
  check_report result;
  result.dir = store_dir;
  result.finding_count = 1;
  result.findings.push_back({store_dir, {}, 0, said});
  return result;
}

namespace {

std::string account_table(const json& accounts, bool colours) {
  std::vector<table_row> rows{
    {{"ACCOUNT"}, right_head("ENTRIES"), right_head("PAID IN"),
     right_head("ADJUSTED"), right_head("CHARGED"), right_head("BALANCE"),
     right_head("HELD"), right_head("IN DOUBT")}};
  for (const auto& x : accounts)
    rows.push_back({{text(x, "name")},
                    number_cell(x, "entries"),
                    money_cell(x, "paid_in"),
                    money_cell(x, "adjusted"),
                    money_cell(x, "charged"),
                    money_cell(x, "balance"),
                    money_cell(x, "held"),
                    money_cell(x, "in_doubt_amount")});
  return table(rows, colours);
}

/// Whether a start of rotad mends all that was found.
bool is_mended_at_start(const json& report) {
  const auto& findings = list(report, "findings");
  return findings.size() == count(report, "finding_count")
         && std::all_of(findings.begin(), findings.end(), [](const json& x) {
              return flag(x, "mended_at_start");
            });
}

std::string line_of(const json& finding) {
  auto where = text(finding, "file");
  if (finding.contains("account"))
    where += ": " + text(finding, "account");
  if (finding.contains("entry"))
    where += fmt::format(", entry {}", count(finding, "entry"));
  return where + ": " + text(finding, "text");
}

} // namespace

void print_report(const json& report, bool colours) {
  const auto& findings = list(report, "findings");
  const auto all = count(report, "finding_count");
  const auto number
    = [&](const char* key) { return std::to_string(count(report, key)); };
  fmt::print("{}", details({{"store", {text(report, "store")}},
                            {"schema", {number("schema")}},
                            {"run", {number("run")}},
                            {"entries", {number("entries")}},
                            {"batches", {number("batches")}},
                            {"results", {number("results")}},
                            {"records", {number("records")}},
                            {"files", {number("files")}}},
                           colours));
  if (!list(report, "accounts").empty())
    fmt::print("\n{}", account_table(list(report, "accounts"), colours));
  fmt::print("\n");
  for (const auto& finding : findings)
    fmt::print("{}\n", line_of(finding));
  if (all > findings.size())
    fmt::print("... and {} more.\n", all - findings.size());
  fmt::print("{}\n",
             all == 0 ? tinted("Clean.", colour::green, colours)
                      : tinted(counted(all, "finding") + ".", colour::red,
                               colours));
}

std::string what_to_do(const json& report, const std::string& otherwise) {
  return is_mended_at_start(report)
           ? "the next start of rotad mends it, and nothing else is wrong"
           : otherwise;
}

} // namespace rota::cli
