// The journal: groups, acknowledgements, and what happens when the disk fails.

#include "runtime/storage/journal.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/storage/high_water.hpp"
#include "tests/contract/journal_contract.hpp"
#include "tests/fakes/fake_journal.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace rota;

namespace {

constexpr auto patience = std::chrono::seconds{20};

/// Tokens that reached an actor, for whoever waits on another thread.
class token_box {
public:
  void put(uint64_t x) {
    std::lock_guard guard{mutex_};
    tokens_.push_back(x);
    changed_.notify_all();
  }

  std::vector<uint64_t> wait(size_t n) {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, patience, [&] { return tokens_.size() >= n; });
    return tokens_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<uint64_t> tokens_;
};

durable_actor::behavior_type token_sink(durable_actor::pointer,
                                        std::shared_ptr<token_box> box) {
  return {[box](atom::durable, uint64_t x) { box->put(x); }};
}

struct threaded_config : caf::actor_system_config {
  threaded_config() {
    add_message_types<caf::id_block::rota_types>();
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

/// The real journal on CAF's own scheduler, before a real store.
struct real_journal {
  store_fixture files;
  threaded_config cfg;
  std::unique_ptr<caf::actor_system> sys
    = std::make_unique<caf::actor_system>(cfg);
  std::shared_ptr<token_box> box = std::make_shared<token_box>();
  durable_actor waiting = sys->spawn(token_sink, box);
  std::unique_ptr<journal_writer> writer = std::make_unique<journal_writer>(
    *files.disk, 16, nullptr, [](const std::string&) {});
  journal_actor journal = spawn_journal(*sys, nullptr, *writer);
  std::unique_ptr<store> image;

  ~real_journal() {
    caf::anon_send_exit(journal, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(waiting, caf::exit_reason::user_shutdown);
    journal = nullptr;
    waiting = nullptr;
    sys.reset(); // Waits for both.
    writer.reset();
  }

  journal_actor aut() {
    return journal;
  }

  durable_actor sink() {
    return waiting;
  }

  std::vector<uint64_t> acks(size_t n) {
    return box->wait(n);
  }

  /// A copy of the files, while the store is open, is what a crash leaves.
  void crash() {
    const auto copy = files.dir / "image";
    std::filesystem::copy(files.path(), copy);
    std::filesystem::copy(files.path() + ".head", copy + ".head");
    auto opened = store::open(copy, {}, [](const std::string&) {});
    INFO(opened.fault);
    REQUIRE(opened.disk);
    image = std::move(opened.disk);
  }

  std::vector<ledger_entry> entries(account_id id) {
    std::vector<ledger_entry> found;
    CHECK(image->for_each_entry(
      id, [&](const ledger_entry& x) { found.push_back(x); }));
    return found;
  }

  std::optional<item_result> result(job_id id) {
    std::optional<item_result> found;
    CHECK(image->for_each_result(id.batch, id.item, [&](const item_result& x) {
      if (x.id == id)
        found = x;
      return false;
    }));
    return found;
  }

  std::optional<batch_row> batch(batch_id id) {
    return image->batch(id);
  }

  std::optional<account_row> account(account_id id) {
    return image->row_of(id);
  }

  std::optional<usage_record> record(const request_id& id) {
    return image->find_record(id);
  }
};

/// The fake one on the deterministic scheduler.
struct faked_journal {
  deterministic_system fix;
  journal_log_ptr log = std::make_shared<journal_log>();
  std::shared_ptr<token_box> box = std::make_shared<token_box>();
  durable_actor waiting = fix.sys.spawn(token_sink, box);
  journal_actor journal = fix.sys.spawn(fake_journal, log);

  ~faked_journal() {
    fix.end(journal, waiting);
  }

  journal_actor aut() {
    return journal;
  }

  durable_actor sink() {
    return waiting;
  }

  std::vector<uint64_t> acks(size_t) {
    fix.run();
    return box->wait(0);
  }

  void crash() {
    log->commits.resize(log->synced);
  }

  std::vector<ledger_entry> entries(account_id id) {
    return log->entries_of(id);
  }

  std::optional<item_result> result(job_id id) {
    const auto i = log->results.find(id);
    return i == log->results.end() ? std::nullopt
                                   : std::optional{*i->second};
  }

  std::optional<batch_row> batch(batch_id id) {
    std::optional<batch_row> found;
    for (const auto& x : log->commits)
      if (x->batch && x->batch->id == id)
        found = x->batch;
    return found;
  }

  std::optional<usage_record> record(const request_id& id) {
    for (const auto& x : log->commits)
      if (x->record && x->record->id == id)
        return *x->record;
    return std::nullopt;
  }

  std::optional<account_row> account(account_id id) {
    std::optional<account_row> found;
    for (const auto& x : log->commits)
      if (x->account && x->account->account == id)
        found = x->account;
    return found;
  }
};

} // namespace

TEST_CASE("the real journal keeps its promises", "[storage]") {
  journal_contract<real_journal>{}.check();
}

TEST_CASE("the fake journal keeps the same promises", "[storage]") {
  journal_contract<faked_journal>{}.check();
}

TEST_CASE("a fake journal loses what it was told to hold back", "[storage]") {
  faked_journal fix;
  fix.log->hold_back = true;
  auto x = std::make_shared<commit>(*store_fixture::ending({1}, 1));
  x->ack = fix.sink();
  caf::anon_send(fix.aut(), atom::append_v, commit_ptr{x});
  CHECK(fix.acks(1).empty());
  fix.crash();
  CHECK_FALSE(fix.result({{1}, 1}).has_value());
}

TEST_CASE("commits gather into groups", "[storage]") {
  store_fixture fix;
  std::mutex mutex;
  std::condition_variable changed;
  size_t posts = 0;
  auto blocked = true;
  const auto most = GENERATE(4u, 100u);
  {
    // The first post holds the writer up; the others gather meanwhile.
    journal_writer writer{*fix.disk, most,
                          [&](const std::function<void()>& f) {
                            std::unique_lock guard{mutex};
                            ++posts;
                            changed.notify_all();
                            changed.wait_for(guard, patience,
                                             [&] { return !blocked; });
                            f();
                          },
                          [](const std::string&) {}};
    writer.push(store_fixture::ending({1}, 0));
    {
      std::unique_lock guard{mutex};
      REQUIRE(changed.wait_for(guard, patience, [&] { return posts == 1; }));
    }
    for (uint64_t item = 1; item <= 20; ++item)
      writer.push(store_fixture::ending({1}, item));
    CHECK(writer.backlog() == 20);
    {
      std::lock_guard guard{mutex};
      blocked = false;
      changed.notify_all();
    }
    writer.stop(); // Writes what is queued.
    CHECK(writer.backlog() == 0);
    writer.push(store_fixture::ending({1}, 99)); // Too late.
  }
  CHECK(posts == 1 + (most == 4 ? 5 : 1));
  CHECK(fix.results({1}).size() == 21);
}

TEST_CASE("large answers end a group early", "[storage]") {
  store_fixture fix;
  size_t posts = 0;
  std::vector<commit_ptr> large;
  for (uint64_t item = 0; item < 6; ++item)
    large.push_back(
      store_fixture::ending({1}, item, std::string(3 << 20, 'x')));
  std::mutex gate;
  gate.lock();
  journal_writer writer{*fix.disk, 100,
                        [&](const std::function<void()>& f) {
                          std::lock_guard guard{gate};
                          ++posts;
                          f();
                        },
                        [](const std::string&) {}};
  writer.push(store_fixture::ending({2}, 0));
  for (const auto& x : large)
    writer.push(x);
  gate.unlock();
  writer.stop();
  CHECK(posts >= 3); // Two of them in one at most.
  CHECK(fix.results({1}).size() == 6);
}

TEST_CASE("a store that fails acknowledges nothing more", "[storage]") {
  store_fixture fix;
  std::vector<std::string> faults;
  size_t posts = 0;
  ledger_entry wrong;
  wrong.account = {1};
  wrong.seq = 2; // The books have not begun.
  wrong.kind = entry_kind::adjust;
  {
    journal_writer writer{*fix.disk, 1,
                          [&](const std::function<void()>&) { ++posts; },
                          [&](const std::string& x) { faults.push_back(x); }};
    writer.push(store_fixture::ending({1}, 0));
    writer.push(store_fixture::booking({wrong}));
    writer.push(store_fixture::ending({1}, 1));
    writer.stop();
  }
  CHECK(posts == 1);
  REQUIRE(faults.size() == 1);
  CHECK_THAT(faults[0], ContainsSubstring("do not add up"));
  CHECK(fix.failures == faults);
  REQUIRE(fix.open() == "");
  CHECK(fix.results({1}).size() == 1);
}

TEST_CASE("in process durability the writer syncs by itself", "[storage]") {
  store_fixture fix;
  fix.options.durability = store_durability::process;
  REQUIRE(fix.open() == "");
  const auto before = read_high_water(fix.path() + ".head").mark.value();
  std::mutex mutex;
  std::condition_variable changed;
  size_t posts = 0;
  journal_writer writer{*fix.disk, 16,
                        [&](const std::function<void()>&) {
                          std::lock_guard guard{mutex};
                          ++posts;
                          changed.notify_all();
                        },
                        [](const std::string&) {}};
  writer.push(store_fixture::ending({1}, 0));
  {
    std::unique_lock guard{mutex};
    REQUIRE(changed.wait_for(guard, patience, [&] { return posts == 1; }));
  }
  // Nothing more is written, and yet its mark, which only speaks of what is
  // synced, goes on.
  wait_until("the writer tends the store", [&] {
    return read_high_water(fix.path() + ".head").mark->writes > before.writes;
  });
}

TEST_CASE("a write in process durability is not synced at once", "[storage]") {
  store_fixture fix;
  fix.options.durability
    = GENERATE(store_durability::power, store_durability::process);
  const auto power = fix.options.durability == store_durability::power;
  REQUIRE(fix.open() == "");
  const auto began = std::chrono::steady_clock::now();
  REQUIRE(fix.disk->write({store_fixture::ending({1}, 0)}) == "");
  const auto due = fix.disk->due();
  REQUIRE(due);
  // Half of the 100 ms is for the disk; the high-water file has a second.
  const auto at = std::chrono::steady_clock::now();
  CHECK((*due <= at + std::chrono::milliseconds{50}) == !power);
  CHECK(*due >= began);
}

TEST_CASE("what nobody waits for comes with what somebody does", "[storage]") {
  constexpr size_t rounds = 50;
  real_journal fix; // For somebody who waits.
  store_fixture files;
  files.options.durability = store_durability::process;
  REQUIRE(files.open() == "");
  std::atomic<size_t> wakes = 0;
  {
    journal_writer writer{*files.disk,
                          16,
                          nullptr,
                          [](const std::string&) {},
                          nullptr,
                          [&](const std::function<void()>& f) {
                            ++wakes;
                            f();
                          }};
    for (uint64_t i = 0; i < rounds; ++i) {
      auto x = std::make_shared<commit>(*store_fixture::ending({1}, 2 * i));
      x->ack = fix.sink();
      x->token = i;
      writer.push(x);
      REQUIRE(fix.acks(i + 1).size() == i + 1);
      // The thread will sync the first one soon.
      writer.push(store_fixture::ending({1}, 2 * i + 1));
    }
    wait_until("the last one is written though nobody follows",
               [&] { return writer.backlog() == 0; });
  }
  // A machine may be slower than the sync is soon, now and then.
  CHECK(wakes >= rounds);
  CHECK(wakes < 2 * rounds);
  CHECK(files.results({1}).size() == 2 * rounds);
}
