#pragma once

#include "actors/account.hpp"
#include "config/options.hpp"
#include "runtime/upstream/account_directory.hpp"
#include "runtime/wiring.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
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

  /// Reads all secrets again and uses those that have changed, from the next
  /// call on. A secret that went away meanwhile is kept.
  /// @returns The accounts that changed theirs.
  std::vector<std::string> renew_secrets();

  /// Takes accounts out of the pool. What is in flight is settled still.
  void remove(const std::vector<std::string>& names);

  /// Takes up accounts that an earlier run has left with open holds and that
  /// are configured no more, so that these end.
  void settle_left(const options& all, const std::vector<account_head>& heads);

  std::optional<member> find(const std::string& name) const;

  /// Those that are out of the pool and may have open holds still.
  std::vector<member> left() const;
  size_t size() const;

  /// Whether an account is configured for a model on a route and has all of
  /// these tags.
  static bool serves(const account_options& x, surface route,
                     const std::string& model,
                     const std::vector<std::string>& tags);

  /// The same for the pool.
  /// @returns ok, or no_such_tag if only the tags are at fault, or
  ///          no_such_model.
  ec serves(surface route, const std::string& model,
            const std::vector<std::string>& tags) const;

  /// @returns One sentence if a tag is no account's, else nothing.
  std::string tag_fault(const std::vector<std::string>& tags) const;

  /// The models that accounts with all of these tags serve on a route, sorted:
  /// those that they name; where one takes any, those of the price table that
  /// its provider makes; and of `asked` those that may be served.
  std::vector<std::string> models(surface route,
                                  const std::vector<std::string>& tags,
                                  std::span<const std::string> asked) const;

  /// Ends all actors, once what they were told before is done and on disk, for
  /// which both may take `patience`.
  void stop(milliseconds patience = milliseconds{0});

private:
  void admit(const options& all, const account_options& x);
  bool target(account_id id, const account_options& x);

  wiring& all_;
  std::shared_ptr<account_directory> directory_;
  recall remember_;
  mutable std::mutex mutex_;
  std::map<std::string, member> members_;
  /// Out of the pool, but still settling; taken back if they return.
  std::map<std::string, member> leaving_;
};

} // namespace rota
