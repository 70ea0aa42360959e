#pragma once

#include "actors/domain/ended_holds.hpp"
#include "actors/domain/spend_window.hpp"
#include "messages/ec.hpp"
#include "messages/ledger.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>

#include <queue>
#include <vector>

namespace rota {

/// How a ledger judges readings. Sources: the interval rule and the
/// pessimistic second view are derived in the comments of ledger_reading.cpp.
struct ledger_rules {
  /// How late a charge may show up in a reading.
  milliseconds posting_lag{120'000};
  /// A reading is a multiple of this.
  money quantum{2'000};
};

/// What a reading was found to say.
enum class reading_result : uint8_t {
  consistent = 0, ///< Within what lag and holds explain.
  unexplained,    ///< Less than that: somebody else spends, or prices differ.
  topped_up,      ///< More than that: new money.
  adjusted,       ///< Somewhat more: prices are lower than we think.
  first,          ///< The first figure for this account ever.
};

/// One account's books: what is left, what is held, and every entry that led
/// there. Pure: no clock, no I/O. Every verb that changes the books leaves
/// entries behind for the journal; `take_entries` hands them over. A repeat of
/// any verb changes nothing. No figure exceeds a billion dollars: beyond that
/// an amount is taken for the limit.
class ledger {
public:
  ledger(account_id account, std::string name, ledger_rules rules);

  /// Continues the books of an earlier run.
  ledger(account_head head, ledger_rules rules);

  void rules(ledger_rules x) {
    rules_ = x;
    recent_.reach(x.posting_lag);
  }

  /// Begins the books with an amount; once.
  /// @returns wrong_state if the books have begun.
  ec open(money amount, timestamp now);

  /// Keeps money back. `floor` stays untouched.
  /// @returns insufficient_funds, balance_unknown, already_held or
  /// already_ended.
  ec hold(hold_id id, money amount, money floor, timestamp expires_at,
          timestamp now);

  /// Ends a hold with its real cost, at least zero. What exceeds the hold is
  /// booked as overrun, what comes after its end as late, what differs from an
  /// assumption as a correction: the provider has charged already, so none of
  /// these is a reason to refuse.
  /// @returns already_ended for a repeat, unknown_hold for a stranger.
  ec settle(hold_id id, money cost, timestamp now);

  /// Ends a hold without a charge.
  ec release(hold_id id, timestamp now);

  /// Marks a hold as perhaps charged; it stays held until `until`, then it is
  /// assumed.
  ec doubt(hold_id id, timestamp until, timestamp now);

  /// Ends what is overdue: holds expire, doubts are assumed.
  /// @returns How many ended.
  size_t expire(timestamp now);

  /// Begins a run: marks all open holds as doubts, for the process that made
  /// them is dead. Its clock may have stood anywhere.
  /// @returns How many there were that had not been in doubt before.
  size_t doubt_all(timestamp until, timestamp now);

  /// Compares a reading with the books. `asked_at` is when the query was
  /// sent; an answer to a question that is no newer than this run's last one is
  /// dropped as consistent.
  reading_result reading(money figure, timestamp asked_at, timestamp now);

  /// An operator's correction; begins the books if nothing did before.
  void adjust(money delta, timestamp now);

  /// reading - posted - held; the worse of the books and the reading.
  money available() const;

  /// Charged and not yet contained in the reading, as far as we know.
  money posted() const {
    return head_.reading - available() - head_.held;
  }

  /// The earliest time at which `expire` has something to do; "never" if none.
  timestamp next_expiry();

  const account_head& head() const {
    return head_;
  }

  /// A copy with the open holds filled in.
  account_head snapshot() const;

  /// Whether this hold is open and its attempt under way.
  bool is_live(hold_id id) const {
    const auto i = open_.find(id);
    return i != open_.end() && !i->second.in_doubt;
  }

  /// Open holds whose attempts are under way.
  size_t live() const {
    return open_.size() - in_doubt();
  }

  size_t in_doubt() const {
    return doubts_;
  }

  money in_doubt_amount() const {
    return doubt_amount_;
  }

  /// Hands over the entries since the last call.
  std::vector<ledger_entry> take_entries();

private:
  struct expiry {
    timestamp at;
    hold_id id;
    friend auto operator<=>(const expiry&, const expiry&) = default;
  };

  using expiry_list = boost::container::small_vector<expiry, 2>;
  using expiry_queue
    = std::priority_queue<expiry, expiry_list, std::greater<>>;
  using open_holds = boost::container::flat_map<
    hold_id, open_hold, std::less<hold_id>,
    boost::container::small_vector<std::pair<hold_id, open_hold>, 1>>;

  /// Numbers an entry, completes its figures, checks that the books still add
  /// up, and keeps it for the journal.
  void append(ledger_entry x, timestamp now);
  void append(entry_kind kind, money amount, hold_id id, timestamp now);

  /// Books a charge; a negative one is money that was never charged.
  void charge(entry_kind kind, money amount, hold_id id, timestamp now);

  /// Closes an open hold and remembers how it ended.
  void end_hold(open_holds::iterator i, entry_kind how, money charged,
                timestamp now);

  /// Notes when a hold ends by itself.
  void watch(timestamp at, hold_id id);

  /// At least what was spent at or after `t`.
  money spent_since(timestamp t) const;

  ledger_rules rules_;
  account_head head_; // `holds` stays empty here; see `open_`.
  money booked_;      // The sum of the entries; equals the balance.
  open_holds open_;
  size_t doubts_ = 0;
  money doubt_amount_;
  // Expiries of open holds, soonest first; may name holds that have ended.
  expiry_queue expiries_;
  ended_holds ended_;
  spend_window recent_;
  // Before this time the window is not known: an earlier run spent then.
  timestamp window_from_;
  timestamp asked_at_; // Of this run's last reading.
  std::vector<ledger_entry> entries_;
};

} // namespace rota
