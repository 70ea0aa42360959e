#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/request_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace rota::cli {

namespace {

struct wish {
  std::string client;
  std::string model;
  std::string account;
  std::string since;
  uint32_t limit = 20;
  bool failed = false;
};

std::string request_table(const json& requests, bool colours) {
  std::vector<table_row> rows{
    {{"REQUEST"}, {"WHEN"}, {"CLIENT"}, {"MODEL"}, {"ACCOUNT"}, {"OUTCOME"},
     right_head("TRIES"), right_head("FIRST BYTE"), right_head("TOTAL"),
     right_head("IN"), right_head("OUT"), right_head("COST")}};
  for (const auto& x : requests) {
    const auto& tokens = field(x, "tokens");
    rows.push_back(
      {{text(x, "id")},
       {relative(x.value("at", json{}), now_s())},
       {text(x, "client")},
       model_cell(x),
       {text(x, "account")},
       outcome_cell(x),
       {std::to_string(list(x, "attempts").size()), colour::none, true},
       {millis(x, "first_byte_ms"), colour::none, true},
       {millis(x, "total_ms"), colour::none, true},
       number_cell(tokens, "in"),
       number_cell(tokens, "out"),
       money_cell(x, "cost")});
  }
  return table(rows, colours);
}

/// "90s", "30m", "2h", "7d" before now, or an RFC 3339 time, in milliseconds
/// since the epoch.
std::optional<int64_t> parse_since(const std::string& given) {
  if (const auto at = epoch_of(given))
    return *at * 1'000;
  if (given.size() < 2 || given.size() > 10)
    return std::nullopt;
  int64_t number = 0;
  for (const auto c : given.substr(0, given.size() - 1)) {
    if (c < '0' || c > '9')
      return std::nullopt;
    number = number * 10 + (c - '0');
  }
  switch (given.back()) {
    case 's':
      break;
    case 'm':
      number *= 60;
      break;
    case 'h':
      number *= 3'600;
      break;
    case 'd':
      number *= 86'400;
      break;
    default:
      return std::nullopt;
  }
  return std::max<int64_t>(now_s() - number, 0) * 1'000;
}

std::string path_of(const wish& it) {
  auto result = "/admin/v1/requests?limit=" + std::to_string(it.limit);
  const auto add = [&result](const char* key, const std::string& value) {
    if (!value.empty())
      result += std::string{"&"} + key + '=' + escaped(value);
  };
  add("client", it.client);
  add("model", it.model);
  add("account", it.account);
  if (!it.since.empty())
    add("since_ms", std::to_string(parse_since(it.since).value_or(0)));
  if (it.failed)
    result += "&failed=1";
  return result;
}

CLI::Validator since_check() {
  return CLI::Validator{[](std::string& given) {
                          return parse_since(given)
                                   ? std::string{}
                                   : given
                                       + " is no time; write 90s, 30m, 2h, 7d"
                                         " or 2026-11-23T12:00:00Z";
                        },
                        ""};
}

} // namespace

void add_requests(CLI::App& app, action& run) {
  const auto it = std::make_shared<wish>();
  auto* c = app.add_subcommand(
    "requests", "Lists requests of the API, the newest first");
  c->add_option("--client", it->client, "Only of this client")
    ->check(not_empty());
  c->add_option("--model", it->model, "Only for this model")
    ->check(not_empty());
  c->add_option("--account", it->account, "Only those that tried this account")
    ->check(not_empty());
  c->add_option("--since", it->since,
                "Only those since then: 90s, 30m, 2h, 7d ago, or a time")
    ->check(since_check());
  c->add_option("--limit", it->limit, "At most so many")
    ->check(CLI::Range(1u, 10'000u))
    ->capture_default_str();
  c->add_flag("--failed", it->failed, "Only those that did not succeed");
  c->footer("Example: rota requests --client alice --since 2h --failed\n"
            "What became of one: rota explain REQUEST");
  c->callback([&run, it] {
    run = [it](const context& x) {
      const auto reply = x.connect().get(path_of(*it));
      if (x.as_json)
        print_json(reply);
      else if (reply.empty())
        fmt::print("There are no such requests.\n");
      else
        fmt::print("{}", request_table(reply, x.colours()));
      return 0;
    };
  });
}

} // namespace rota::cli
