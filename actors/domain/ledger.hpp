#pragma once

#include "actors/domain/ended_holds.hpp"
#include "actors/domain/lag_watch.hpp"
#include "actors/domain/ledger_rules.hpp"
#include "actors/domain/spend_window.hpp"
#include "messages/ec.hpp"
#include "messages/ledger.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>

#include <queue>
#include <vector>

namespace rota {

/// One account's books: what is left, what is held, and every entry that led
/// there. Pure: no clock, no I/O. Every verb that changes the books leaves
/// entries behind for the journal; `take_entries` hands them over. A repeat of
/// any verb changes nothing. No figure exceeds a billion dollars: beyond that
/// an amount is taken for the limit.
class ledger {
public:
  /// No account holds more, and none is changed by more: a figure beyond it is
  /// a provider's nonsense, and sums of a few such figures still fit.
  static constexpr money most{1'000'000'000'000'000'000};

  /// Nothing was seen of a call: it may have come to all of its hold.
  static constexpr seen_charge unseen{most, most};

  ledger(account_id account, std::string name, ledger_rules rules);

  /// Continues the books of an earlier run.
  /// @param ended How holds ended lately, in order: see endings_of.
  /// @param learnt The posting lag that it had learnt.
  ledger(account_head head, ledger_rules rules,
         const std::vector<past_hold>& ended = {},
         milliseconds learnt = milliseconds{0});

  void rules(ledger_rules x);

  /// How late charges may show up in a reading, and what was learnt of it.
  const lag_watch& lag() const {
    return lag_;
  }

  /// Begins the books with an amount; once.
  /// @returns wrong_state if the books have begun.
  ec open(money amount, timestamp now);

  /// Keeps money back. `floor` and the haircut stay untouched.
  /// @returns insufficient_funds, balance_unknown, reading_stale, already_held
  /// or already_ended.
  ec hold(const hold_id& id, money amount, money floor, timestamp expires_at,
          timestamp now);

  /// Ends a hold with its real cost, at least zero. What exceeds the hold is
  /// booked as overrun, what comes after its end as late, what differs from an
  /// assumption as a correction: the provider has charged already, so none of
  /// these is a reason to refuse.
  /// @returns already_ended for a repeat, unknown_hold for a stranger.
  ec settle(const hold_id& id, money cost, timestamp now);

  /// Ends a hold without a charge.
  ec release(const hold_id& id, timestamp now);

  /// Marks a hold as perhaps charged. What it may have come to stays held until
  /// `until`, then what is presumed is assumed; the rest is given back at once.
  ec doubt(const hold_id& id, timestamp until, timestamp now,
           const seen_charge& seen = unseen);

  /// The same for a charge that is not likely: at `until` it is released.
  ec suspect(const hold_id& id, timestamp until, timestamp now);

  /// Ends what is overdue: holds expire, doubts are assumed or released.
  /// @returns How many ended.
  size_t expire(timestamp now);

  /// Begins a run: marks all open holds as doubts, for the process that made
  /// them is dead. Its clock may have stood anywhere.
  /// @returns How many there were that had not been in doubt before.
  size_t doubt_all(timestamp until, timestamp now);

  /// To be taken when a provider is asked, and given back with its answer.
  reading_cut cut(timestamp now) const {
    return {head_.seq + 1, now};
  }

  /// Compares a reading with the books. An answer to a question that is no
  /// newer than the last one's is dropped as consistent. Doubts end here where
  /// the figure alone says what they came to.
  reading_result reading(money figure, reading_cut asked, timestamp now);

  /// An operator's correction; begins the books if nothing did before.
  void adjust(money delta, timestamp now);

  /// reading - posted - held; the worse of the books and the reading.
  money available() const;

  /// Whether the last reading is too old to say what others spend.
  bool is_stale(timestamp now) const;

  /// When the last reading becomes stale; "never" where it cannot.
  timestamp stale_at() const;

  /// What is kept back because the last reading is stale.
  money haircut(timestamp now) const;

  /// Charged and not yet contained in the reading, as far as we know.
  money posted() const;

  /// The earliest time at which `expire` has something to do; "never" if none.
  timestamp next_expiry();

  const account_head& head() const {
    return head_;
  }

  /// A copy with the open holds filled in.
  account_head snapshot() const;

  /// Whether this hold is open and its attempt under way.
  bool is_live(const hold_id& id) const {
    const auto i = open_.find(id);
    return i != open_.end() && !i->second.in_doubt;
  }

  /// Open holds whose attempts are under way.
  size_t live() const;

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
  /// Numbers an entry, checks that the books add up, and keeps it for the
  /// journal; the caller fills in what only some kinds have.
  ledger_entry& append(entry_kind kind, money amount, const hold_id& id,
                       timestamp now);

  /// Books a charge; a negative one is money that was never charged.
  void charge(entry_kind kind, money amount, const hold_id& id,
              timestamp now);

  ec doubt(entry_kind how, const hold_id& id, timestamp until, timestamp now,
           const seen_charge& seen);
  /// Books what the figure says beyond what lag and holds explain.
  reading_result reconcile(money figure, money in_window, timestamp now);

  /// Ends all doubts with what is missing, the oldest first, if nothing else
  /// can explain it.
  void resolve_doubts(money figure, timestamp window_begin, timestamp now);

  /// Closes an open hold and remembers how it ended.
  void end_hold(open_holds::iterator i, entry_kind how, money charged,
                timestamp now);

  /// Notes when a hold ends by itself.
  void watch(timestamp at, const hold_id& id);

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
  lag_watch lag_;
  // Before this time the window is not known: an earlier run spent then.
  timestamp window_from_;
  std::vector<ledger_entry> entries_;
};

} // namespace rota
