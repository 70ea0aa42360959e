#pragma once

#include "actors/domain/ledger_tail.hpp"
#include "config/reload.hpp"
#include "messages/money_sum.hpp"
#include "runtime/account_pool.hpp"
#include "runtime/admin/api.hpp"
#include "runtime/api/front.hpp"
#include "runtime/batch_desk.hpp"
#include "runtime/configuration.hpp"
#include "runtime/engine/cold_scheduler.hpp"
#include "runtime/http/listener.hpp"
#include "runtime/observe/clock_watch.hpp"
#include "runtime/storage/disk_space.hpp"
#include "runtime/storage/journal.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/watchdog.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rota {

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::rota_types>();
    // One worker for what is cold; the hot actors live on the engine's loop.
    load_cold_scheduler(*this);
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

/// All parts of a running daemon, in the order in which they are made.
class daemon {
public:
  /// @param waiting Options that wait for a restart already.
  daemon(configuration start, std::string config_path,
         std::vector<std::string> waiting)
    : start_{std::move(start)},
      now_{start_},
      config_path_{std::move(config_path)},
      needs_restart_{std::move(waiting)} {
    // nop
  }

  int run();

  /// Whether it failed while its disk was nearly full. Whoever told it to stop
  /// does not want it opened anew.
  bool starved() const {
    return starved_ && !stopping_;
  }

  /// What it went by last: once it serves, under reload_mutex_.
  const configuration& in_force() const {
    return now_;
  }

  std::vector<std::string> needs_restart();

private:
  bool await_room() const;
  void open();
  void wire();
  void serve();
  void wait();
  void stop();
  reload_report reload();
  reload_report take_over(configuration fresh);
  std::string fault_of_room(const options& fresh) const;
  account_pool::renewal apply(const options& all, const option_diff& diff);
  void add_accounts(const options& all, const std::vector<account_options>& x);
  account_memory recall(const std::string& name);
  void warn_of_clock() const;
  void tell_room(bool low, uint64_t free) const;
  std::string store_dir() const;
  bool has_room(uint64_t at_least = 0) const;
  /// Callable from any thread: something that must not fail has failed.
  void fail(const std::string& why);

  const configuration start_; // For any thread.
  configuration now_; // As last reloaded; once it serves, under reload_mutex_.
  std::string config_path_;
  std::mutex reload_mutex_;
  std::vector<std::string> needs_restart_;
  std::atomic<bool> failed_ = false, starved_ = false, stopping_ = false;
  std::unique_ptr<store> disk_;
  endings ended_; // While accounts are added.
  /// Calls of earlier runs without a known outcome.
  struct {
    uint64_t doubts = 0;
    money_sum amount;
  } found_;
  clock_watch clock_{clock_watch::read()};
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
  std::unique_ptr<api_front> front_;
  std::unique_ptr<http_listener> listener_;
};

} // namespace rota
