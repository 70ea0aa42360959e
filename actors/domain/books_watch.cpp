#include "actors/domain/books_watch.hpp"

namespace rota {

namespace {

constexpr milliseconds hour{3'600'000};

window_sum within_hour(window_sum x, timestamp now) {
  x.expire(now);
  return x;
}

} // namespace

books_watch::books_watch(milliseconds posting_lag, money quantum,
                         timestamp began, const account_row& x)
  : quantum_{quantum},
    prices_{posting_lag, began, x},
    overruns_{hour},
    lates_{hour},
    unexplained_{hour} {
  // nop
}

void books_watch::rules(milliseconds posting_lag, money quantum) {
  quantum_ = quantum;
  prices_.lag(posting_lag);
}

void books_watch::see(std::span<const ledger_entry> entries, timestamp now) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& x = entries[i];
    if (x.kind != entry_kind::adjust)
      see(x, now);
    else if (i + 1 == entries.size()
             || entries[i + 1].kind != entry_kind::reading)
      prices_.restart(); // Whether that money moved, only its operator knows.
    else if (x.amount < money{})
      unexplained_.add(1, -x.amount, now);
  }
}

void books_watch::see(const ledger_entry& x, timestamp now) {
  switch (x.kind) {
    case entry_kind::overrun:
      overruns_.add(1, {}, now);
      charged(-x.amount, now);
      break;
    case entry_kind::late:
      lates_.add(1, {}, now);
      charged(-x.amount, now);
      break;
    case entry_kind::settle:
      charged(-x.amount, now);
      break;
    case entry_kind::doubt:
    case entry_kind::suspect:
    case entry_kind::assume:
    case entry_kind::correct:
      prices_.unsure(x.amount);
      break;
    case entry_kind::open:
    case entry_kind::topup:
      prices_.restart();
      break;
    case entry_kind::reading:
      revision_ += prices_.reading(x.amount, x.at, quantum_);
      break;
    default:
      break;
  }
}

void books_watch::charged(money cost, timestamp now) {
  prices_.charged(cost, now, model_);
  if (guessed_)
    prices_.unsure(cost);
}

void books_watch::describe(account_view& to, timestamp now) const {
  to.overruns_per_hour = within_hour(overruns_, now).calls();
  to.lates_per_hour = within_hour(lates_, now).calls();
  to.unexplained_per_hour = within_hour(unexplained_, now).spent();
  to.price_factor = prices_.price_factor();
  to.price_off = prices_.is_off();
  to.prices_off = prices_.models_off();
}

} // namespace rota
