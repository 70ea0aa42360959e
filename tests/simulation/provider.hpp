#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

#include <map>
#include <vector>

namespace rota::simulation {

/// The provider's own books: what is true, whatever anybody believes. Times
/// are true ones, which no jump of a daemon's clock moves.
class provider_books {
public:
  /// Money that left an account, and when its reports begin to say so.
  struct posting {
    money amount;
    timestamp at;
    timestamp posted_at;
    bool ours = false;
    /// Whose call it was, if ours.
    hold_id hold;
  };

  void open(account_id x, money balance, money quantum) {
    accounts_[x] = {balance, quantum, {}, {}};
  }

  void charge(account_id x, const posting& y) {
    auto& it = accounts_[x];
    it.balance -= y.amount;
    it.postings.push_back(y);
    if (y.ours)
      it.calls.emplace(y.hold, y);
  }

  void top_up(account_id x, money amount) {
    accounts_[x].balance += amount;
  }

  /// What is really left.
  money truth(account_id x) const {
    return accounts_.at(x).balance;
  }

  /// What it says is left: late postings are missing, and rounded down.
  money reported(account_id x, timestamp now) const {
    const auto& it = accounts_.at(x);
    auto result = it.balance;
    for (auto i = it.postings.rbegin(); i != it.postings.rend(); ++i) {
      if (i->posted_at > now)
        result += i->amount;
      if (now - i->at > lag_most)
        break;
    }
    return result - money{result.nanos % it.quantum.nanos};
  }

  /// All that left the account, in order of time.
  const std::vector<posting>& postings(account_id x) const {
    return accounts_.at(x).postings;
  }

  /// The charge of a hold's call; null if there was none.
  const posting* call(account_id x, const hold_id& id) const {
    const auto& calls = accounts_.at(x).calls;
    const auto i = calls.find(id);
    return i != calls.end() ? &i->second : nullptr;
  }

  const std::map<hold_id, posting>& calls(account_id x) const {
    return accounts_.at(x).calls;
  }

  /// No charge shows up later than this.
  static constexpr milliseconds lag_most{600'000};

private:
  struct account {
    money balance;
    money quantum{1};
    std::vector<posting> postings;
    std::map<hold_id, posting> calls;
  };

  std::map<account_id, account> accounts_;
};

} // namespace rota::simulation
