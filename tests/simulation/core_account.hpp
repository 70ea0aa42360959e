#pragma once

#include "actors/domain/books_watch.hpp"
#include "actors/domain/health.hpp"
#include "actors/domain/ledger.hpp"
#include "actors/domain/limiter.hpp"
#include "tests/simulation/auditor.hpp"
#include "tests/simulation/gate_auditor.hpp"
#include "tests/simulation/swarm.hpp"

#include <map>
#include <optional>

namespace rota::simulation {

/// What is stored of an account beside its books, and what the auditor knew
/// when it was.
struct core_row {
  account_row row;
  gate_auditor gate;
};

/// What one verb left for the disk.
struct core_commit {
  account_id account;
  std::vector<ledger_entry> entries;
  std::optional<core_row> row;
};

/// The rules of one account without their actor: each verb asks the code, and
/// then both auditors what they think of its answer.
class core_account {
public:
  core_account(account_id id, const swarm& world, const provider_books& truth);

  /// Begins a run on what survived: so many entries, folded into `head`.
  core_commit begin(const account_head& head, const core_row* stored,
                    size_t entries);

  void clock(timestamp now, milliseconds ahead);

  /// @param early Nobody else serves it.
  /// @returns Whether money is held now.
  bool hold(const hold_id& id, money amount, int64_t tokens, core_commit& out,
            bool early = false);

  core_commit settle(const booking& told, const verdict& judged, double jitter);
  core_commit reading(money figure, reading_cut asked);
  core_commit adjust(money x);
  core_commit reset();
  core_commit tick();

  /// When `tick` has something to do; "never" if it has not. A true time.
  timestamp next_tick();

  account_auditor& auditor() {
    return auditor_;
  }

  const ledger& books() const {
    return *books_;
  }

  /// Nothing is under way any more.
  void at_rest() const;

private:
  timestamp wall() const {
    return now_ + ahead_;
  }

  gate_auditor fresh_gate() const;
  ledger_rules rules() const;

  /// Hands over what the verb left and checks what holds at any time.
  core_commit commit(const booking* told = nullptr);

  account_id id_;
  const swarm& world_;
  timestamp now_;
  milliseconds ahead_{0};
  std::optional<ledger> books_;
  std::optional<health> condition_;
  std::optional<limiter> limits_;
  std::optional<books_watch> watch_;
  std::map<hold_id, attempt_serial> serials_; // Of this run.
  uint64_t stored_revision_ = 0;
  uint64_t stored_watch_ = 0;
  milliseconds stored_lag_{0};
  account_auditor auditor_;
  gate_auditor gate_;
};

} // namespace rota::simulation
