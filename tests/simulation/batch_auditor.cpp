#include "tests/simulation/batch_auditor.hpp"

#include "tests/simulation/black_box.hpp"

#include <algorithm>

namespace rota::simulation {

namespace {

void add(batch_counts& to, const ended_item& x) {
  to.succeeded += x.state == item_state::succeeded;
  to.failed += x.state == item_state::failed;
  to.cancelled += x.state == item_state::cancelled;
  to.spent += x.spent;
}

} // namespace

void batch_auditor::accepted(const batch_row& row, uint32_t max_in_flight,
                             uint32_t window, uint32_t attempts,
                             uint32_t billed_attempts) {
  auto& it = batches_[row.id];
  it.row = row;
  it.max_in_flight = max_in_flight;
  it.window = window;
  it.attempts = attempts;
  it.billed_attempts = billed_attempts;
  it.items.resize(row.total);
}

void batch_auditor::started(const job_id& x) {
  auto& all = at(x);
  auto& it = all.items.at(x.item);
  require(!it.resulted, "I6", "a line that has ended is started");
  require(!it.under_way, "I6", "a line is started twice");
  it.under_way = true;
  while (all.first_open < all.items.size()
         && all.items[all.first_open].resulted)
    ++all.first_open;
  require(x.item < all.first_open + all.window, "window",
          "a line is started before its window");
}

void batch_auditor::sent(const job_id& x, uint64_t run) {
  auto& it = item(x, run);
  require(it.under_way, "I10", "a call leaves for a line without a runner");
  require(++it.sent <= 5 * at(x).attempts, "I10",
          "a line is sent more often than allowed");
  require(++at(x).calls <= at(x).max_in_flight, "window",
          "too many calls of a batch are under way");
}

void batch_auditor::arrived(const job_id& x, uint64_t run) {
  require(++item(x, run).arrived <= at(x).attempts, "I10",
          "a line is tried more often than allowed");
}

void batch_auditor::charged(const job_id& x, uint64_t run) {
  auto& it = item(x, run);
  require(++it.charged <= at(x).billed_attempts, "I10",
          "a line is charged more often than allowed");
  ++it.charged_ever;
  require(it.charged_ever == 1
            || at(x).row.options.policy != delivery::at_most_once,
          "I10", "a line is charged twice that may be sent once");
}

void batch_auditor::answered(const job_id& x, const std::string& body,
                             money cost) {
  auto& it = at(x).items.at(x.item);
  it.body = body;
  it.cost = cost;
}

void batch_auditor::result(const item_result& x) {
  auto& it = at(x.id).items.at(x.id.item);
  require(!it.resulted, "I6", "a line ends twice");
  it.resulted = true;
  it.under_way = false;
  it.end = {x.id.item, x.state, x.cost};
  const auto unreadable = x.custom_id.empty() && x.attempts == 0
                          && x.error_code == "invalid_json_line";
  require(unreadable || x.custom_id == "id-" + std::to_string(x.id.item),
          "I11", "a result bears another line's name");
  if (x.state == item_state::succeeded) {
    require(x.body == it.body && !x.body.empty(), "I11",
            "a result is not what the provider said");
    agree(x.cost.nanos, it.cost.nanos, "I8", "what a result says it cost");
  }
}

void batch_auditor::kept(const item_result& x) {
  auto& it = at(x.id).items.at(x.id.item);
  require(!it.kept, "I6", "a line ended twice on disk");
  it.kept = true;
}

void batch_auditor::kept(const batch_row& x) {
  auto& all = batches_.at(x.id);
  require(x.cursor >= all.row.cursor, "I6", "a cursor runs backwards");
  require(x.total == all.row.total && x.cursor <= x.total, "I6",
          "a cursor runs over its file");
  all.row = x;
  batch_counts before;
  for (uint64_t i = 0; i < x.cursor; ++i) {
    require(all.items[i].kept, "I7",
            "a cursor runs ahead of the results on disk");
    add(before, all.items[i].end);
  }
  if (x.state == batch_state::cancelled)
    return; // Its lines behind the cursor are counted, too; see at_rest.
  agree(static_cast<int64_t>(x.ended.succeeded),
        static_cast<int64_t>(before.succeeded), "I11", "lines that succeeded");
  agree(static_cast<int64_t>(x.ended.failed),
        static_cast<int64_t>(before.failed), "I11", "lines that failed");
  agree(x.ended.spent.nanos, before.spent.nanos, "I11", "what was spent");
}

void batch_auditor::restarted() {
  for (auto& [id, all] : batches_) {
    all.calls = 0;
    all.first_open = 0;
    for (auto& x : all.items) {
      x.under_way = false;
      x.resulted = x.kept;
    }
  }
}

void batch_auditor::at_rest() const {
  for (const auto& [id, all] : batches_) {
    const auto& row = all.row;
    require(ended(id), "I6", "a batch does not end although all is well");
    agree(static_cast<int64_t>(row.ended.ended()),
          static_cast<int64_t>(row.total), "I6", "lines that ended");
    batch_counts sum;
    uint64_t missing = 0;
    for (const auto& x : all.items) {
      if (x.kept)
        add(sum, x.end);
      missing += !x.kept;
    }
    require(missing == 0 || row.state == batch_state::cancelled, "I6",
            "a line has no result");
    agree(static_cast<int64_t>(row.ended.succeeded),
          static_cast<int64_t>(sum.succeeded), "I11", "lines that succeeded");
    agree(static_cast<int64_t>(row.ended.cancelled),
          static_cast<int64_t>(sum.cancelled + missing), "I11",
          "lines that were cancelled");
    agree(row.ended.spent.nanos, sum.spent.nanos, "I11", "what was spent");
  }
}

batch_auditor::item_book& batch_auditor::item(const job_id& x, uint64_t run) {
  auto& it = at(x).items.at(x.item);
  if (it.run != run) {
    it.run = run;
    it.sent = it.arrived = it.charged = 0;
  }
  return it;
}

} // namespace rota::simulation
