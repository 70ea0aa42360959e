#include "tools/sim/books.hpp"

#include <openssl/sha.h>

#include <algorithm>

namespace rota::sim {

void account_books::charge(nanos amount, microseconds now) {
  charged_ += amount;
  if (lag_.count() == 0)
    return;
  unposted_sum_ += amount;
  unposted_.push_back({now, amount});
  reported(now); // Drops what is posted, so that nobody needs to ask.
}

void account_books::top_up(nanos amount) {
  topped_up_ += amount;
}

nanos account_books::reported(microseconds now) {
  while (!unposted_.empty() && unposted_.front().at + lag_ <= now) {
    unposted_sum_ -= unposted_.front().amount;
    unposted_.pop_front();
  }
  return balance() + unposted_sum_;
}

call_record& call_log::add() {
  const auto slot = total_++ % capacity_;
  if (slot == ring_.size())
    ring_.emplace_back();
  auto& result = ring_[slot];
  result.number = total_;
  return result;
}

std::vector<const call_record*> call_log::last(size_t n) const {
  n = std::min(n, ring_.size());
  std::vector<const call_record*> result;
  result.reserve(n);
  for (auto i = total_ - n; i < total_; ++i)
    result.push_back(&ring_[i % capacity_]);
  return result;
}

void execution_counter::count(uint64_t body_hash) {
  if (counts_.size() < capacity_) {
    ++counts_[body_hash];
    return;
  }
  const auto i = counts_.find(body_hash);
  if (i != counts_.end())
    ++i->second;
  else
    ++uncounted_;
}

uint64_t hash_of(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest);
  uint64_t result = 0;
  for (int i = 0; i < 8; ++i)
    result = result << 8 | digest[i];
  return result;
}

std::string hex(uint64_t x) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string result(16, '0');
  for (int i = 15; i >= 0; --i, x >>= 4)
    result[static_cast<size_t>(i)] = digits[x & 15];
  return result;
}

} // namespace rota::sim
