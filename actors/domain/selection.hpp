#pragma once

#include "actors/domain/demand.hpp"
#include "config/options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rota {

/// What an account can serve, whatever its state: fixed by configuration.
struct account_abilities {
  account_id account;
  /// Bit i: speaks surface i.
  uint32_t surfaces = 0;
  /// Sorted; empty: any model.
  std::vector<std::string> models;
  std::vector<std::string> tags;
};

/// Why nothing was picked, over all accounts that serve the demand.
struct no_pick {
  /// no_such_model (also where all sites said so), no_such_tag, at_limit,
  /// insufficient_funds, cooling, not_ready, ejected, balance_unknown; the most
  /// hopeful reason wins.
  /// no_account: all that could serve were excluded. ok: one could be picked.
  ec why = ec::no_account;
  /// When the first of them is back by time alone, or may be tried early since
  /// nobody serves, unless its site said that it has no such model; "never" if
  /// none is, or if `is_soon`.
  timestamp earliest;
  /// The first that may be tried early, from `early_at` on; "never": none.
  account_id early;
  timestamp early_at;
  /// One of them can serve, or may be free at any moment.
  bool is_soon = false;
};

/// Ranks accounts by what they publish. Accounts of equal abilities and equal
/// barred models form a class with one tree each, ordered by the strategy's
/// key and augmented with the most headroom below each node: a pick looks at
/// each class once and costs O(classes x log accounts), however many accounts
/// are too poor or excluded. Ties go to the lower account id. Pure.
class ranking {
public:
  explicit ranking(strategy by);
  ~ranking();
  ranking(ranking&&) noexcept;
  ranking& operator=(ranking&&) noexcept;

  /// Adds an account, or changes what it can serve.
  void enlist(account_abilities x);

  void dismiss(account_id x);

  /// Takes in a published state; ignores one older than what is known. One of
  /// the same age is taken: a guess may be laid over what is known.
  void update(const account_state& x);

  /// The best account for a demand that is not excluded, or nothing. It may
  /// be short of tokens, and under `proportional` merely busy: to keep the
  /// shares, wait for it; to give them up, pick one that is ready.
  std::optional<account_id> pick(const demand& x,
                                 std::span<const account_id> excluded,
                                 bool ready = false) const;

  /// Notes that a pick was granted: round_robin and proportional move on. To
  /// be called before the state that the grant leads to is taken in.
  ///
  /// proportional is stride scheduling (Waldspurger and Weihl, 1995): each
  /// grant moves an account's virtual time on by K / available, and the least
  /// is next; with another balance, what is left of a stride changes in
  /// proportion. For m accounts with shares p of n picks on standing balances,
  /// picks - n p stays within [-(m - 1) p, 1 - p].
  void granted(account_id x);

  /// Who stands right behind an account that may be picked, among those that
  /// serve the same: mostly who is picked after it.
  std::optional<account_id> behind(account_id x) const;

  /// Has what is known of an account fetched into the cache. A hint.
  void prefetch(account_id x) const;

  /// Whether this account could be picked: ok, or why not; no_such_model if it
  /// is not configured for the demand.
  ec check(account_id x, const demand& want) const;

  /// When this account may be tried for a demand that it refuses; "never" if it
  /// may not, serves it, or has too little money.
  timestamp early_at(account_id x, const demand& want) const;

  /// Whether some account serves such demands, be it busy or too poor just now.
  bool is_served(const demand& x) const;

  /// Whether some account serves anything, be it busy just now.
  bool is_alive() const;

  /// Why `pick` found nothing. O(accounts): only asked before a refusal or
  /// when a job begins to wait.
  no_pick explain(const demand& x, std::span<const account_id> excluded) const;

  /// The latest state, or null if none was published.
  const account_state* find(account_id x) const;
  size_t size() const;

  /// What an account can serve, or null if there is none of that number.
  const account_abilities* abilities(account_id x) const;

  strategy by() const;

  /// For proportional how far an account's next turn lies behind the latest
  /// grant, in millionths of a stride at one dollar; else the number of its
  /// last turn under round_robin.
  int64_t turn_of(account_id x) const;

  /// Calls `f` for the accounts in the order of numbers, at most so many.
  void for_each(size_t most, const std::function<void(account_id)>& f) const;

  /// Changes the strategy; keeps the accounts.
  void reorder(strategy by);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota
