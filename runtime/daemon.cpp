#include "runtime/daemon.hpp"

#include "actors/alerter.hpp"
#include "actors/clients.hpp"
#include "actors/dispatcher.hpp"
#include "actors/refresher.hpp"
#include "runtime/api/price_watch.hpp"
#include "runtime/client_memory.hpp"
#include "runtime/daemon_parts.hpp"
#include "runtime/doubtful_items.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/engine/program_pages.hpp"
#include "runtime/notify/notifier.hpp"
#include "runtime/observe/log.hpp"
#include "runtime/storage/high_water.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/state_copy.hpp"
#include "runtime/upstream/upstream.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <unistd.h>

namespace rota {

namespace {

/// How long lines in flight may take to end once a stop was asked for. What is
/// still open then is found in doubt by the next start.
constexpr milliseconds drain_patience{30'000};

/// How long accounts and the disk may take for what was told them by then.
constexpr milliseconds last_words{5'000};

/// Says to who waits for signals that a part has failed. Not SIGTERM: it may
/// come when nobody waits yet, and would stop a daemon that is opened anew.
constexpr int failure_signal = SIGUSR1;

sigset_t signals() {
  sigset_t result;
  sigemptyset(&result);
  for (const auto x : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, failure_signal})
    sigaddset(&result, x);
  return result;
}

/// A start that failed: one sentence.
using refusal = std::runtime_error;

void tell_clock(milliseconds ahead) {
  if (std::chrono::abs(ahead) < milliseconds{60'000})
    spdlog::info("The machine's clock agrees with rotad's again.");
  else
    spdlog::warn("The machine's clock was set, and is {} s {} rotad's, which"
                 " goes on from its start: times that are recorded, and the"
                 " days and months of clients' caps, are off by that until"
                 " rotad is started again.",
                 std::chrono::abs(ahead).count() / 1000,
                 ahead.count() > 0 ? "ahead of" : "behind");
}

} // namespace

std::string daemon::store_dir() const {
  return start_.opts.state_dir + "/store";
}

bool daemon::has_room(uint64_t at_least) const {
  const auto& opts = start_.opts;
  const auto free = free_bytes(opts.state_dir);
  return !free || *free >= std::max(at_least, background_bytes(opts.store));
}

void daemon::fail(const std::string& why) {
  spdlog::critical("{}", why);
  if (failed_.exchange(true))
    return;
  starved_ = !has_room(start_.opts.store.low_space_bytes);
  kill(getpid(), failure_signal);
}

/// A store must not be opened on a full disk: RocksDB may abort.
/// @returns False if it was stopped before there was room.
bool daemon::await_room() const {
  if (has_room())
    return true;
  spdlog::error("The disk of {} is full: rotad starts once there is room.",
                now_.opts.state_dir);
  const auto set = signals();
  constexpr timespec nap{0, 250'000'000};
  while (!has_room())
    if (const auto caught = sigtimedwait(&set, nullptr, &nap);
        caught == SIGTERM || caught == SIGINT)
      return false;
  return true;
}

void daemon::open() {
  auto opened = store::open(store_dir(), now_.opts.store,
                            [this](const std::string& why) { fail(why); });
  if (!opened.disk)
    throw refusal{opened.fault};
  disk_ = std::move(opened.disk);
  disk_->keep_records(now_.opts.records);
  remove_left_copies(now_.opts.state_dir);
  if (disk_->mark_was_damaged())
    spdlog::warn("One of the two slots of {} was damaged, and is written anew:"
                 " were the last entries missing, nobody would know. Look at"
                 " the disk, and refresh the accounts' balances.",
                 high_water_path(store_dir()));
  if (const auto from = disk_->migrated_from(); from > 0)
    spdlog::info("The store was migrated from schema {} to {}; as it was it"
                 " lies in {}/store.schema-{} until you remove it.",
                 from, store::schema, now_.opts.state_dir, from);
  if (auto fault = note_doubtful_items(*disk_); !fault.empty())
    throw refusal{fault};
}

void daemon::wire() {
  system_ = std::make_unique<caf::actor_system>(system_config_);
  loop_.attach(*system_);
  loop_.start();
  const auto on_failure = [this](const std::string& why) { fail(why); };
  watchdog_ = std::make_unique<watchdog>(*system_, on_failure);
  all_ = std::make_unique<wiring>(*system_, loop_, clock_.clock(), *watchdog_);
  auto& all = *all_;
  all.attempt_base = disk_->run() * attempts_per_run;
  all.setup(start_.routing);
  all.dispatcher
    = spawn_hosted(*system_, &loop_, dispatcher, all.clock, start_.routing);
  space_ = std::make_unique<disk_space>(
    store_dir(), now_.opts.store,
    [this, to = all.dispatcher](bool low, uint64_t free) {
      caf::anon_send(to, atom::halt_v,
                     halt_notice{low ? ec::disk_low : ec::ok});
      tell_room(low, free);
    });
  space_->look();
  const auto on_loop
    = [this](std::function<void()> f) { loop_.post(std::move(f)); };
  writer_ = std::make_unique<journal_writer>(*disk_, now_.opts.store.group_max,
                                             on_loop, on_failure, space_.get(),
                                             on_loop);
  all.clients = spawn_hosted(*system_, &loop_, rota::clients, all.clock,
                             recall_clients(*disk_, *now_.clients));
  all.journal = spawn_journal(*system_, &loop_, *writer_, all.clients);
  all.spool = spawn_spool(*system_, now_.opts.state_dir + "/batches");
  all.upstream
    = spawn_upstream(*system_, loop_, now_.opts.upstream, directory_);
  all.refresher = spawn_hosted(*system_, &loop_, refresher, all.clock,
                               all.upstream, now_.opts.refresh);
  all.notifier = spawn_notifier(*system_, &loop_, all.upstream,
                                set_up_notifier(now_.opts.alerts, *directory_));
  all.alerter = spawn_hosted(*system_, &loop_, alerter, all.clock,
                             all.dispatcher, all.notifier, now_.opts.alerts);
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
  add_accounts(now_.opts, now_.opts.accounts);
  accounts_->settle_left(now_.opts, disk_->heads());
  warn_of_clock();
  batches_ = std::make_unique<batch_desk>(
    all, *accounts_, *disk_, now_.opts.state_dir + "/batches", now_.opts.batch,
    now_.opts.store.low_space_bytes);
}

void daemon::serve() {
  // Whoever asks for a reload now waits until the start is over.
  const std::lock_guard guard{reload_mutex_};
  const auto unfinished = batches_->unfinished();
  front_ = std::make_unique<api_front>(
    *all_, now_.opts, now_.clients,
    [this](auto route, const auto& tags, auto asked) {
      const auto priced = all_->setup()->prices->names();
      return accounts_->offers()->models(route, tags, asked, priced);
    },
    disk_->response_pins());
  listener_ = std::make_unique<http_listener>(
    loop_, now_.opts.listen, now_.opts.api,
    [this](const http_exchange_ptr& x) { front_->serve(x); },
    [this](int status, std::string_view sentence, std::string_view target) {
      return front_->refuse(status, sentence, target);
    },
    [this](auto method, auto target, const auto& headers) {
      return front_->greet(method, target, headers);
    });
  api_ = std::make_unique<admin_api>(admin_api::parts{
    *all_, *accounts_, *batches_, *disk_, now_.opts.state_dir,
    listener_->address(), disk_->run(),
    all_->now(), [this] { return reload(); },
    [this] { return needs_restart(); }});
  door_ = std::make_unique<admin_server>(
    now_.opts.admin.socket, [this](admin_exchange& x) { api_->serve(x); });
  // Only now: who finds its port or socket taken has sent nothing.
  batches_->resume(unfinished);
  for (const auto& warning : now_.warnings)
    spdlog::warn("{}", warning);
  warn_of_clients(*now_.clients, listener_->address());
  warn_of_prices(*all_->setup()->prices);
  spdlog::info("rotad {} is ready. Accounts: {}; batches resumed: {}; calls in"
               " doubt: {} over {} USD; API at {}, admin API at {}.",
               ROTA_VERSION, accounts_->size(), unfinished.size(),
               found_.doubts,
               to_string(found_.amount.nearest()), listener_->address(),
               now_.opts.admin.socket);
}

void daemon::wait() {
  const auto set = signals();
  constexpr timespec second{1, 0};
  for (;;) {
    const auto caught = sigtimedwait(&set, nullptr, &second);
    if (const auto ahead = clock_.look(clock_watch::read()))
      tell_clock(*ahead);
    if (caught < 0 || caught == SIGPIPE
        || (caught == failure_signal && !failed_))
      continue;
    if (caught != SIGHUP) {
      // At once: the store may fail before the stop has got far.
      stopping_ = caught != failure_signal;
      return;
    }
    reload();
  }
}

void daemon::stop() {
  // First of all, whatever costs money: an operator's command may take long.
  if (listener_)
    listener_->drain();
  if (all_ && all_->dispatcher)
    caf::anon_send(all_->dispatcher, atom::drain_v);
  if (all_ && all_->refresher)
    caf::anon_send(all_->refresher, atom::drain_v);
  door_.reset();
  if (all_) {
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
      accounts_->stop(failed_ ? milliseconds{0} : last_words);
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
                  start_.opts.state_dir, free / mib);
  else
    spdlog::info("The disk of {} has room again, {} MiB: calls are started"
                 " again.",
                 start_.opts.state_dir, free / mib);
}

int daemon::run() {
  try {
    set_up_log(now_.opts.log);
    if (!await_room())
      return 0;
    open();
    wire();
    serve();
    release_program_pages();
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

int run_daemon(const configuration& start, const std::string& config_path) {
  auto current = start;
  std::vector<std::string> waiting;
  for (;;) {
    daemon x{current, config_path, waiting};
    const auto code = x.run();
    if (!x.starved())
      return code;
    // Whoever was let in or shut out by a reload stays so.
    current = x.in_force();
    waiting = x.needs_restart();
    spdlog::error("The store met a full disk and is opened anew.");
  }
}

void block_signals() {
  const auto set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

} // namespace rota
