#include "runtime/daemon.hpp"

#include "actors/alerter.hpp"
#include "actors/clients.hpp"
#include "actors/dispatcher.hpp"
#include "actors/domain/ledger_tail.hpp"
#include "actors/refresher.hpp"
#include "config/reload.hpp"
#include "runtime/account_pool.hpp"
#include "runtime/api/front.hpp"
#include "runtime/admin/api.hpp"
#include "runtime/batch_desk.hpp"
#include "runtime/client_memory.hpp"
#include "runtime/doubtful_items.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/http/listener.hpp"
#include "runtime/notify/notifier.hpp"
#include "runtime/observe/log.hpp"
#include "runtime/storage/disk_space.hpp"
#include "runtime/storage/journal.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/upstream/upstream.hpp"
#include "runtime/watchdog.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>

namespace rota {

namespace {

/// How long lines in flight may take to end once a stop was asked for. What is
/// still open then is found in doubt by the next start.
constexpr milliseconds drain_patience{30'000};

/// What accounts remember of holds that have ended is read from so many of the
/// ledger's last entries: some milliseconds of a start.
constexpr size_t tail_entries = 65'536;

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::rota_types>();
    // One worker for what is cold; the hot actors live on the engine's loop.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

sigset_t signals() {
  sigset_t result;
  sigemptyset(&result);
  for (const auto x : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    sigaddset(&result, x);
  return result;
}

/// All parts of a running daemon, in the order in which they are made.
class daemon {
public:
  daemon(const configuration& start, std::string config_path)
    : start_{start},
      opts_{start.opts},
      config_path_{std::move(config_path)} {
    // nop
  }

  int run();

  /// Whether it failed while its disk was nearly full.
  bool starved() const {
    return starved_;
  }

private:
  bool await_room() const;
  void open();
  void wire();
  void serve();
  void wait();
  void stop();
  reload_report reload();
  std::vector<std::string> needs_restart();
  /// @returns The accounts whose secrets changed.
  std::vector<std::string> apply(const option_diff& diff);
  void add_accounts(const std::vector<account_options>& x);
  account_memory recall(const std::string& name);
  void tell_room(bool low, uint64_t free) const;

  std::string store_dir() const {
    return opts_.state_dir + "/store";
  }

  bool has_room(uint64_t at_least = 0) const {
    const auto free = free_bytes(opts_.state_dir);
    return !free
           || *free >= std::max(at_least, background_bytes(opts_.store));
  }

  /// Callable from any thread: something that must not fail has failed.
  void fail(const std::string& why) {
    spdlog::critical("{}", why);
    if (failed_.exchange(true))
      return;
    starved_ = !has_room(opts_.store.low_space_bytes);
    kill(getpid(), SIGTERM);
  }

  const configuration start_;
  options opts_; // As last reloaded.
  std::string config_path_;
  std::mutex reload_mutex_;
  std::vector<std::string> needs_restart_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> starved_ = false;
  std::unique_ptr<store> disk_;
  endings ended_; // While accounts are added.
  /// Calls of earlier runs without a known outcome.
  struct {
    uint64_t doubts = 0;
    money amount;
  } found_;
  system_config system_config_;
  engine_loop loop_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<wiring> all_;
  std::unique_ptr<disk_space> space_;
  std::unique_ptr<journal_writer> writer_;
  std::shared_ptr<account_directory> directory_
    = std::make_shared<account_directory>();
  std::unique_ptr<account_pool> accounts_;
  std::unique_ptr<batch_desk> batches_;
  std::unique_ptr<watchdog> watchdog_;
  std::unique_ptr<admin_api> api_;
  std::unique_ptr<admin_server> door_;
  std::shared_ptr<client_list> clients_;
  std::unique_ptr<api_front> front_;
  std::unique_ptr<http_listener> listener_;
};

/// A start that failed: one sentence.
using refusal = std::runtime_error;

/// A store must not be opened on a full disk: RocksDB may abort.
/// @returns False if it was stopped before there was room.
bool daemon::await_room() const {
  if (has_room())
    return true;
  spdlog::error("The disk of {} is full: rotad starts once there is room.",
                opts_.state_dir);
  const auto set = signals();
  constexpr timespec nap{0, 250'000'000};
  while (!has_room())
    if (const auto caught = sigtimedwait(&set, nullptr, &nap);
        caught == SIGTERM || caught == SIGINT)
      return false;
  return true;
}

void daemon::open() {
  auto opened = store::open(store_dir(), opts_.store,
                            [this](const std::string& why) { fail(why); });
  if (!opened.disk)
    throw refusal{opened.fault};
  disk_ = std::move(opened.disk);
  if (const auto from = disk_->migrated_from(); from > 0)
    spdlog::info("The store was migrated from schema {} to {}; as it was it"
                 " lies in {}/store.schema-{} until you remove it.",
                 from, store::schema, opts_.state_dir, from);
  if (auto fault = note_doubtful_items(*disk_); !fault.empty())
    throw refusal{fault};
}

void daemon::wire() {
  clients_ = start_.clients;
  system_ = std::make_unique<caf::actor_system>(system_config_);
  loop_.attach(*system_);
  loop_.start();
  const auto wall = std::chrono::duration_cast<milliseconds>(
    std::chrono::system_clock::now().time_since_epoch());
  all_ = std::make_unique<wiring>(
    *system_, loop_,
    wall_clock{timestamp{wall.count()}, std::chrono::steady_clock::now()});
  auto& all = *all_;
  all.attempt_base = disk_->run() << 8;
  all.setup(start_.routing);
  const auto on_failure = [this](const std::string& why) { fail(why); };
  watchdog_ = std::make_unique<watchdog>(*system_, on_failure);
  all.dispatcher
    = spawn_hosted(*system_, &loop_, dispatcher, all.clock, start_.routing);
  space_ = std::make_unique<disk_space>(
    store_dir(), opts_.store,
    [this, to = all.dispatcher](bool low, uint64_t free) {
      caf::anon_send(to, atom::halt_v,
                     halt_notice{low ? ec::disk_low : ec::ok});
      tell_room(low, free);
    });
  space_->look();
  writer_ = std::make_unique<journal_writer>(
    *disk_, opts_.store.group_max,
    [this](std::function<void()> f) { loop_.post(std::move(f)); },
    on_failure, space_.get());
  all.clients = spawn_hosted(*system_, &loop_, rota::clients, all.clock,
                             recall_clients(*disk_, opts_, *clients_));
  all.journal = spawn_journal(*system_, &loop_, *writer_, all.clients);
  all.spool = spawn_spool(*system_, opts_.state_dir + "/batches");
  all.upstream = spawn_upstream(*system_, loop_, opts_.upstream, directory_);
  all.refresher = spawn_hosted(*system_, &loop_, refresher, all.clock,
                               all.upstream, opts_.refresh);
  all.notifier = spawn_notifier(*system_, &loop_, all.upstream,
                                set_up_notifier(opts_.alerts, *directory_));
  all.alerter = spawn_hosted(*system_, &loop_, alerter, all.clock,
                             all.dispatcher, all.notifier, opts_.alerts);
  const auto watch = [this](const char* name, const auto& whom) {
    watchdog_->watch(name, caf::actor_cast<caf::strong_actor_ptr>(whom));
  };
  watch("clients", all.clients);
  watch("journal", all.journal);
  watch("spool", all.spool);
  watch("upstream", all.upstream);
  watch("dispatcher", all.dispatcher);
  watch("refresher", all.refresher);
  watch("notifier", all.notifier);
  watch("alerter", all.alerter);
  accounts_ = std::make_unique<account_pool>(
    all, directory_, [this](const std::string& x) { return recall(x); });
  add_accounts(opts_.accounts);
  batches_ = std::make_unique<batch_desk>(
    all, *accounts_, *disk_, opts_.state_dir + "/batches", opts_.batch,
    opts_.store.low_space_bytes);
}

void daemon::serve() {
  const auto resumed = batches_->resume_all();
  front_ = std::make_unique<api_front>(
    *all_, opts_, clients_,
    [this](const auto& tags) { return accounts_->models(tags); });
  listener_ = std::make_unique<http_listener>(
    loop_, opts_.listen, opts_.api,
    [this](const http_exchange_ptr& x) { front_->serve(x); },
    api_front::refusal);
  api_ = std::make_unique<admin_api>(admin_api::parts{
    *all_, *accounts_, *batches_, *disk_, opts_.state_dir,
    listener_->address(), disk_->run(),
    all_->now(), [this] { return reload(); },
    [this] { return needs_restart(); }});
  door_ = std::make_unique<admin_server>(
    opts_.admin.socket, [this](admin_exchange& x) { api_->serve(x); });
  warn_of_clients(*clients_, listener_->address());
  spdlog::info("rotad {} is ready: {} accounts, {} batches resumed, {} calls"
               " in doubt over {} USD, API at {}, admin API at {}.",
               ROTA_VERSION, accounts_->size(), resumed, found_.doubts,
               to_string(found_.amount), listener_->address(),
               opts_.admin.socket);
}

void daemon::wait() {
  const auto set = signals();
  for (;;) {
    int caught = 0;
    if (sigwait(&set, &caught) != 0 || caught == SIGPIPE)
      continue;
    if (caught != SIGHUP)
      return;
    reload();
  }
}

void daemon::stop() {
  door_.reset();
  if (listener_)
    listener_->drain();
  if (all_) {
    if (all_->dispatcher)
      caf::anon_send(all_->dispatcher, atom::drain_v);
    if (batches_) {
      if (!failed_)
        batches_->drain(drain_patience);
      batches_->stop();
    }
    if (front_)
      front_->drain(failed_ ? milliseconds{0} : drain_patience);
    listener_.reset();
    front_.reset();
    if (watchdog_)
      watchdog_->stop();
    if (accounts_)
      accounts_->stop();
    const auto end = [](auto& x) {
      if (x)
        caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
      x = std::decay_t<decltype(x)>();
    };
    end(all_->alerter);
    end(all_->refresher);
    end(all_->notifier);
    end(all_->dispatcher);
    end(all_->upstream);
    end(all_->spool);
    if (writer_)
      writer_->stop();
    space_.reset();
    end(all_->journal);
    end(all_->clients);
  }
  api_.reset();
  batches_.reset();
  accounts_.reset();
  watchdog_.reset();
  all_.reset();
  if (system_) {
    loop_.await_actors();
    system_.reset(); // The loop must still run.
  }
  loop_.stop();
  writer_.reset();
  disk_.reset();
}

void daemon::tell_room(bool low, uint64_t free) const {
  constexpr uint64_t mib = 1 << 20;
  if (low)
    spdlog::error("The disk of {} has only {} MiB left: no new calls are"
                  " started until there is room (store.low_space_bytes).",
                  opts_.state_dir, free / mib);
  else
    spdlog::info("The disk of {} has room again, {} MiB: calls are started"
                 " again.",
                 opts_.state_dir, free / mib);
}

account_memory daemon::recall(const std::string& name) {
  account_memory result;
  const auto id = disk_->id_of(name);
  result.head = disk_->head_of(id);
  result.head.name = name;
  result.row = disk_->row_of(id);
  for (const auto& hold : result.head.holds) {
    ++found_.doubts; // Nobody knows any more what became of them.
    found_.amount += hold.amount;
  }
  if (const auto i = ended_.find(id); i != ended_.end())
    result.ended = std::move(i->second);
  return result;
}

void daemon::add_accounts(const std::vector<account_options>& x) {
  if (x.empty())
    return;
  ended_ = endings_of(disk_->ledger_tail(tail_entries));
  accounts_->apply(opts_, x);
  ended_.clear();
}

reload_report daemon::reload() {
  std::lock_guard guard{reload_mutex_};
  reload_report report;
  auto fresh = load_configuration(config_path_);
  if (fresh.faults.empty())
    if (auto fault = fault_of_opening(*fresh.clients, listener_->address());
        !fault.empty())
      fresh.faults.push_back(std::move(fault));
  if (!fresh.faults.empty()) {
    spdlog::warn("rotad keeps its configuration, for the new one has faults:"
                 " {}",
                 fmt::join(fresh.faults, " | "));
    report.faults = std::move(fresh.faults);
    return report;
  }
  const auto diff = diff_options(opts_, fresh.opts);
  // What waits for a restart does so however often it is reloaded.
  needs_restart_ = diff_options(start_.opts, fresh.opts).needs_restart;
  report.needs_restart = needs_restart_;
  report.changed = describe(diff);
  // The refresher keeps what it was started with, and accounts go by that.
  fresh.opts.refresh = opts_.refresh;
  opts_ = fresh.opts;
  clients_ = fresh.clients;
  caf::anon_send(all_->clients, atom::configure_v,
                 recall_clients(*disk_, opts_, *clients_));
  front_->clients(clients_);
  if (diff.clients)
    warn_of_clients(*clients_, listener_->address());
  // Prices and rules are read again even if their paths stay.
  all_->setup(fresh.routing);
  caf::anon_send(all_->dispatcher, atom::configure_v, fresh.routing);
  for (const auto& name : apply(diff))
    report.changed.push_back("account " + name + " has another secret");
  spdlog::info("rotad reloaded {}: {} changes, {} options need a restart{}{}.",
               config_path_, report.changed.size(), needs_restart_.size(),
               needs_restart_.empty() ? "" : ": ",
               fmt::join(needs_restart_, ", "));
  return report;
}

std::vector<std::string> daemon::needs_restart() {
  std::lock_guard guard{reload_mutex_};
  return needs_restart_;
}

std::vector<std::string> daemon::apply(const option_diff& diff) {
  accounts_->remove(diff.removed);
  accounts_->apply(opts_, diff.changed);
  // Accounts try again once they are told, so the new secrets come first.
  auto renewed = accounts_->renew_secrets();
  accounts_->reconfigure(opts_);
  add_accounts(diff.added);
  batches_->limits(opts_.batch);
  spdlog::set_level(spdlog::level::from_str(opts_.log.level));
  return renewed;
}

int daemon::run() {
  try {
    set_up_log(opts_.log);
    if (!await_room())
      return 0;
    open();
    wire();
    serve();
  } catch (const std::exception& x) {
    stop();
    std::fprintf(stderr, "rotad: %s\n", x.what()); // The last line.
    return 1;
  }
  wait();
  spdlog::info("rotad stops: no new lines, those in flight may end.");
  stop();
  spdlog::info("rotad has stopped.");
  return failed_ ? 1 : 0;
}

} // namespace

int run_daemon(const configuration& start, const std::string& config_path) {
  for (;;) {
    daemon x{start, config_path};
    const auto code = x.run();
    if (!x.starved())
      return code;
    spdlog::error("The store met a full disk and is opened anew.");
  }
}

void block_signals() {
  const auto set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

} // namespace rota
