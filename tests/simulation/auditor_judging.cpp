// What the auditor makes of each entry. Split from auditor.cpp by size only.

#include "tests/simulation/auditor.hpp"
#include "tests/simulation/black_box.hpp"

namespace rota::simulation {

void account_auditor::judge(const ledger_entry& x, bool beside_reading) {
  switch (x.kind) {
    case entry_kind::open:
      require(!funded_, "I1", "the books begin twice");
      break;
    case entry_kind::hold:
      judge_hold(x);
      break;
    case entry_kind::settle:
    case entry_kind::release:
    case entry_kind::expire:
    case entry_kind::doubt:
    case entry_kind::suspect:
    case entry_kind::assume:
      judge_end(x, beside_reading);
      break;
    case entry_kind::overrun:
    case entry_kind::late:
    case entry_kind::correct:
      judge_afterwards(x);
      break;
    case entry_kind::adjust:
      break; // An operator's word.
    default:
      require(false, "I1", "an entry stands where none of its kind may");
  }
}

void account_auditor::judge_hold(const ledger_entry& x) {
  require(funded_, "I3", "money is held on an account that was never funded");
  require(!holds_.contains(x.hold), "I5", "one hold is made twice");
  require(x.amount >= money{}, "I3", "a hold is negative");
  require(x.until > x.at, "I2", "a hold is born overdue");
  require(!options_.stale_stops || !is_stale(), "I3",
          "money is held on a stale reading");
  require(available() - kept_back() - x.amount >= options_.floor, "I3",
          "more is held than is available");
}

void account_auditor::judge_end(const ledger_entry& x, bool beside_reading) {
  const auto i = holds_.find(x.hold);
  require(i != holds_.end(), "I4", "a hold ends that was never made");
  const auto& it = i->second;
  require(it.open, "I4", "a hold ends twice");
  const auto overdue = now_ + ahead_ >= it.until;
  const auto unlikely = it.in_doubt && it.unlikely;
  switch (x.kind) {
    case entry_kind::settle:
      require(x.amount <= money{} && -x.amount <= it.amount, "I4",
              "a settlement exceeds its hold");
      break;
    case entry_kind::assume:
      require(it.in_doubt, "I4", "a charge is assumed that nobody doubts");
      require(overdue || beside_reading, "I4", "a charge is assumed too early");
      require(!unlikely || beside_reading, "I4",
              "a charge is assumed that is not likely");
      if (beside_reading) // The figure says how much of it was charged.
        require(x.amount <= money{} && -x.amount <= it.amount, "I4",
                "more is assumed than was held");
      else
        agree(-x.amount.nanos,
              it.presumed > money{} ? it.presumed.nanos : it.amount.nanos, "I4",
              "what is assumed");
      break;
    case entry_kind::doubt:
      require(!it.in_doubt, "I4", "a doubt is noted twice");
      require(x.amount <= it.amount && x.presumed <= x.amount
                && x.presumed >= money{},
              "I4", "more is doubted than was held");
      break;
    case entry_kind::suspect:
      require(!it.in_doubt, "I4", "a doubt is noted twice");
      agree(x.amount.nanos, it.amount.nanos, "I4", "what is suspected");
      break;
    default:
      agree(x.amount.nanos, it.amount.nanos, "I4", "what is given back");
      require(!it.in_doubt || told_ || beside_reading
                || (unlikely && overdue),
              "I4", "a doubt is given back for no reason");
      if (x.kind == entry_kind::expire) {
        require(!it.in_doubt, "I4", "a doubt expires");
        require(overdue, "I4", "a hold expires too early");
      }
  }
}

void account_auditor::judge_afterwards(const ledger_entry& x) {
  const auto i = holds_.find(x.hold);
  require(i != holds_.end(), "I4", "a charge belongs to no hold");
  const auto& it = i->second;
  require(!it.open, "I4", "a charge comes beside an open hold");
  require(!it.late, "I4", "a hold is charged twice after its end");
  switch (x.kind) {
    case entry_kind::overrun:
      require(it.ended == entry_kind::settle && it.booked == it.amount
                && log_.back().entry.hold == x.hold,
              "I4", "an overrun follows no full settlement");
      require(x.amount < money{}, "I4", "an overrun gives money back");
      break;
    case entry_kind::late:
      require(it.ended == entry_kind::release
                || it.ended == entry_kind::expire,
              "I4", "a late charge follows a charge");
      require(x.amount <= money{}, "I4", "a late charge gives money back");
      break;
    default:
      require(it.ended == entry_kind::assume, "I4",
              "a correction follows no assumption");
  }
}

/// Section by section the interval rule: a figure U agrees with balance B,
/// held R and what was charged in the lag window C within a quantum q iff
/// B - R - q <= U <= B + C + q; what lies outside is booked, no more.
void account_auditor::judge_reading(const ledger_entry& x,
                                    const ledger_entry* correction) {
  const auto asked_at = x.at - ahead_;
  require(asked_at > read_at_ || read_at_.millis == 0, "I5",
          "an older reading replaces a newer one");
  require(asked_at <= now_, "I1", "a reading comes from the future");
  const auto exact = charged_after(asked_at - lag());
  require(x.in_window >= exact, "I9",
          "the lag window misses charges that the figure may miss");
  require(x.in_window <= std::max(exact, charged_window(asked_at)), "I3",
          "the lag window counts charges that are long visible");
  const auto off = correction != nullptr ? correction->amount : money{};
  if (!funded_) {
    require(correction != nullptr && correction->kind == entry_kind::open,
            "I1", "the first figure does not begin the books");
    agree(off.nanos, x.amount.nanos, "I1", "the first figure");
    return;
  }
  const auto least = balance_ - held_;
  const auto most = balance_ + x.in_window;
  auto wanted = money{};
  if (x.amount < least - options_.quantum)
    wanted = x.amount - least;
  else if (x.amount > most + options_.quantum)
    wanted = x.amount - most;
  agree(off.nanos, wanted.nanos, "I8", "what a reading corrects");
  if (correction == nullptr)
    return;
  const auto large = std::max<int64_t>(1'000'000'000, balance_.nanos / 100);
  const auto topup = off.nanos >= large;
  require(correction->kind
            == (topup ? entry_kind::topup : entry_kind::adjust),
          "I8", "new money and noise are told apart wrongly");
}

/// Whatever the provider has not posted at the last honest reading, it may
/// still be charged for all that is held: even then the floor stays whole, but
/// for what nobody could know.
void account_auditor::judge_truth() const {
  if (lie_counts())
    return;
  auto left = truth_.truth(id_);
  auto unknown = options_.quantum;
  for (const auto& id : open_)
    if (truth_.call(id_, id) == nullptr)
      left -= holds_.at(id).amount;
  const auto& all = truth_.postings(id_);
  const auto oldest = read_at_ - provider_books::lag_most;
  for (auto i = all.rbegin(); i != all.rend(); ++i) {
    if (read_at_.millis != 0 && i->at < oldest)
      break;
    if (read_at_.millis != 0 && i->posted_at <= read_at_)
      continue; // The reading contains it.
    if (i->posted_at - i->at > read_lag_) {
      unknown += i->amount; // Later than is promised: it looks like new money.
      continue;
    }
    auto known = money{};
    if (i->ours)
      if (const auto j = holds_.find(i->hold); j != holds_.end())
        known = j->second.booked
                + (j->second.open ? j->second.amount : money{});
    unknown += std::max(money{}, i->amount - known);
  }
  require(left >= options_.floor - unknown, "I9",
          "the provider's balance can fall below the floor");
}

} // namespace rota::simulation
