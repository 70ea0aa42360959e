#include "tools/rota/commands.hpp"
#include "tools/rota/offline.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/report.hpp"

#include "runtime/storage/backup.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

struct restore_wish {
  std::string folder;
  std::string dir;
  uint32_t number = 0;
  bool force = false;
};

struct backup_wish {
  std::string folder;
  std::string dir = "./state";
  uint32_t keep = 0;
  bool list = false;
};

json manifest_view(const backup_manifest& x) {
  uint64_t bytes = 0;
  for (const auto& file : x.files)
    bytes += file.bytes;
  return {
    {"backup", x.number},       {"made_at", to_string(x.made_at)},
    {"schema", x.schema},       {"accounts", x.accounts},
    {"entries", x.entries},     {"batches", x.batches},
    {"results", x.results},     {"batch_files", x.files.size()},
    {"batch_bytes", bytes},
  };
}

std::string describe(const json& x) {
  return fmt::format("{}, {}, {}, {}",
                     counted(count(x, "accounts"), "account"),
                     counted(count(x, "entries"), "entry", "entries"),
                     counted(count(x, "batches"), "batch", "batches"),
                     counted(count(x, "results"), "result"));
}

int list_all(const context& x, const std::string& folder) {
  const auto found = list_backups(folder);
  auto all = json::array();
  for (const auto& backup : found.backups)
    all.push_back(manifest_view(backup));
  if (x.as_json)
    print_json(all);
  else if (all.empty())
    fmt::print("There are no backups in {}.\n", folder);
  else
    for (const auto& backup : all)
      fmt::print("backup {}  {}  {}\n", count(backup, "backup"),
                 text(backup, "made_at"), describe(backup));
  for (const auto& fault : found.faults)
    fmt::print(stderr, "rota: {}\n", fault);
  return found.faults.empty() ? 0 : 1;
}

int back_up(const context& x, const backup_wish& wish,
            const std::string& state_dir) {
  const auto done = make_backup(state_dir, wish.folder, {now_s() * 1'000});
  if (done.checked.finding_count > 0) {
    const auto report = view_of(done.checked);
    x.as_json ? print_json(report) : print_report(report, x.colours());
    fmt::print(stderr,
               "rota: The state in {} is damaged, and was not backed up. What"
               " to do: {}.\n",
               wish.dir,
               what_to_do(report,
                          "go back to an earlier backup (rota restore "
                            + wish.folder + " --state-dir " + wish.dir
                            + " --force), or keep a copy of it by other"
                              " means"));
    return 1;
  }
  if (!done.fault.empty())
    throw std::runtime_error{done.fault};
  if (wish.keep > 0) {
    if (const auto fault = thin_out(wish.folder, wish.keep); !fault.empty())
      throw std::runtime_error{fault};
    for (const auto& fault : list_backups(wish.folder).faults)
      fmt::print(stderr, "rota: {} No file of it is removed.\n", fault);
  }
  const auto made = manifest_view(done.made);
  if (x.as_json)
    print_json(made);
  else
    fmt::print("Backup {} in {}, verified: {}.\n"
               "Restore: rota restore {} --backup {} --state-dir DIR\n",
               count(made, "backup"), wish.folder, describe(made), wish.folder,
               count(made, "backup"));
  return 0;
}

/// The backup that was asked for: the newest one if none was.
backup_manifest chosen(const restore_wish& wish) {
  const auto found = list_backups(wish.folder);
  for (auto i = found.backups.rbegin(); i != found.backups.rend(); ++i)
    if (wish.number == 0 || i->number == wish.number)
      return *i;
  if (!found.faults.empty())
    throw std::runtime_error{found.faults.back()};
  throw std::runtime_error{
    wish.number == 0
      ? "There is no backup in " + wish.folder + '.'
      : fmt::format("There is no backup {} in {}: rota backup {} --list shows"
                    " what there is.",
                    wish.number, wish.folder, wish.folder)};
}

int restore(const context& x, const restore_wish& wish) {
  const auto backup = chosen(wish);
  const auto done = restore_backup(wish.folder, backup, wish.dir, wish.force,
                                   {now_s() * 1'000});
  if (done.checked.finding_count > 0) {
    const auto report = view_of(done.checked);
    x.as_json ? print_json(report) : print_report(report, x.colours());
  }
  if (!done.fault.empty())
    throw std::runtime_error{done.fault};
  auto restored = manifest_view(backup);
  restored["replaced"] = done.replaced;
  if (x.as_json) {
    print_json(restored);
    return 0;
  }
  fmt::print("Backup {} of {} is restored in {}, checked and clean: {}.\n",
             backup.number, to_string(backup.made_at), wish.dir,
             describe(restored));
  if (!done.replaced.empty())
    fmt::print("What was there before lies in {} until you remove it.\n",
               done.replaced);
  fmt::print("Calls since that backup are not in these books: refresh the"
             " accounts' balances (rota account NAME refresh).\n");
  return 0;
}

} // namespace

void add_restore(CLI::App& app, action& run) {
  const auto wish = std::make_shared<restore_wish>();
  auto* c = app.add_subcommand(
    "restore", "Puts a backup in the place of the state, with rotad stopped");
  c->add_option("folder", wish->folder, "Where the backups are kept")
    ->required();
  c->add_option("--state-dir", wish->dir, "Where the state shall be")
    ->envname("ROTA_STATE_DIR")
    ->required();
  c->add_option("--backup", wish->number, "Its number; the newest by default")
    ->check(CLI::Range(1u, UINT32_MAX));
  c->add_flag("--force", wish->force,
              "Move a state that is there already aside");
  c->footer("Example: rota restore /backup/rota --state-dir /var/lib/rota\n"
            "The backup is verified, written beside, and checked like by rota"
            " fsck before anything is replaced.");
  c->callback([&run, wish] {
    run = [wish](const context& x) {
      return run_apart([&] { return restore(x, *wish); });
    };
  });
}

void add_backup(CLI::App& app, action& run) {
  const auto wish = std::make_shared<backup_wish>();
  auto* c = app.add_subcommand(
    "backup", "Checks the state and backs it up, while the daemon runs or not");
  c->add_option("folder", wish->folder, "Where the backups are kept")
    ->required();
  add_state_dir(*c, wish->dir);
  auto* list = c->add_flag("--list", wish->list, "List the backups there are");
  c->add_option("--keep", wish->keep, "Then remove all but the newest N")
    ->check(CLI::Range(1u, 1'000'000u))
    ->excludes(list);
  c->footer("Example: rota backup /backup/rota --keep 24");
  c->callback([&run, wish] {
    run = [wish](const context& x) {
      if (wish->list)
        return list_all(x, wish->folder);
      const still_state state{x, wish->dir, true};
      return run_apart([&] { return back_up(x, *wish, state.dir()); });
    };
  });
}

} // namespace rota::cli
