// The ledger's own cost: entries per second of the rules alone, of the chain,
// and down to the disk with one account and with many; bytes that a call takes
// in the ledger; and how long a start takes with a million entries.
// Usage: ledger_bench [entries] [directory]

#include "actors/domain/ledger.hpp"
#include "actors/domain/ledger_fold.hpp"
#include "runtime/storage/chain.hpp"
#include "runtime/storage/codec.hpp"
#include "runtime/storage/store.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace {

using namespace rota;

constexpr timestamp start{1'795'000'000'000};
constexpr uint64_t group = 64; // Entries that are synced together.

/// User and system time of the process in microseconds.
double cpu_us() {
  timespec x{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &x);
  return static_cast<double>(x.tv_sec) * 1e6
         + static_cast<double>(x.tv_nsec) / 1e3;
}

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "ledger_bench: %s\n", why.c_str());
  std::exit(1);
}

void say(const char* what, uint64_t entries, double cpu, double seconds) {
  const auto n = static_cast<double>(entries);
  std::printf("%-44s %8.0f ns CPU an entry %10.0f entries/s\n", what,
              cpu * 1e3 / n, n / seconds);
  std::fflush(stdout);
}

template <class F>
void measure(const char* what, uint64_t entries, F f) {
  const auto begin = std::chrono::steady_clock::now();
  const auto cpu = cpu_us();
  f();
  const std::chrono::duration<double> took
    = std::chrono::steady_clock::now() - begin;
  say(what, entries, cpu_us() - cpu, took.count());
}

/// A hold and its settlement.
void call(ledger& books, uint64_t n) {
  const auto t = start + milliseconds{static_cast<int64_t>(n / 100)};
  const hold_id id{{{1}, n}, 0x101};
  if (books.hold(id, {1'500}, {}, t + milliseconds{720'000}, t) != ec::ok
      || books.settle(id, {1'299}, t) != ec::ok)
    stop("the ledger refused");
}

ledger opened(account_id x) {
  ledger books{x, "account-" + std::to_string(x.value), {}};
  if (books.open({1'000'000'000'000}, start) != ec::ok)
    stop("the ledger refused");
  return books;
}

void rules(uint64_t entries) {
  auto books = opened({1});
  std::vector<ledger_entry> all;
  measure("rules: hold and settle, one account", entries, [&] {
    for (uint64_t n = 0; n < entries / 2; ++n)
      call(books, n);
    all = books.take_entries();
  });
  measure("chain: digest of each entry", all.size(), [&] {
    entry_chain links;
    chain_digest end{};
    for (auto& x : all)
      end = x.chain = links.next(end, x);
  });
  std::string bytes;
  measure("record: encoded, with CRC", all.size(), [&] {
    for (size_t i = 0; i < all.size(); i += group) {
      const std::vector<ledger_entry> some(
        all.begin() + static_cast<ptrdiff_t>(i),
        all.begin() + static_cast<ptrdiff_t>(std::min(i + group, all.size())));
      encode(bytes, some);
    }
  });
  std::printf("%-44s %8.0f bytes a call (hold and settle)\n", "ledger on disk",
              static_cast<double>(bytes.size())
                / static_cast<double>(entries / 2));
  measure("fold: books from entries", all.size(), [&] {
    account_head head;
    head.account = {1};
    for (const auto& x : all)
      if (!fold(head, x))
        stop("the books do not add up");
  });
}

std::unique_ptr<store> open(const std::string& dir) {
  auto x = store::open(dir, {}, [](const std::string& why) { stop(why); });
  if (!x.disk)
    stop(x.fault);
  return std::move(x.disk);
}

/// Removes a store and its high-water file, without which it would be missed.
void remove(const std::string& dir) {
  std::filesystem::remove_all(dir);
  std::filesystem::remove(dir + ".head");
}

void disk(uint64_t entries, uint64_t accounts, const std::string& dir) {
  remove(dir);
  auto to = open(dir);
  std::vector<ledger> books;
  for (uint64_t i = 0; i < accounts; ++i)
    books.push_back(opened(to->id_of("account-" + std::to_string(i))));
  const auto what = "store: groups of " + std::to_string(group) + ", synced, "
                    + std::to_string(accounts)
                    + (accounts == 1 ? " account" : " accounts");
  measure(what.c_str(), entries, [&] {
    std::vector<commit_ptr> xs;
    for (uint64_t n = 0; n < entries / 2; ++n) {
      auto& mine = books[n % accounts];
      call(mine, n);
      auto x = std::make_shared<commit>();
      x->entries = mine.take_entries();
      xs.push_back(std::move(x));
      if (xs.size() == group / 2 || n + 1 == entries / 2) {
        if (const auto fault = to->write(xs); !fault.empty())
          stop(fault);
        xs.clear();
      }
    }
  });
}

void restart(const std::string& dir) {
  for (const auto turn : {"first", "second"}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto to = open(dir);
    const std::chrono::duration<double> took
      = std::chrono::steady_clock::now() - begin;
    uint64_t entries = 0;
    for (const auto& x : to->heads())
      entries += x.seq;
    std::printf("start, %s: %.0f ms with %llu entries\n", turn,
                took.count() * 1e3, static_cast<unsigned long long>(entries));
  }
}

} // namespace

int main(int argc, char** argv) {
  const uint64_t entries
    = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string dir
    = argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string()
                             + "/rota-ledger-bench";
  rules(entries);
  disk(entries, 1, dir);
  disk(entries, 100, dir);
  restart(dir);
  remove(dir);
}
