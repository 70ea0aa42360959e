// What durable commits cost: CPU per call (one commit that holds, one that
// settles with a result of 1 KB), memory after many of them, and how long a
// start takes. Usage: store_bench [calls] [accounts] [group] [directory]

#include "actors/domain/ledger.hpp"
#include "runtime/storage/store.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

namespace {

using namespace rota;

double cpu_of(clockid_t id) {
  timespec x{};
  clock_gettime(id, &x);
  return static_cast<double>(x.tv_sec) * 1e6
         + static_cast<double>(x.tv_nsec) / 1e3;
}

double rss_mb(const char* key) {
  std::ifstream in{"/proc/self/status"};
  std::string word;
  double kb = 0;
  while (in >> word)
    if (word == key)
      in >> kb;
  return kb / 1024;
}

double seconds_since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t)
    .count();
}

/// As compressible as JSON is.
std::string body_of(std::mt19937_64& draw) {
  std::string x = "{\"id\":\"chatcmpl-";
  while (x.size() < 1'000)
    x += std::to_string(draw() % 1'000'000) + ",\"content\":\"words \" ";
  return x + "}";
}

struct bench {
  std::string dir;
  uint64_t calls, accounts, group;
  std::vector<ledger> books;
  std::mt19937_64 draw{1};
  timestamp now{1'795'000'000'000};

  std::unique_ptr<store> open() {
    auto x = store::open(dir, {}, [](const std::string& why) {
      std::fprintf(stderr, "%s\n", why.c_str());
      std::exit(1);
    });
    if (!x.disk) {
      std::fprintf(stderr, "%s\n", x.fault.c_str());
      std::exit(1);
    }
    return std::move(x.disk);
  }

  void write(store& disk, const std::vector<commit_ptr>& xs) {
    if (const auto fault = disk.write(xs); !fault.empty()) {
      std::fprintf(stderr, "%s\n", fault.c_str());
      std::exit(1);
    }
  }

  commit_ptr hold(uint64_t call) {
    auto& mine = books[call % accounts];
    if (mine.hold({{{1}, call}, 0x101}, {1'500}, {},
                  now + milliseconds{720'000}, now)
        != ec::ok)
      std::abort();
    auto x = std::make_shared<commit>();
    x->entries = mine.take_entries();
    return x;
  }

  commit_ptr settle(uint64_t call) {
    auto& mine = books[call % accounts];
    if (mine.settle({{{1}, call}, 0x101}, {1'299}, now) != ec::ok)
      std::abort();
    auto x = std::make_shared<commit>();
    x->entries = mine.take_entries();
    auto result = std::make_shared<item_result>();
    result->id = {{1}, call};
    result->custom_id = "line-" + std::to_string(call);
    result->account = "account";
    result->model = "claude-haiku";
    result->body = body_of(draw);
    result->at = now;
    x->result = std::move(result);
    return x;
  }

  void run() {
    auto disk = open();
    std::vector<commit_ptr> xs;
    for (uint64_t i = 0; i < accounts; ++i) {
      const auto name = "account-" + std::to_string(i);
      books.emplace_back(disk->id_of(name), name, ledger_rules{});
      std::ignore = books.back().open({1'000'000'000'000}, now);
      xs.push_back(std::make_shared<commit>());
      auto first = std::make_shared<commit>();
      first->entries = books.back().take_entries();
      xs.back() = first;
    }
    write(*disk, xs);
    const auto began = std::chrono::steady_clock::now();
    const auto cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
    double making = 0;
    double writing = 0;
    uint64_t groups = 0;
    // Half of a group holds, half of it settles what was held before.
    for (uint64_t call = 0; call < calls;) {
      const auto t = cpu_of(CLOCK_THREAD_CPUTIME_ID);
      xs.clear();
      const auto first = call;
      for (uint64_t i = 0; i < group / 2 && call < calls; ++i)
        xs.push_back(hold(call++));
      if (first > 0)
        for (auto i = first - std::min(first, group / 2); i < first; ++i)
          xs.push_back(settle(i));
      now = now + milliseconds{1};
      const auto u = cpu_of(CLOCK_THREAD_CPUTIME_ID);
      write(*disk, xs);
      making += u - t;
      writing += cpu_of(CLOCK_THREAD_CPUTIME_ID) - u;
      ++groups;
    }
    const auto n = static_cast<double>(calls);
    const auto all = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - cpu - making;
    const auto took = seconds_since(began);
    std::printf("%.0f calls, %lu accounts, groups of %lu: %.2f s, %.0f calls/s,"
                " %.2f us CPU a call (writer %.2f, background %.2f), made in"
                " %.2f us\n",
                n, accounts, group, took, n / took, all / n, writing / n,
                (all - writing) / n, making / n);
    std::printf("memory: %.1f MB now, %.1f MB at most\n", rss_mb("VmRSS:"),
                rss_mb("VmHWM:"));
  }

  void start() {
    const auto began = std::chrono::steady_clock::now();
    const auto disk = open();
    const auto opened = seconds_since(began);
    batch_row row;
    row.id = {1};
    const auto resume = disk->resume_of(row);
    const auto resumed = seconds_since(began) - opened;
    std::printf("start: %.0f ms with %zu heads; %.0f ms for %zu results of a"
                " batch\n",
                opened * 1e3, disk->heads().size(), resumed * 1e3,
                resume.ended.size());
    uint64_t bytes = 0;
    if (!disk->for_each_result({1}, 0, [&bytes](const item_result& x) {
          bytes += x.body.size();
          return true;
        }))
      throw std::runtime_error{"a result is damaged"};
    std::printf("all results: %.0f ms, %.0f MB\n",
                (seconds_since(began) - opened - resumed) * 1e3,
                static_cast<double>(bytes) / 1e6);
    std::printf("memory: %.1f MB now, %.1f MB at most\n", rss_mb("VmRSS:"),
                rss_mb("VmHWM:"));
  }
};

} // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, uint64_t otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  bench x;
  x.calls = argument(1, 100'000);
  x.accounts = argument(2, 10);
  x.group = argument(3, 64);
  x.dir = argc > 4 ? argv[4] : "/tmp/rota-store-bench";
  if (x.calls == 0)
    return x.start(), 0;
  std::filesystem::remove_all(x.dir);
  x.run();
}
