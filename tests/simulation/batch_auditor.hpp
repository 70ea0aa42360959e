#pragma once

#include "messages/batch.hpp"
#include "messages/ids.hpp"

#include <map>
#include <string>

namespace rota::simulation {

/// Judges what becomes of the lines of batches, written from the
/// specification. I6: each line ends once. I7: what was acknowledged is there.
/// I10: the calls of a line are bounded. I11: results and counters agree.
class batch_auditor {
public:
  /// A batch that was accepted.
  void accepted(const batch_row& row, uint32_t max_in_flight, uint32_t window,
                uint32_t attempts, uint32_t billed_attempts);

  /// A runner begins a line.
  void started(const job_id& x);

  /// A call leaves for a line, reaches the provider, is charged there.
  void sent(const job_id& x, uint64_t run);
  void arrived(const job_id& x, uint64_t run);
  void charged(const job_id& x, uint64_t run);

  /// An outcome is handed back.
  void returned(const job_id& x) {
    --at(x).calls;
  }

  /// The provider answered a line well, with that body and at that cost.
  void answered(const job_id& x, const std::string& body, money cost);

  /// A result was handed to the journal.
  void result(const item_result& x);

  /// A result reached the disk.
  void kept(const item_result& x);

  /// A row reached the disk.
  void kept(const batch_row& x);

  /// The daemon died; `runs` under way are gone.
  void restarted();

  /// Whether this batch has ended, on disk.
  bool ended(batch_id x) const {
    return batches_.at(x).row.state == batch_state::completed
           || batches_.at(x).row.state == batch_state::cancelled;
  }

  /// The stored row of an ended batch adds up with its results.
  void at_rest() const;

private:
  struct item_book {
    bool under_way = false;
    bool resulted = false; // In this run, or on disk.
    bool kept = false;
    ended_item end;
    uint64_t run = 0; // Of the counts below.
    uint32_t sent = 0;
    uint32_t arrived = 0;
    uint32_t charged = 0;
    uint32_t charged_ever = 0;
    std::string body;
    money cost;
  };

  struct batch_book {
    batch_row row;
    uint32_t max_in_flight = 0;
    uint32_t window = 0;
    uint32_t attempts = 0;
    uint32_t billed_attempts = 0;
    uint64_t first_open = 0; // Items before it have results.
    uint32_t calls = 0; // Under way.
    std::vector<item_book> items;
  };

  batch_book& at(const job_id& x) {
    return batches_.at(x.batch);
  }

  item_book& item(const job_id& x, uint64_t run);

  std::map<batch_id, batch_book> batches_;
};

} // namespace rota::simulation
