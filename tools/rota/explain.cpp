#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/request_cells.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

using lines = std::vector<std::pair<std::string, cell>>;

std::string token_text(const json& x) {
  const auto part = [&x](const char* key, const char* what) {
    const auto n = count(x, key);
    return n == 0 ? std::string{} : fmt::format(", {} {}", n, what);
  };
  const auto source = text(x, "source");
  const auto tier = text(x, "tier");
  auto result = fmt::format("{} in, {} out", count(x, "in"), count(x, "out"));
  result += part("cached", "of the input cached")
            + part("written_5m", "of it written to the cache for 5 min")
            + part("written_1h", "of it written to the cache for 1 h")
            + part("media_in", "of it sound or pictures")
            + part("reasoning", "of the output reasoning")
            + part("media_out", "of the output sound or pictures")
            + part("web_searches", "web searches") + part("images", "images")
            + part("characters", "characters")
            + part("audio_ms", "ms of sound")
            + part("rerank_searches", "searches of a rerank");
  if (!tier.empty() && tier != "standard")
    result += ", tier " + tier;
  if (flag(x, "fast"))
    result += ", fast";
  if (flag(x, "us_only"))
    result += ", in the US only";
  return source.empty() ? result : result + "; " + source;
}

cell price_cell(const json& request) {
  const auto& price = field(request, "price");
  const auto basis = text(price, "basis");
  if (basis == "known")
    return {"that of " + text(price, "model")};
  if (basis == "by_prefix")
    return {"that of " + text(price, "model")
              + ", for no more of the name is known",
            colour::yellow};
  if (basis == "unknown")
    return {"the highest of all, for this model's is not known",
            colour::yellow};
  return {};
}

lines about(const json& x) {
  const auto doubt = usd(x, "in_doubt");
  const auto theirs = text(x, "client_request_id");
  return {{"request", {text(x, "id")}},
          {"client's id", {theirs}},
          {"arrived", {text(x, "at")}},
          {"client", {text(x, "client")}},
          {"model", {text(x, "model")}},
          {"surface",
           {text(x, "surface") + (flag(x, "streamed") ? ", streamed" : "")}},
          {"outcome", outcome_cell(x)},
          {"account", {text(x, "account")}},
          {"first byte", {millis(x, "first_byte_ms")}},
          {"total", {millis(x, "total_ms")}},
          {"tokens", {token_text(field(x, "tokens"))}},
          {"price", price_cell(x)},
          {"held", {usd(x, "hold")}},
          {"cost", {usd(x, "cost")}},
          {"in doubt",
           {doubt == "0.00 USD" ? std::string{} : doubt, colour::yellow}}};
}

/// What became of an attempt, in one line.
std::string attempt_text(const json& x) {
  if (!flag(x, "sent"))
    return "not sent; " + usd(x, "hold") + " given back";
  const auto status = count(x, "status");
  return fmt::format(
    "{}{}{}, {} to the first byte, {} in all; held {}, {}", text(x, "class"),
    text(x, "reason").empty() ? "" : " (" + text(x, "reason") + ')',
    status == 0 ? ", no status" : fmt::format(", status {}", status),
    millis(x, "first_byte_ms"), millis(x, "total_ms"), usd(x, "hold"),
    flag(x, "in_doubt") ? "in doubt" : "cost " + usd(x, "cost"));
}

std::string candidate_table(const json& pick, bool colours) {
  std::vector<table_row> rows{{{"  ACCOUNT"}, {"FINDING"}, {"RANKED BY"},
                               right_head("AVAILABLE"), {"UNTIL"}}};
  for (const auto& x : list(pick, "candidates")) {
    const auto finding = text(x, "finding");
    rows.push_back({{"  " + text(x, "account")},
                    {finding == "chosen" ? finding : text(x, "because"),
                     finding == "chosen"   ? colour::green
                     : finding == "behind" ? colour::none
                                           : colour::yellow},
                    {text(x, "ranked_by")},
                    money_cell(x, "available"),
                    {relative(x.value("until", json{}), now_s())}});
  }
  return table(rows, colours);
}

void print_pick(const json& x, size_t number, bool colours) {
  const auto waited = count(x, "waited_ms");
  const auto chosen = text(x, "chosen");
  fmt::print("\nPick {} among {}, by {}, for {} at list price{}: {}\n", number,
             counted(count(x, "accounts"), "account"), text(x, "strategy"),
             usd(x, "list_cost"),
             waited == 0 ? "" : fmt::format(", after waiting {} ms", waited),
             chosen.empty()
               ? tinted("none, for " + text(x, "because"), colour::red, colours)
               : tinted(chosen, colour::green, colours));
  if (!list(x, "candidates").empty())
    fmt::print("{}", candidate_table(x, colours));
  for (const auto& each : list(x, "rest"))
    fmt::print("  {} more: {}\n", counted(count(each, "accounts"), "account"),
               text(each, "because"));
}

void print_request(const json& x, bool colours) {
  fmt::print("{}", details(about(x), colours));
  const auto& attempts = list(x, "attempts");
  const auto& picks = list(x, "picks");
  for (size_t i = 0; i < picks.size(); ++i) {
    print_pick(picks[i], i + 1, colours);
    if (i < attempts.size())
      fmt::print("  Attempt: {}\n", attempt_text(attempts[i]));
  }
}

} // namespace

void add_explain(CLI::App& app, action& run) {
  const auto id = std::make_shared<std::string>();
  auto* c = app.add_subcommand(
    "explain", "Says which accounts a request could have had, why each was"
               " refused or chosen, and what became of it");
  c->add_option("id", *id,
                "The request: the header x-request-id of its answer, such as"
                " req_3_17, or the client's own")
    ->required()
    ->check(not_empty());
  c->footer("Example: rota explain req_3_17");
  c->callback([&run, id] {
    run = [id](const context& x) {
      const auto reply
        = x.connect().get("/admin/v1/requests/" + escaped(*id));
      x.as_json ? print_json(reply) : print_request(reply, x.colours());
      return 0;
    };
  });
}

} // namespace rota::cli
