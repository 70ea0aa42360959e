#pragma once

#include "tools/sim/options.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rota::sim {

/// One account's true books. balance = initial + topped up - charged, always.
class account_books {
public:
  account_books() = default;
  account_books(nanos initial, microseconds posting_lag)
      : initial_{initial}, lag_{posting_lag} {
    // nop
  }

  void charge(nanos amount, microseconds now);
  void top_up(nanos amount);

  nanos initial() const {
    return initial_;
  }

  nanos charged() const {
    return charged_;
  }

  nanos topped_up() const {
    return topped_up_;
  }

  nanos balance() const {
    return initial_ + topped_up_ - charged_;
  }

  /// @returns The balance as probes see it: without charges younger than the
  /// posting lag.
  nanos reported(microseconds now);

  uint64_t calls = 0;         ///< That reached the account.
  uint64_t charged_calls = 0; ///< That were charged, even if they failed.
  uint64_t failed_calls = 0;  ///< That the script made fail.
  uint64_t refused_calls = 0; ///< That were refused: money, model, bad body.

private:
  struct entry {
    microseconds at;
    nanos amount;
  };

  nanos initial_ = 0;
  nanos charged_ = 0;
  nanos topped_up_ = 0;
  nanos unposted_sum_ = 0;
  std::deque<entry> unposted_;
  microseconds lag_{0};
};

/// One call as /sim/calls shows it.
struct call_record {
  uint64_t number = 0;
  microseconds at{0};
  std::string account;
  std::string path;
  std::string model;
  int status = 0;
  bool charged = false;
  nanos charge = 0;
  std::string marker;
  std::string action;
  uint64_t body_hash = 0;
};

/// The last calls, in bounded memory.
class call_log {
public:
  explicit call_log(size_t capacity) : capacity_{capacity} {
    // nop
  }

  /// @returns The record to fill in; it may hold the texts of an old one.
  call_record& add();

  /// @returns The last `n` calls, the oldest first.
  std::vector<const call_record*> last(size_t n) const;

  uint64_t total() const {
    return total_;
  }

private:
  size_t capacity_;
  uint64_t total_ = 0;
  std::vector<call_record> ring_;
};

/// How often each distinct request was charged, in bounded memory.
class execution_counter {
public:
  explicit execution_counter(size_t capacity) : capacity_{capacity} {
    // nop
  }

  void count(uint64_t body_hash);

  const std::unordered_map<uint64_t, uint32_t>& all() const {
    return counts_;
  }

  /// @returns Executions of requests beyond the capacity.
  uint64_t uncounted() const {
    return uncounted_;
  }

private:
  size_t capacity_;
  uint64_t uncounted_ = 0;
  std::unordered_map<uint64_t, uint32_t> counts_;
};

/// @returns The first 64 bits of the SHA-256 of a text.
uint64_t hash_of(std::string_view text);

/// @returns 16 hexadecimal digits.
std::string hex(uint64_t x);

} // namespace rota::sim
