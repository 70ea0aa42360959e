#include "tools/rota/progress.hpp"

#include "tools/rota/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rota::cli {

namespace {

constexpr size_t bar_least = 10;
constexpr size_t bar_most = 40;
constexpr int64_t plain_every_s = 10;
constexpr timespec redraw{0, 200'000'000};

volatile std::sig_atomic_t interrupt = 0;

void on_interrupt(int) {
  interrupt = 1;
}

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
           ? size.ws_col
           : 80;
}

} // namespace

bool has_ended(const json& batch) {
  return batch["state"] == "completed" || batch["state"] == "cancelled";
}

std::string progress_line(const json& batch, size_t width) {
  const auto total = batch["total"].get<uint64_t>();
  const auto failed = batch["failed"].get<uint64_t>();
  const auto ended = batch["succeeded"].get<uint64_t>() + failed
                     + batch["cancelled"].get<uint64_t>();
  auto text = fmt::format("{}/{}", ended, total);
  const auto add = [&text](const std::string& more) { text += "  " + more; };
  if (failed > 0)
    add(fmt::format("{} failed", failed));
  if (batch["in_flight"].get<uint64_t>() > 0)
    add(fmt::format("{} in flight", batch["in_flight"].dump()));
  if (batch["rate_per_s"].get<double>() > 0)
    add(fmt::format("{:.1f}/s", batch["rate_per_s"].get<double>()));
  add(short_money(batch["spent"].get<std::string>()) + " USD");
  if (const auto why = batch.value("waiting_for", ""); !why.empty())
    add("waiting: " + why);
  else if (batch["eta_s"].is_number())
    add(duration(batch["eta_s"].get<double>()) + " left");
  const auto room = width > text.size() + 4 ? width - text.size() - 4 : 0;
  if (room >= bar_least && total > 0) {
    const auto size = std::min(room, bar_most);
    const auto full = size * std::min(ended, total) / total;
    return '[' + std::string(full, '#') + std::string(size - full, '.') + "] "
           + text;
  }
  return text.substr(0, width > 0 ? width - 1 : 0);
}

watched watch(client& rotad, const std::string& id) {
  struct sigaction old {};
  struct sigaction mine {};
  mine.sa_handler = on_interrupt;
  interrupt = 0;
  sigaction(SIGINT, &mine, &old);
  const auto terminal = isatty(STDERR_FILENO) == 1;
  watched result;
  int64_t said_at = std::time(nullptr);
  for (;;) {
    result.batch = rotad.get("/admin/v1/batches/" + id);
    const auto ended = has_ended(result.batch);
    if (terminal) {
      fmt::print(stderr, "\r\x1b[K{}",
                 progress_line(result.batch, terminal_width()));
      std::fflush(stderr);
    } else if (!ended && std::time(nullptr) - said_at >= plain_every_s) {
      said_at = std::time(nullptr);
      fmt::print(stderr, "{}\n", progress_line(result.batch, 200));
    }
    result.interrupted = interrupt != 0;
    if (ended || result.interrupted)
      break;
    nanosleep(&redraw, nullptr);
  }
  if (terminal)
    fmt::print(stderr, "\n");
  sigaction(SIGINT, &old, nullptr);
  return result;
}

} // namespace rota::cli
