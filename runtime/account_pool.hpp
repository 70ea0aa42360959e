#pragma once

#include "actors/account.hpp"
#include "config/options.hpp"
#include "runtime/account_offers.hpp"
#include "runtime/upstream/account_directory.hpp"
#include "runtime/wiring.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// The accounts that the daemon owns: spawns their actors, enlists them with
/// dispatcher and refresher, and follows the configuration. Thread-safe.
class account_pool {
public:
  struct member {
    account_id id;
    account_options options;
    account_actor actor;
  };

  /// What of an earlier run is known of an account, by its name. Gives new
  /// names a number.
  using recall = std::function<account_memory(const std::string& name)>;

  account_pool(wiring& all, std::shared_ptr<account_directory> directory,
               recall remember);

  /// Adds accounts and changes those that exist. Secrets have been checked.
  /// @throws std::runtime_error with one sentence if a secret went away.
  void apply(const options& all, const std::vector<account_options>& accounts);

  /// Tells every account options that are not its own: health, store, window.
  void reconfigure(const options& all);

  /// What came of renew_secrets().
  struct renewal {
    /// The accounts whose requests are sent otherwise from the next call on.
    std::vector<std::string> changed;
    /// A sentence for each that goes on with what it had, as those of
    /// check_secrets(): its secret went away since that looked at it.
    std::vector<std::string> faults;
  };

  /// Reads all secrets again and uses those that have changed.
  renewal renew_secrets();

  /// Takes accounts out of the pool, and forgets their secrets but for the
  /// calls that are under way: what is in flight is settled still.
  void remove(const std::vector<std::string>& names);

  /// Takes up accounts that an earlier run has left with open holds and that
  /// are configured no more, so that these end.
  void settle_left(const options& all, const std::vector<account_head>& heads);

  std::optional<member> find(const std::string& name) const;

  /// Those that are out of the pool and may have open holds still.
  std::vector<member> left() const;
  size_t size() const;

  /// What its accounts can be asked for.
  std::shared_ptr<const account_offers> offers() const {
    std::lock_guard guard{offers_mutex_};
    return offers_;
  }

  /// Ends all actors, once what they were told before is done and on disk, for
  /// which both may take `patience`.
  void stop(milliseconds patience = milliseconds{0});

private:
  void admit(const options& all, const account_options& x);
  void publish();
  bool use(account_id id, upstream_target_ptr fresh);

  wiring& all_;
  std::shared_ptr<account_directory> directory_;
  recall remember_;
  mutable std::mutex mutex_;
  std::map<std::string, member> members_;
  /// Out of the pool, but still settling; taken back if they return.
  std::map<std::string, member> leaving_;
  /// Of the members. Requests look at it, and must not wait for a reload.
  std::shared_ptr<const account_offers> offers_;
  mutable std::mutex offers_mutex_;
};

} // namespace rota
