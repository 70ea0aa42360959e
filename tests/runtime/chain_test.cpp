// The chain over an account's entries: its values are those of the description
// in chain.hpp, worked out by another program, and nothing can be changed,
// moved or left out without being seen.

#include "runtime/storage/chain.hpp"
#include "tests/runtime/storage_samples.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <set>

using namespace rota;

namespace {

std::string hex(const chain_digest& x) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const auto byte : x) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

chain_digest of(const std::vector<ledger_entry>& all) {
  entry_chain links;
  chain_digest result{};
  for (const auto& x : all)
    result = links.next(result, x);
  return result;
}

/// Three entries of one account, of before there were clients.
std::vector<ledger_entry> three() {
  auto result = sample_entries();
  result.resize(3);
  for (auto& x : result)
    x.hold.job.client = {};
  return result;
}

} // namespace

TEST_CASE("digests are SHA-256 over what came before and the entry",
          "[storage]") {
  const std::vector<std::string> known{
    "cdc21bf8da6b05808fe107c720108115",
    "1118acf65ce8416f61c3f8bce1869664",
    "032202cb5ed5df13f08979bef2841198",
  };
  entry_chain links;
  chain_digest digest{};
  const auto all = three();
  for (size_t i = 0; i < all.size(); ++i) {
    digest = links.next(digest, all[i]);
    CHECK(hex(digest) == known[i]);
  }
}

TEST_CASE("a digest covers the client of a hold", "[storage]") {
  entry_chain links;
  auto x = three()[1];
  const auto nobody = links.next({}, x);
  x.hold.job.client = {6};
  const auto one = links.next({}, x);
  x.hold.job.client = {7};
  CHECK(one != nobody);
  CHECK(one != links.next({}, x));
  x.hold.job.client = {}; // A cut is no client.
  x.cut = 6;
  CHECK(one != links.next({}, x));
}

TEST_CASE("a digest covers the cut of a reading", "[storage]") {
  entry_chain links;
  auto x = sample_entries().at(3);
  const auto with = links.next({}, x);
  x.cut += 1;
  const auto other = links.next({}, x);
  x.cut = 0; // As in entries of before there were cuts.
  const auto without = links.next({}, x);
  CHECK(with != other);
  CHECK(with != without);
  CHECK(other != without);
}

TEST_CASE("what an entry says of its own digest does not matter",
          "[storage]") {
  auto all = three();
  const auto digest = of(all);
  for (auto& x : all)
    x.chain.fill(9);
  CHECK(of(all) == digest);
}

TEST_CASE("any change, gap or exchange gives another digest", "[storage]") {
  const auto all = three();
  std::set<chain_digest> seen{of(all)};
  size_t tries = 1;
  const auto attempt = [&](std::vector<ledger_entry> x) {
    seen.insert(of(x));
    ++tries;
  };
  for (size_t i = 0; i < all.size(); ++i) {
    const auto with = [&](auto change) {
      auto x = all;
      change(x[i]);
      attempt(x);
    };
    with([](auto& x) { ++x.account.value; });
    with([](auto& x) { ++x.seq; });
    with([](auto& x) { x.kind = entry_kind::late; });
    with([](auto& x) { ++x.amount.nanos; });
    with([](auto& x) { ++x.hold.job.batch.value; });
    with([](auto& x) { ++x.hold.job.item; });
    with([](auto& x) { ++x.hold.attempt; });
    with([](auto& x) { ++x.at.millis; });
    with([](auto& x) { ++x.until.millis; });
    with([](auto& x) { ++x.in_window.nanos; });
    with([](auto& x) { ++x.balance_after.nanos; });
    with([](auto& x) { ++x.held_after.nanos; });
    with([](auto& x) { ++x.presumed.nanos; });
    auto shorter = all;
    shorter.erase(shorter.begin() + static_cast<ptrdiff_t>(i));
    attempt(shorter);
    auto moved = all;
    std::swap(moved[i], moved[(i + 1) % moved.size()]);
    attempt(moved);
  }
  CHECK(seen.size() == tries);
}
