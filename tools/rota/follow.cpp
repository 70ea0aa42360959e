#include "tools/rota/follow.hpp"

#include "tools/rota/print.hpp"
#include "tools/rota/progress.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/results.hpp"

#include <fmt/format.h>

#include <csignal>
#include <ctime>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

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

/// Looks at one batch until it ends.
class watcher {
public:
  watcher(client& rotad, const std::string& id, const following& how)
    : rotad_{rotad},
      id_{id},
      patience_s_{how.reconnect_s},
      known_{how.known} {
    // nop
  }

  /// @returns The batch as it was last seen; it goes on if Ctrl-C came.
  json run() {
    const interrupt_guard guard;
    for (json batch;; nanosleep(&between_looks, nullptr)) {
      if (auto seen = look())
        batch = std::move(*seen);
      if (interrupt == 0 && !has_ended(batch))
        continue;
      if (!has_ended(batch))
        say(report_.leave());
      return batch;
    }
  }

private:
  static bool has_ended(const json& batch) {
    return !batch.is_null() && cli::has_ended(batch);
  }

  static void say(const std::string& x) {
    fmt::print(stderr, "{}", x);
    std::fflush(stderr);
  }

  std::optional<json> look() {
    try {
      auto batch = rotad_.get("/admin/v1/batches/" + id_);
      if (std::exchange(lost_at_, std::nullopt))
        say("rotad is back.\n");
      known_ = true;
      say(report_.next(batch, terminal_width(), now_s()));
      return batch;
    } catch (const unreachable& e) {
      lose(e.what());
      return std::nullopt;
    }
  }

  void lose(const std::string& why) {
    if (!known_) // Perhaps there is no such batch.
      throw unreachable{why};
    if (!lost_at_) {
      lost_at_ = now_s();
      say(report_.leave());
      if (patience_s_ > 0)
        say(fmt::format("{} {} is kept; waiting up to {} s for rotad.\n", why,
                        id_, patience_s_));
    }
    if (now_s() - *lost_at_ >= patience_s_)
      throw unreachable{fmt::format("{} {} is kept, and goes on where it was"
                                    " when rotad is back. {}",
                                    why, id_, how_to_come_back(id_))};
  }

  client& rotad_;
  const std::string& id_;
  int64_t patience_s_;
  bool known_;
  progress_report report_{isatty(STDERR_FILENO) == 1, now_s()};
  std::optional<int64_t> lost_at_;
};

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
  if (const auto skipped = skipped_of(batch); skipped > 0)
    said += counted(skipped, "line") + " left out.\n";
  if (!files.out.empty() && files.out != "-")
    said += "Results: " + files.out + '\n';
  else if (files.out.empty())
    said += "Results: rota results " + id + " -o FILE\n";
  said += about_failures(batch, files.errors);
  // Standard output belongs to the results where they go there.
  fmt::print(files.to_stdout() ? stderr : stdout, "{}", said);
}

} // namespace

void add_reconnect(CLI::App& command, following& how) {
  command.add_option("--reconnect", how.reconnect_s,
                     "With --wait: how many seconds to wait for a daemon that"
                     " went away")
    ->capture_default_str();
}

int follow(const context& x, client& rotad, const std::string& id,
           const following& how) {
  const auto& files = how.files;
  const auto batch = watcher{rotad, id, how}.run();
  if (batch.is_null() || !has_ended(batch)) {
    if (x.as_json && !batch.is_null())
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
