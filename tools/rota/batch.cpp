#include "tools/rota/commands.hpp"
#include "tools/rota/doubts.hpp"
#include "tools/rota/follow.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/progress.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/results.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

std::string lines_text(const json& x) {
  auto result = fmt::format("{}: {} succeeded, {} failed",
                            count(x, "total"), count(x, "succeeded"),
                            count(x, "failed"));
  if (const auto cancelled = count(x, "cancelled"); cancelled > 0)
    result += fmt::format(", {} cancelled", cancelled);
  if (const auto in_flight = count(x, "in_flight"); in_flight > 0)
    result += fmt::format(", {} in flight", in_flight);
  return result;
}

/// Lines that were no good and were not let in.
std::string left_out_text(const json& x) {
  const auto skipped = skipped_of(x);
  return skipped > 0 ? counted(skipped, "line") + ", not counted above" : "";
}

std::string pace_text(const json& x) {
  const auto rate = number(x, "rate_per_s");
  if (has_ended(x) || rate <= 0)
    return {};
  auto result = fmt::format("{:.1f} lines/s", rate);
  if (x.contains("eta_s") && x["eta_s"].is_number())
    result += ", about " + duration(number(x, "eta_s")) + " left";
  return result;
}

std::string when(const json& x, const char* key) {
  const auto time = x.value(key, json{});
  return time.is_null() ? "" : relative(time, now_s());
}

void print_batch(const context& x, const json& one) {
  const auto colours = x.colours();
  // What people must know stands first.
  if (const auto why = text(one, "waiting_for"); !why.empty())
    fmt::print("{}\n", tinted("Lines wait: " + why, colour::yellow, colours));
  fmt::print("{}", details({{"batch", {text(one, "id")}},
                            {"name", {text(one, "name")}},
                            {"file", {text(one, "file_name")}},
                            {"format", {text(one, "format")}},
                            {"policy", {text(one, "policy")}},
                            {"state", state_cell(text(one, "state"))},
                            {"lines", {lines_text(one)}},
                            {"left out", {left_out_text(one)}},
                            {"spent", {usd(one, "spent")}},
                            {"pace", {pace_text(one)}},
                            {"submitted", {when(one, "created_at")}},
                            {"ended", {when(one, "ended_at")}}},
                           colours));
  if (const auto& doubts = list(one, "in_doubt"); !doubts.empty())
    fmt::print("\n{}\n{}",
               tinted(counted(doubts.size(), "call")
                        + " in doubt: perhaps charged, though no answer came.",
                      colour::yellow, colours),
               doubt_table(doubts, doubts.size(), colours));
  if (has_ended(one))
    fmt::print("\nResults: rota results {} -o FILE\n{}", text(one, "id"),
               about_failures(one, {}));
}

} // namespace

void add_batch(CLI::App& app, action& run) {
  struct chosen {
    std::string id;
    bool wait = false;
    following how;
  };
  const auto it = std::make_shared<chosen>();
  auto* c = app.add_subcommand("batch", "Shows one batch");
  add_batch_id(*c, it->id);
  c->add_flag("--wait", it->wait,
              "Show its progress until it ends; exit code 1 if lines failed");
  add_reconnect(*c, it->how);
  c->footer("Example: rota batch batch_3 --wait");
  c->callback([&run, it] {
    run = [it](const context& x) {
      auto rotad = x.connect();
      if (it->wait)
        return follow(x, rotad, it->id, it->how);
      const auto reply = rotad.get("/admin/v1/batches/" + it->id);
      x.as_json ? print_json(reply) : print_batch(x, reply);
      return 0;
    };
  });
}

} // namespace rota::cli
