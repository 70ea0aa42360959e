#pragma once

#include "config/options.hpp"
#include "runtime/account_pool.hpp"
#include "runtime/admin/checkpoints.hpp"
#include "runtime/admin/record_views.hpp"
#include "runtime/admin/server.hpp"
#include "runtime/admin/views.hpp"
#include "runtime/batch_desk.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/wiring.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// What came of a reload.
struct reload_report {
  std::vector<std::string> changed;
  std::vector<std::string> needs_restart;
  /// A sentence for each change that comes too late, see option_diff.
  std::vector<std::string> too_late;
  std::vector<std::string> faults;
  /// Whether some of it was changed in spite of faults, or may have been.
  bool in_part = false;
};

/// The admin API, /admin/v1/...: one method a resource. Answers JSON; every
/// error is one sentence with a code.
class admin_api {
public:
  struct parts {
    wiring& all;
    account_pool& accounts;
    batch_desk& batches;
    store& disk;
    std::string state_dir;
    /// Where the API listens.
    std::string listen;
    uint32_t run = 0;
    timestamp started_at;
    std::function<reload_report()> reload;
    /// Options that a reload changed, but only for the next start.
    std::function<std::vector<std::string>()> needs_restart;
  };

  explicit admin_api(parts x);

  /// Serves one request; called by many threads.
  void serve(admin_exchange& x);

private:
  using segments = std::vector<std::string>;

  void status(admin_exchange& x);
  void accounts(admin_exchange& x, const segments& path);
  void account(admin_exchange& x, const std::string& name);
  void change_account(admin_exchange& x, const std::string& name,
                      const std::string& verb);
  void show(admin_exchange& x, const account_pool::member& which);
  void administer(admin_exchange& x, const account_pool::member& which,
                  admin_state wanted);
  void adjust(admin_exchange& x, const account_pool::member& which);
  void refresh(admin_exchange& x, const account_pool::member& which);
  void clients(admin_exchange& x);
  void requests(admin_exchange& x, const segments& path);
  void request(admin_exchange& x, const std::string& id);
  void batches(admin_exchange& x, const segments& path);
  void batch(admin_exchange& x, const batch_view& which);
  /// A batch as people see it, with the lines that were not let in.
  json shown(const batch_view& x, const std::string& waiting_for = {},
             const json& doubts = json::array()) const;
  void change_batch(admin_exchange& x, const batch_view& which,
                    const std::string& verb);
  void submit(admin_exchange& x);
  void estimate(admin_exchange& x);
  void results(admin_exchange& x, const batch_view& which, bool errors);
  void reload(admin_exchange& x);
  void checkpoint(admin_exchange& x);

  /// Names for what records have numbers for.
  record_names names() const;

  /// Views of all accounts, at most so old.
  account_views_ptr views(milliseconds max_age);
  std::optional<account_view> view_of_left(const account_pool::member& x);
  pool_view pool();
  json doubts_of(batch_id id);

  /// A doubt with the line of the batch's file that the call came from.
  json doubt(const open_hold& x, const std::string& account);

  /// @returns Nothing if the batch's file cannot be read.
  std::optional<uint64_t> line_of(const job_id& x);
  std::string waiting_for();

  /// Why the lines of a batch wait for an account, or empty.
  std::string waiting_for(batch_id id);

  /// Refuses tags that no account has.
  /// @returns Whether it did.
  bool refuses_tags(admin_exchange& x, const std::vector<std::string>& tags);

  /// Which accounts can pay for a file now, and whether its prices are known.
  json budget_view(const batch_options& chosen, const file_report& file);

  parts parts_;
  checkpoints checkpoints_;
  std::mutex mutex_;
  account_views_ptr recent_;
  timestamp recent_at_;
  std::map<job_id, uint64_t> lines_; // That were asked for lately.
};

} // namespace rota
