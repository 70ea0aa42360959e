#include "tests/simulation/auditor.hpp"

#include "tests/simulation/black_box.hpp"

#include <algorithm>

namespace rota::simulation {

namespace {

/// The code may count its window in slots of time and round outwards.
milliseconds slack_of(milliseconds lag) {
  return std::max(milliseconds{1'000}, lag / 128) + milliseconds{1};
}

bool begins_or_corrects(entry_kind x) {
  return x == entry_kind::open || x == entry_kind::topup
         || x == entry_kind::adjust;
}

} // namespace

account_auditor::account_auditor(account_id id, const provider_books& truth,
                                 audited_options options)
  : id_{id}, truth_{truth}, options_{options} {
  // nop
}

void account_auditor::appended(std::span<const ledger_entry> xs) {
  const auto read = !xs.empty() && xs.back().kind == entry_kind::reading;
  const auto corrected = read && xs.size() > 1
                         && begins_or_corrects(xs[xs.size() - 2].kind);
  const auto plain = xs.first(xs.size() - read - corrected);
  for (const auto& x : xs)
    black_box::instance().judged(x.kind);
  for (const auto& x : plain) {
    judge(x, read);
    apply({x, ahead_, run_, read});
    if (x.kind == entry_kind::hold)
      judge_truth();
  }
  if (!read)
    return;
  const auto* correction = corrected ? &xs[plain.size()] : nullptr;
  judge_reading(xs.back(), correction);
  if (corrected)
    apply({*correction, ahead_, run_});
  apply({xs.back(), ahead_, run_});
}

void account_auditor::appended(std::span<const ledger_entry> xs,
                               const booking& told) {
  using verb = booking::verb;
  std::vector<std::pair<entry_kind, money>> wanted;
  const auto i = holds_.find(told.hold);
  if (i != holds_.end()) {
    const auto& it = i->second;
    const auto settles = told.what == verb::settle;
    if (it.open && settles) {
      const auto kept = std::min(told.cost, it.amount);
      wanted.emplace_back(entry_kind::settle, -kept);
      if (told.cost > kept)
        wanted.emplace_back(entry_kind::overrun, kept - told.cost);
    } else if (it.open && told.what == verb::release) {
      wanted.emplace_back(entry_kind::release, it.amount);
    } else if (it.open && !it.in_doubt) {
      wanted.emplace_back(entry_kind::doubt, it.amount);
    } else if (!it.open && settles && !it.late && it.run == run_) {
      if (it.ended == entry_kind::assume)
        wanted.emplace_back(entry_kind::correct, it.booked - told.cost);
      else if (it.ended != entry_kind::settle)
        wanted.emplace_back(entry_kind::late, -told.cost);
    }
  }
  agree(static_cast<int64_t>(xs.size()), static_cast<int64_t>(wanted.size()),
        wanted.empty() ? "I5" : "I4", "entries of one verb");
  for (size_t k = 0; k < xs.size(); ++k) {
    require(xs[k].kind == wanted[k].first && xs[k].hold == told.hold, "I4",
            "another entry than the verb asks for");
    agree(xs[k].amount.nanos, wanted[k].second.nanos, "I8",
          "the amount of an entry");
  }
  told_ = true;
  appended(xs);
  told_ = false;
}

void account_auditor::restarted(size_t entries) {
  require(entries <= log_.size(), "I7", "more survived than was ever written");
  auto log = std::move(log_);
  log.resize(entries);
  log_.clear();
  funded_ = false;
  balance_ = held_ = reading_ = in_window_ = since_ = {};
  read_at_ = {};
  charges_.clear();
  holds_.clear();
  open_.clear();
  for (const auto& x : log)
    apply(x);
  ++run_;
  run_began_ = now_;
}

money account_auditor::available() const {
  auto left = balance_;
  if (read_at_.millis != 0)
    left = std::min(left, reading_ - charged_after(read_at_ - options_.lag));
  return left - held_;
}

void account_auditor::at_rest() const {
  agree(held_.nanos, 0, "I2", "money is held for nobody");
  for (const auto& [id, call] : truth_.calls(id_)) {
    const auto i = holds_.find(id);
    require(i != holds_.end(), "I10", "a call was made without a hold");
    require(!i->second.open, "I2", "a hold never ended");
  }
  const auto quanta = [this](money off) {
    return off.nanos / (options_.quantum.nanos + 1);
  };
  agree(quanta(balance_ - reading_), 0, "I8",
        "what books and reading are off at rest, in quanta");
  // A figure is rounded itself.
  require(std::abs(quanta(balance_ - truth_.truth(id_))) <= 1, "I8",
          "the books are off the truth at rest");
}

const account_auditor::hold_book*
account_auditor::find(const hold_id& id) const {
  const auto i = holds_.find(id);
  return i != holds_.end() ? &i->second : nullptr;
}

timestamp account_auditor::latest_end() const {
  timestamp result;
  for (const auto& id : open_)
    result = std::max(result, holds_.at(id).until);
  return result;
}

size_t account_auditor::live() const {
  return static_cast<size_t>(
    std::count_if(open_.begin(), open_.end(),
                  [this](auto& x) { return !holds_.at(x).in_doubt; }));
}

// -- judging ------------------------------------------------------------------

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
  require(available() - x.amount >= options_.floor, "I3",
          "more is held than is available");
}

void account_auditor::judge_end(const ledger_entry& x, bool beside_reading) {
  const auto i = holds_.find(x.hold);
  require(i != holds_.end(), "I4", "a hold ends that was never made");
  const auto& it = i->second;
  require(it.open, "I4", "a hold ends twice");
  const auto overdue = now_ + ahead_ >= it.until;
  const auto unlikely = it.in_doubt && it.unlikely_in == run_;
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
        agree(-x.amount.nanos, it.amount.nanos, "I4", "what is assumed");
      break;
    case entry_kind::doubt:
      require(!it.in_doubt, "I4", "a doubt is noted twice");
      agree(x.amount.nanos, it.amount.nanos, "I4", "what is doubted");
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
  const auto exact = charged_after(asked_at - options_.lag);
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
  const auto oldest = read_at_ - options_.lag;
  for (auto i = all.rbegin(); i != all.rend(); ++i) {
    if (read_at_.millis != 0 && i->at < oldest)
      break;
    if (read_at_.millis != 0 && i->posted_at <= read_at_)
      continue; // The reading contains it.
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

// -- folding ------------------------------------------------------------------

void account_auditor::apply(const stamped& x) {
  const auto& e = x.entry;
  const auto seq = log_.empty() ? 0 : log_.back().entry.seq;
  require(e.account == id_, "I1", "an entry is another account's");
  agree(static_cast<int64_t>(e.seq), static_cast<int64_t>(seq + 1), "I1",
        "the number of an entry");
  log_.push_back(x);
  const auto at = e.at - x.ahead;
  const auto spend = [&] {
    balance_ += e.amount;
    if (x.in_figure)
      return; // The reading beside it shows it already.
    charges_.push_back({at, -e.amount});
    if (e.amount < money{})
      since_ -= e.amount;
  };
  switch (e.kind) {
    case entry_kind::open:
      funded_ = true;
      balance_ += e.amount;
      reading_ += e.amount;
      break;
    case entry_kind::topup:
      balance_ += e.amount;
      break;
    case entry_kind::adjust:
      balance_ += e.amount;
      reading_ += e.amount; // A reading beside it sets the figure anew.
      break;
    case entry_kind::hold:
      held_ += e.amount;
      holds_[e.hold] = {e.amount, e.until, true, false, entry_kind::hold,
                        false,    {},      x.run};
      open_.push_back(e.hold);
      break;
    case entry_kind::reading:
      reading_ = e.amount;
      read_at_ = at;
      in_window_ = e.in_window;
      since_ = {};
      break;
    case entry_kind::settle:
    case entry_kind::assume:
      spend();
      [[fallthrough]];
    case entry_kind::release:
    case entry_kind::expire:
    case entry_kind::doubt:
      apply_end(e);
      break;
    default: // overrun, late, correct
      spend();
      holds_[e.hold].booked -= e.amount;
      holds_[e.hold].late = true;
  }
  agree(e.balance_after.nanos, balance_.nanos, "I1", "balance after an entry");
  agree(e.held_after.nanos, held_.nanos, "I2", "held after an entry");
  if (const auto i = holds_.find(e.hold); i != holds_.end())
    i->second.run = x.run;
}

void account_auditor::apply_end(const ledger_entry& x) {
  auto& it = holds_[x.hold];
  if (x.kind == entry_kind::doubt) {
    it.in_doubt = true;
    it.until = x.until;
    return;
  }
  it.open = false;
  it.ended = x.kind;
  std::erase(open_, x.hold);
  held_ -= it.amount;
  if (x.kind == entry_kind::settle || x.kind == entry_kind::assume)
    it.booked = -x.amount;
}

money account_auditor::charged_after(timestamp t) const {
  money result;
  for (auto i = charges_.rbegin(); i != charges_.rend() && i->at > t; ++i)
    result += i->amount;
  return std::max(result, money{});
}

money account_auditor::charged_window(timestamp asked_at) const {
  const auto from = asked_at - options_.lag;
  money result;
  if (run_began_ > from - slack_of(options_.lag))
    return in_window_ + since_; // An earlier run's; all of it may count.
  for (auto i = charges_.rbegin();
       i != charges_.rend() && i->at >= from - slack_of(options_.lag); ++i)
    result += std::max(i->amount, money{});
  return result;
}

bool account_auditor::lie_counts() const {
  return lied_at_.millis != 0 && read_at_ <= lied_at_;
}

} // namespace rota::simulation
