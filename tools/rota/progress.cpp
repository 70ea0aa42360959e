#include "tools/rota/progress.hpp"

#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rota::cli {

namespace {

constexpr size_t bar_least = 10;
constexpr size_t bar_most = 40;
constexpr size_t plain_width = 200;
constexpr int64_t plain_every_s = 10;

std::string figures(const json& batch) {
  const auto failed = count(batch, "failed");
  const auto cancelled = count(batch, "cancelled");
  auto result = fmt::format("{}/{} done",
                            count(batch, "succeeded") + failed + cancelled,
                            count(batch, "total"));
  const auto add = [&result](const std::string& more) {
    result += "  " + more;
  };
  if (failed > 0)
    add(fmt::format("{} failed", failed));
  if (cancelled > 0)
    add(fmt::format("{} cancelled", cancelled));
  if (const auto in_flight = count(batch, "in_flight"); in_flight > 0)
    add(fmt::format("{} in flight", in_flight));
  if (const auto rate = number(batch, "rate_per_s");
      rate > 0 && !has_ended(batch))
    add(fmt::format("{:.1f}/s", rate));
  add(usd(batch, "spent"));
  const auto state = text(batch, "state");
  if (const auto why = text(batch, "waiting_for"); !why.empty())
    add("waiting: " + why);
  else if (state != "running")
    add(state);
  else if (batch.contains("eta_s") && batch["eta_s"].is_number())
    add(duration(number(batch, "eta_s")) + " left");
  return result;
}

} // namespace

bool has_ended(const json& batch) {
  const auto state = text(batch, "state");
  return state == "completed" || state == "cancelled";
}

uint64_t skipped_of(const json& batch) {
  const auto i = batch.find("skipped");
  return i == batch.end() || i->is_null() ? 0 : count(batch, "skipped");
}

std::string progress_line(const json& batch, size_t width) {
  const auto said = figures(batch);
  const auto total = count(batch, "total");
  const auto ended = count(batch, "succeeded") + count(batch, "failed")
                     + count(batch, "cancelled");
  // The last column stays free: a terminal may break the line there.
  const auto taken = width_of(said) + 4;
  const auto room = width > taken ? width - taken : 0;
  if (room < bar_least || total == 0)
    return cut(said, width > 0 ? width - 1 : 0);
  const auto size = std::min<uint64_t>(room, bar_most);
  const auto full = static_cast<size_t>(
    static_cast<double>(size) * static_cast<double>(std::min(ended, total))
    / static_cast<double>(total));
  return '[' + std::string(full, '#') + std::string(size - full, '.') + "] "
         + said;
}

std::string progress_report::next(const json& batch, size_t width,
                                  int64_t now_s) {
  if (terminal_) {
    drawn_ = true;
    // Back to the first column, then erase what the last line left.
    return "\r" + progress_line(batch, width) + "\x1b[K"
           + (has_ended(batch) ? "\n" : "");
  }
  if (has_ended(batch) || now_s - said_at_ < plain_every_s)
    return {};
  said_at_ = now_s;
  return progress_line(batch, plain_width) + '\n';
}

std::string progress_report::leave() const {
  return drawn_ ? "\n" : "";
}

} // namespace rota::cli
