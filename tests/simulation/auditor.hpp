#pragma once

#include "messages/ledger.hpp"
#include "tests/simulation/provider.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

namespace rota::simulation {

/// What the auditor knows about an account besides its entries.
struct audited_options {
  money floor;
  milliseconds lag{0};
  money quantum;
  /// A reading older than this is stale; zero: none is. Then so many per cent
  /// are kept back, or nothing may be held.
  milliseconds stale_after{0};
  int64_t stale_percent = 0;
  bool stale_stops = false;
};

/// Told by whoever drives the code what it was asked to book.
struct booking {
  enum class verb : uint8_t { settle, release, doubt, suspect } what = verb::settle;
  hold_id hold;
  money cost;
  /// doubt: what was seen of the call.
  std::optional<seen_charge> seen = {};
};

/// Judges one account's entries, written from the specification: it shares no
/// arithmetic with the code. The promises have numbers: I1 entries add up, I2
/// holds add up, I3 never more held than available, I4 one end for each hold,
/// I5 repeats change nothing, I8 what is booked is what was charged, I9 the
/// provider's balance stays above the floor.
class account_auditor {
public:
  account_auditor(account_id id, const provider_books& truth,
                  audited_options options);

  /// The time from here on: the true one, and how far the daemon's wall clock
  /// is ahead of it.
  void clock(timestamp now, milliseconds ahead) {
    now_ = now;
    ahead_ = ahead;
  }

  /// Judges what one verb appended.
  /// @throws violation
  void appended(std::span<const ledger_entry> xs);

  /// The same, where the verb is known and its entries follow from it.
  void appended(std::span<const ledger_entry> xs, const booking& told);

  /// The daemon says now that charges may be so late; zero: it learnt nothing.
  /// To be told before what it appended with it.
  void learnt(milliseconds lag);

  /// The daemon died and `entries` of all survived, and that lag; a new run
  /// begins.
  void restarted(size_t entries, milliseconds lag);

  /// The longest lag that the daemon reckons with.
  milliseconds lag() const {
    return std::max(options_.lag, learnt_);
  }

  /// The provider lies now: no figure counts that was asked for until then.
  void lied() {
    lied_at_ = now_;
  }

  /// When the last of the open holds ends by itself, as a wall time.
  timestamp latest_end() const;

  /// @returns What may be held at most, by the worse of both views.
  money available() const;

  /// Nothing is under way any more and the last reading was honest: books and
  /// provider agree, and every call is booked once.
  void at_rest() const;

  struct hold_book {
    money amount;
    timestamp until;
    bool open = true;
    bool in_doubt = false;
    entry_kind ended = entry_kind::hold; // How, unless open.
    bool late = false; // Charged after its end: nothing more may come.
    money booked;
    uint64_t run = 0;
    bool unlikely = false; // Of a doubt: it is given back at its end.
    money presumed = {};   // Of a doubt: assumed at its end; 0: all of it.
  };

  const hold_book* find(const hold_id& id) const;

  /// How many attempts are under way: open holds that nobody doubts.
  size_t live() const;

  size_t size() const {
    return log_.size();
  }

  money balance() const {
    return balance_;
  }

  money held() const {
    return held_;
  }

  /// When the question of the last reading was asked, in true time.
  timestamp read_at() const {
    return read_at_;
  }

private:
  struct stamped {
    ledger_entry entry;
    milliseconds ahead;
    uint64_t run = 0;
    bool in_figure = false; // A charge that the reading beside it shows.
    milliseconds lag{0}; // As the daemon knew it then.
  };

  struct charge {
    timestamp at; // True time.
    money amount;
  };

  void judge(const ledger_entry& x, bool beside_reading);
  void judge_hold(const ledger_entry& x);
  void judge_end(const ledger_entry& x, bool beside_reading);
  void judge_afterwards(const ledger_entry& x);
  void judge_reading(const ledger_entry& x, const ledger_entry* correction);
  void judge_truth() const;
  void apply(const stamped& x);
  void apply_end(const ledger_entry& x);
  money charged_after(timestamp t) const;
  money charged_window(timestamp asked_at) const;
  bool lie_counts() const;
  bool is_stale() const;
  money kept_back() const;

  account_id id_;
  const provider_books& truth_;
  audited_options options_;
  timestamp now_;
  milliseconds ahead_{0};
  timestamp run_began_;
  uint64_t run_ = 1;
  timestamp lied_at_;
  milliseconds learnt_{0};
  bool grows_ = false; // The next reading must say why.

  bool told_ = false; // The verb that is judged was asked for.

  // The fold of the entries.
  std::vector<stamped> log_;
  bool funded_ = false;
  money balance_;
  money held_;
  money reading_;
  timestamp read_at_; // True time; "never": no reading yet.
  timestamp read_wall_;
  milliseconds read_lag_{0}; // With which that reading was judged.
  money in_window_;
  money since_;
  std::vector<charge> charges_;
  std::unordered_map<hold_id, hold_book> holds_;
  std::vector<hold_id> open_;
};

} // namespace rota::simulation
