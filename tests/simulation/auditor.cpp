#include "tests/simulation/auditor.hpp"

#include "tests/simulation/black_box.hpp"

#include <algorithm>
#include <utility>

namespace rota::simulation {

namespace {

/// No lag may be learnt beyond it: ten times what is configured, or ten
/// minutes.
milliseconds bound_of(milliseconds lag) {
  return std::max(milliseconds{600'000}, lag * 10);
}

bool doubts(entry_kind x) {
  return x == entry_kind::doubt || x == entry_kind::suspect;
}

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
  const auto grows = std::exchange(grows_, false);
  const auto read = !xs.empty() && xs.back().kind == entry_kind::reading;
  const auto corrected = read && xs.size() > 1
                         && begins_or_corrects(xs[xs.size() - 2].kind);
  require(!grows || (corrected && xs[xs.size() - 2].amount < money{}), "I9",
          "a posting lag is learnt though no money went");
  const auto plain = xs.first(xs.size() - read - corrected);
  for (const auto& x : xs)
    black_box::instance().judged(x.kind);
  for (const auto& x : plain) {
    judge(x, read);
    apply({x, ahead_, run_, read, lag()});
    if (x.kind == entry_kind::hold)
      judge_truth();
  }
  if (!read)
    return;
  const auto* correction = corrected ? &xs[plain.size()] : nullptr;
  judge_reading(xs.back(), correction);
  if (corrected)
    apply({*correction, ahead_, run_, false, lag()});
  apply({xs.back(), ahead_, run_, false, lag()});
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
      auto kept = it.amount;
      if (told.what == verb::doubt && told.seen)
        kept = std::min(kept, std::max(told.seen->at_most,
                                       told.seen->presumed));
      wanted.emplace_back(told.what == verb::suspect ? entry_kind::suspect
                                                     : entry_kind::doubt,
                          kept);
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
    const auto seen = told.seen ? told.seen->presumed : xs[k].amount;
    if (xs[k].kind == entry_kind::doubt)
      agree(xs[k].presumed.nanos, seen < xs[k].amount ? seen.nanos : 0, "I8",
            "what is presumed of a doubt");
  }
  told_ = true;
  appended(xs);
  told_ = false;
}

void account_auditor::learnt(milliseconds lag) {
  require(lag >= learnt_, "I9", "a posting lag is forgotten");
  grows_ = lag > learnt_;
  require(lag <= bound_of(options_.lag), "I9", "a posting lag is absurd");
  learnt_ = lag;
}

void account_auditor::restarted(size_t entries, milliseconds lag) {
  require(entries <= log_.size(), "I7", "more survived than was ever written");
  auto log = std::move(log_);
  log.resize(entries);
  log_.clear();
  funded_ = false;
  balance_ = held_ = reading_ = in_window_ = since_ = {};
  read_at_ = read_wall_ = {};
  learnt_ = lag;
  grows_ = false;
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
    left = std::min(left, reading_ - charged_after(read_at_ - read_lag_));
  return left - held_;
}

bool account_auditor::is_stale() const {
  return options_.stale_after.count() > 0 && read_wall_.millis != 0
         && now_ + ahead_ > read_wall_ + options_.stale_after;
}

/// So many per cent of what is left, to the next nanodollar above.
money account_auditor::kept_back() const {
  const auto left = available() + held_;
  if (!is_stale() || left <= money{})
    return {};
  __extension__ using wide = __int128;
  return money{static_cast<int64_t>(
    (static_cast<wide>(left.nanos) * options_.stale_percent + 99) / 100)};
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
      read_wall_ = e.at;
      read_lag_ = x.lag;
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
    case entry_kind::suspect:
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
  if (doubts(x.kind)) {
    it.in_doubt = true;
    it.unlikely = x.kind == entry_kind::suspect;
    it.until = x.until;
    it.presumed = x.presumed;
    held_ -= it.amount - x.amount;
    it.amount = x.amount;
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
  const auto from = asked_at - lag();
  const auto slack = slack_of(lag());
  money result;
  if (run_began_ > from - slack)
    return in_window_ + since_; // An earlier run's; all of it may count.
  for (auto i = charges_.rbegin();
       i != charges_.rend() && i->at >= from - slack; ++i)
    result += std::max(i->amount, money{});
  return result;
}

bool account_auditor::lie_counts() const {
  return lied_at_.millis != 0 && read_at_ <= lied_at_;
}

} // namespace rota::simulation
