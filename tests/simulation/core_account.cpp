#include "tests/simulation/core_account.hpp"

#include "actors/domain/pricing.hpp"
#include "tests/simulation/black_box.hpp"

#include <tuple>

namespace rota::simulation {

namespace {

health_options health_of() {
  health_options x;
  x.eject_after = 3;
  x.eject_max = milliseconds{60'000};
  x.cooldown_max = milliseconds{60'000};
  return x;
}

} // namespace

core_account::core_account(account_id id, const swarm& world,
                           const provider_books& truth)
  : id_{id},
    world_{world},
    auditor_{id, truth,
             {world.floor, world.lag, world.quantum, world.stale_after,
              world.stale_percent, world.stale_stops}},
    gate_{fresh_gate()} {
  // nop
}

void core_account::clock(timestamp now, milliseconds ahead) {
  now_ = now;
  ahead_ = ahead;
  auditor_.clock(now, ahead);
}

gate_auditor core_account::fresh_gate() const {
  return {health_of(), world_.max_in_flight, world_.requests_per_minute};
}

ledger_rules core_account::rules() const {
  ledger_rules x{world_.lag, world_.quantum,
                 world_.total_timeout + world_.hold_margin};
  x.stale_after = world_.stale_after;
  x.stale_haircut_percent = static_cast<uint32_t>(world_.stale_percent);
  x.stale_stops = world_.stale_stops;
  return x;
}

core_commit core_account::begin(const account_head& head,
                                const core_row* stored, size_t entries) {
  const auto row = stored != nullptr ? stored->row : account_row{};
  auditor_.restarted(entries, row.posting_lag);
  gate_ = stored != nullptr ? stored->gate : fresh_gate();
  gate_.restarted();
  if (head.seq > 0)
    books_.emplace(head, rules(), std::vector<past_hold>{}, row.posting_lag);
  else
    books_.emplace(id_, "a", rules());
  stored_lag_ = books_->lag().learnt();
  watch_.emplace(books_->lag().value(), world_.quantum, wall(), row);
  stored_watch_ = watch_->revision();
  if (stored != nullptr)
    condition_.emplace(health_of(), stored->row);
  else
    condition_.emplace(health_of());
  stored_revision_ = condition_->revision();
  serials_.clear();
  limits_.emplace(limiter_options{world_.max_in_flight,
                                  world_.requests_per_minute, 0});
  books_->doubt_all(wall() + world_.doubt_grace, wall());
  if (!books_->head().funded)
    std::ignore = books_->open(world_.balance, wall());
  require(books_->live() == 0, "I2", "a hold of a dead run is under way");
  return commit();
}

bool core_account::hold(const hold_id& id, money amount, int64_t tokens,
                        core_commit& out, bool early) {
  const auto t = wall();
  const auto expiry = t + world_.total_timeout + world_.hold_margin;
  auto code = condition_->exhausted() ? ec::insufficient_funds : ec::ok;
  if (code == ec::ok)
    code = condition_->check("m", limits_->limit(), t, early);
  if (code == ec::ok)
    code = limits_->check(tokens, t);
  amount = scale_up(amount, watch_->prices().price_factor());
  const auto known = auditor_.find(id) != nullptr;
  if (code == ec::ok)
    code = books_->hold(id, amount, world_.floor, expiry, t);
  if (code == ec::ok) {
    limits_->acquire(tokens, t);
    serials_[id] = condition_->begin("m", expiry, t);
  }
  out = commit();
  require(!known || out.entries.empty(), "I5", "a hold was made twice");
  require((code == ec::ok) == !out.entries.empty(), "I1",
          "the answer and the entries disagree");
  if (code == ec::ok)
    gate_.used({id, auditor_.live(), expiry, early}, t);
  return code == ec::ok;
}

core_commit core_account::settle(const booking& told, const verdict& judged,
                                 double jitter) {
  const auto t = wall();
  const auto was_live = books_->is_live(told.hold);
  const auto* known = auditor_.find(told.hold);
  agree(was_live, known != nullptr && known->open && !known->in_doubt, "I2",
        "whether an attempt is under way");
  switch (told.what) {
    case booking::verb::settle:
      std::ignore = books_->settle(told.hold, told.cost, t);
      break;
    case booking::verb::release:
      std::ignore = books_->release(told.hold, t);
      break;
    case booking::verb::doubt:
      std::ignore = books_->doubt(told.hold, t + world_.doubt_grace, t,
                                  told.seen.value_or(ledger::unseen));
      break;
    case booking::verb::suspect:
      std::ignore = books_->suspect(told.hold, t + books_->lag().value(), t);
      break;
  }
  if (was_live) {
    limits_->release();
    if (judged.cls == failure_class::none)
      limits_->on_success();
    else if (judged.cls == failure_class::rate_limited)
      limits_->on_throttle();
    else if (told.what == booking::verb::doubt)
      limits_->on_timeout();
    attempt_report report;
    report.judged = judged;
    report.serial = serials_[told.hold];
    report.model = std::string{"m"};
    report.first_byte = milliseconds{50};
    condition_->on_attempt(report, t, jitter);
    gate_.told(told.hold, judged, t);
  }
  return commit(&told);
}

core_commit core_account::reading(money figure, reading_cut asked) {
  std::ignore = books_->reading(figure, asked, wall());
  if (condition_->exhausted() && figure > world_.floor) {
    condition_->refunded();
    gate_.refunded();
    require(!condition_->exhausted(), "gate",
            "an account stays exhausted that has money");
  }
  return commit();
}

core_commit core_account::adjust(money x) {
  books_->adjust(x, wall());
  if (condition_->exhausted() && x > money{}) {
    condition_->refunded();
    gate_.refunded();
    require(!condition_->exhausted(), "gate",
            "an account stays exhausted that has money");
  }
  return commit();
}

core_commit core_account::reset() {
  condition_->reset();
  gate_.reset();
  return commit();
}

core_commit core_account::tick() {
  const auto live = books_->live();
  books_->expire(wall());
  for (auto ended = live - books_->live(); ended > 0; --ended)
    limits_->release();
  const auto next = books_->next_expiry();
  require(next.millis == 0 || next > wall(), "I4", "an overdue hold stays");
  return commit();
}

timestamp core_account::next_tick() {
  const auto next = books_->next_expiry();
  return next.millis == 0 ? next : next - ahead_;
}

void core_account::at_rest() const {
  agree(limits_->in_flight(), 0, "I2", "places taken by nobody");
  require(limits_->limit() >= 1, "liveness", "no request fits the window");
  auditor_.at_rest();
}

core_commit core_account::commit(const booking* told) {
  core_commit result{id_, books_->take_entries(), std::nullopt};
  auditor_.learnt(books_->lag().learnt());
  if (told != nullptr)
    auditor_.appended(result.entries, *told);
  else
    auditor_.appended(result.entries);
  watch_->rules(books_->lag().value(), world_.quantum);
  watch_->see(result.entries, wall());
  if (condition_->revision() != stored_revision_
      || watch_->revision() != stored_watch_
      || books_->lag().learnt() != stored_lag_) {
    stored_revision_ = condition_->revision();
    stored_watch_ = watch_->revision();
    result.row.emplace(core_row{{}, gate_});
    result.row->row.account = id_;
    condition_->store(result.row->row);
    watch_->prices().store(result.row->row);
    result.row->row.posting_lag = stored_lag_ = books_->lag().learnt();
  }
  agree(books_->head().balance.nanos, auditor_.balance().nanos, "I1",
        "the balance in memory");
  agree(books_->head().held.nanos, auditor_.held().nanos, "I2",
        "what is held in memory");
  agree(static_cast<int64_t>(books_->live()),
        static_cast<int64_t>(auditor_.live()), "I2", "attempts under way");
  agree(limits_->in_flight(), static_cast<int64_t>(auditor_.live()), "I2",
        "places taken");
  require(books_->available() <= auditor_.available(), "I3",
          "more is said to be available than is");
  return result;
}

} // namespace rota::simulation
