#pragma once

#include "actors/domain/retry.hpp"
#include "tests/simulation/black_box.hpp"
#include "tests/simulation/core_disk.hpp"
#include "tests/simulation/random.hpp"

#include <queue>

namespace rota::simulation {

/// A small pool of accounts that serves items, with a disk, a provider and
/// strangers, all drawn from one seed.
class core_world {
public:
  explicit core_world(uint64_t seed);

  /// Runs with faults, then without, until nothing is left to do.
  /// @throws violation
  run_report run();

private:
  enum class what : uint8_t {
    acquire,  // An item looks for an account.
    written,  // The disk has a group.
    execute,  // A request reaches the provider.
    outcome,  // Its answer reaches the runner.
    told,     // The account is told how an attempt ended.
    word,     // The account hears what became of a doubt.
    again,    // A hold is asked for once more.
    tick,     // Holds are overdue.
    probe,    // The provider is asked for a balance,
    answer,   // looks it up,
    figure,   // and its answer reaches the account.
    stranger, // Pays in or spends.
    will,     // An operator does something.
  };

  struct event {
    timestamp at;
    uint64_t order = 0;
    what kind = what::acquire;
    uint64_t run = 0;
    account_id account;
    hold_id hold;
    uint64_t item = 0;
    money amount;
    reading_cut asked;
    bool last = false; // The attempt's end ends its item.
    size_t fate = 0;

    friend bool operator>(const event& x, const event& y) {
      return std::tie(x.at, x.order) > std::tie(y.at, y.order);
    }
  };

  struct item_state {
    retry_budget budget;
    uint32_t tries = 0;
    // Of this budget: calls that the provider charged, that reached it, and
    // that were meant to.
    uint32_t charged = 0;
    uint32_t arrived = 0;
    uint32_t sent = 0;
    bool ended = false; // As its runner knows.
    bool acknowledged = false;
    std::vector<account_id> excluded;
  };

  void handle(const event& x);
  void acquire(const event& x);
  void written();
  void execute(const event& x);
  void outcome(const event& x);
  seen_charge glimpse(money truth);
  void told(const event& x);
  void word(const event& x);
  void probe(const event& x);
  void answer(const event& x);
  void figure(const event& x);
  void stranger(const event& x);
  void will(const event& x);
  void crash();
  void calm_down();
  void rest();

  /// When a charge of now shows up in what the provider says.
  timestamp shown_at();

  void start_items();
  void store(core_record x);
  void watch(account_id x);
  void plan(event x, milliseconds after);
  money hold_amount(const hold_id& x);
  item_state fresh_item() const;
  bool fault(int64_t permille) {
    return !calm_ && random_.permille(permille);
  }
  core_account& at(account_id x) {
    return accounts_[x.value - 1];
  }
  milliseconds ms(int64_t from, int64_t to) {
    return milliseconds{random_.between(from, to)};
  }
  void set_clock(timestamp t);

  dice random_;
  swarm world_;
  routing_options routing_;
  provider_books provider_;
  core_disk disk_;
  std::vector<core_account> accounts_;
  std::vector<item_state> items_;
  uint64_t next_item_ = 0;
  int64_t under_way_ = 0;
  std::map<account_id, timestamp> ticks_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  uint64_t order_ = 0;
  uint64_t run_ = 1;
  timestamp began_;
  timestamp now_;
  milliseconds ahead_{0};
  timestamp highest_wall_;
  bool calm_ = false;
};

} // namespace rota::simulation
