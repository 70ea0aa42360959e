#include "tools/rota/commands.hpp"
#include "tools/rota/offline.hpp"
#include "tools/rota/report.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

/// Prints a report. @returns The exit code.
int conclude(const context& x, const json& report, const std::string& dir) {
  const auto damaged = count(report, "finding_count") > 0;
  const auto unchecked = text(report, "unchecked");
  if (x.as_json)
    print_json(report);
  else if (damaged || unchecked.empty())
    print_report(report, x.colours());
  if (!unchecked.empty())
    fmt::print(stderr, "rota: {}\n", unchecked);
  if (!damaged)
    return unchecked.empty() ? 0 : 1;
  fmt::print(stderr,
             "rota: The state in {} is damaged; nothing was changed. What to"
             " do: {}.\n",
             dir,
             what_to_do(report, "go back to a backup with rota restore BACKUP"
                                " --state-dir "
                                  + dir + " --force"));
  return 1;
}

int fsck(const context& x, const std::string& dir) {
  const still_state state{x, dir, false};
  const auto store = state.dir() + "/store";
  const auto conclude_in = [&](json report) {
    report["live"] = state.is_live();
    return conclude(x, report, dir);
  };
  return run_apart(
    [&] {
      return conclude_in(
        view_of(check_store({store, state.dir() + "/batches"})));
    },
    [&](const std::string& said) {
      return conclude_in(view_of(gave_up(store, said)));
    });
}

} // namespace

void add_fsck(CLI::App& app, action& run) {
  const auto dir = std::make_shared<std::string>("./state");
  auto* c = app.add_subcommand(
    "fsck", "Checks everything that is on disk, and changes nothing");
  add_state_dir(*c, *dir);
  c->footer("Example: rota fsck --state-dir /var/lib/rota\n"
            "Where a daemon runs there, a copy that it makes is checked.\n"
            "Exit codes: 0 clean, 1 something is wrong, or it cannot be"
            " checked.");
  c->callback([&run, dir] {
    run = [dir](const context& x) { return fsck(x, *dir); };
  });
}

} // namespace rota::cli
