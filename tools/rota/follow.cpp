#include "tools/rota/follow.hpp"

#include "tools/rota/print.hpp"
#include "tools/rota/progress.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/results.hpp"

#include <fmt/format.h>

#include <csignal>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rota::cli {

namespace {

constexpr timespec between_looks{0, 200'000'000};

volatile std::sig_atomic_t interrupt = 0;

void on_interrupt(int) {
  interrupt = 1;
}

/// Takes Ctrl-C for a wish to look away, as long as it lives.
class interrupt_guard {
public:
  interrupt_guard() {
    interrupt = 0;
    struct sigaction mine {};
    mine.sa_handler = on_interrupt;
    sigaction(SIGINT, &mine, &old_);
  }

  ~interrupt_guard() {
    sigaction(SIGINT, &old_, nullptr);
  }

  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

private:
  struct sigaction old_ {};
};

/// Asked for at each drawing, so that no resizing is missed.
size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
           ? size.ws_col
           : 80;
}

std::string how_to_come_back(const std::string& id) {
  return "Watch it: rota batch " + id + " --wait";
}

/// @returns The batch as it was last seen; it goes on if Ctrl-C came.
json watch(client& rotad, const std::string& id) {
  const interrupt_guard guard;
  progress_report report{isatty(STDERR_FILENO) == 1, now_s()};
  try {
    for (;;) {
      auto batch = rotad.get("/admin/v1/batches/" + id);
      fmt::print(stderr, "{}", report.next(batch, terminal_width(), now_s()));
      std::fflush(stderr);
      if (has_ended(batch))
        return batch;
      if (interrupt == 0)
        nanosleep(&between_looks, nullptr);
      if (interrupt != 0) {
        fmt::print(stderr, "{}", report.leave());
        return batch;
      }
    }
  } catch (const unreachable& e) {
    fmt::print(stderr, "{}", report.leave());
    throw unreachable{fmt::format("{} {} is kept, and goes on where it was"
                                  " when rotad is back. {}",
                                  e.what(), id, how_to_come_back(id))};
  }
}

void print_summary(const json& batch, const result_files& files) {
  const auto id = text(batch, "id");
  auto said = fmt::format("{} is {}: {} of {} succeeded", id,
                          text(batch, "state"), count(batch, "succeeded"),
                          counted(count(batch, "total"), "line"));
  if (const auto failed = count(batch, "failed"); failed > 0)
    said += fmt::format(", {} failed", failed);
  if (const auto cancelled = count(batch, "cancelled"); cancelled > 0)
    said += fmt::format(", {} cancelled", cancelled);
  said += ", " + usd(batch, "spent") + " spent.\n";
  if (!files.out.empty() && files.out != "-")
    said += "Results: " + files.out + '\n';
  else if (files.out.empty())
    said += "Results: rota results " + id + " -o FILE\n";
  said += about_failures(batch, files.errors);
  // Standard output belongs to the results where they go there.
  fmt::print(files.to_stdout() ? stderr : stdout, "{}", said);
}

} // namespace

int follow(const context& x, client& rotad, const std::string& id,
           const result_files& files) {
  const auto batch = watch(rotad, id);
  if (!has_ended(batch)) {
    if (x.as_json)
      print_json(batch);
    fmt::print(stderr, "{} goes on without you. {}\n", id,
               how_to_come_back(id));
    return 1;
  }
  const auto path = "/admin/v1/batches/" + id;
  if (!files.out.empty())
    save_lines(rotad, path + "/results", files.out);
  if (!files.errors.empty())
    save_lines(rotad, path + "/errors", files.errors);
  if (x.as_json)
    print_json(batch);
  else
    print_summary(batch, files);
  return count(batch, "succeeded") == count(batch, "total") ? 0 : 1;
}

} // namespace rota::cli
