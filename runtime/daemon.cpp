#include "runtime/daemon.hpp"

#include "actors/alerter.hpp"
#include "actors/dispatcher.hpp"
#include "actors/refresher.hpp"
#include "config/load.hpp"
#include "config/reload.hpp"
#include "config/secrets.hpp"
#include "runtime/account_pool.hpp"
#include "runtime/admin/api.hpp"
#include "runtime/batch_desk.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/notify/notifier.hpp"
#include "runtime/observe/log.hpp"
#include "runtime/routing_files.hpp"
#include "runtime/storage/journal.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/upstream/upstream.hpp"
#include "runtime/watchdog.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

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
  daemon(const options& opts, std::string config_path)
    : opts_{opts}, config_path_{std::move(config_path)} {
    // nop
  }

  int run();

private:
  void open();
  void wire();
  void serve();
  int wait();
  void stop();
  reload_report reload();

  /// Callable from any thread: something that must not fail has failed.
  void fail(const std::string& why) {
    spdlog::critical("{}", why);
    if (!failed_.exchange(true))
      kill(getpid(), SIGTERM);
  }

  options opts_;
  std::string config_path_;
  std::mutex reload_mutex_;
  std::atomic<bool> failed_ = false;
  std::unique_ptr<store> disk_;
  system_config system_config_;
  engine_loop loop_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<wiring> all_;
  std::unique_ptr<journal_writer> writer_;
  std::shared_ptr<account_directory> directory_
    = std::make_shared<account_directory>();
  std::unique_ptr<account_pool> accounts_;
  std::unique_ptr<batch_desk> batches_;
  std::unique_ptr<watchdog> watchdog_;
  std::unique_ptr<admin_api> api_;
  std::unique_ptr<admin_server> door_;
};

} // namespace

} // namespace rota
