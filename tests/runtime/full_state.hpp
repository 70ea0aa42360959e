#pragma once

#include "actors/domain/ledger.hpp"
#include "runtime/storage/check.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

namespace rota {

/// What was acknowledged: whoever opens the store later must find all of it.
struct promised {
  std::vector<account_head> heads;
  uint64_t results = 0;
  std::vector<batch_row> batches;
};

/// A state directory as a daemon leaves it: two accounts, two batches, one part
/// in table files and one in the log.
class full_state {
public:
  static constexpr uint64_t lines = 60;

  explicit full_state(const std::string& dir) : dir_{dir} {
    reopen();
    accept({1});
    for (uint64_t item = 0; item < lines; ++item)
      run({1}, item);
    finish({1});
    reopen(); // Which makes tables of the log.
    accept({2});
    for (uint64_t item = 0; item < lines / 2; ++item)
      run({2}, item);
    leave_holds();
    promise_.heads = disk_->heads();
    std::sort(promise_.heads.begin(), promise_.heads.end(),
              [](const auto& x, const auto& y) {
                return x.account < y.account;
              });
    promise_.batches = disk_->batches();
    disk_.reset();
  }

  const promised& promise() const {
    return promise_;
  }

  static check_target target_in(const std::string& dir) {
    return {dir + "/store", dir + "/batches"};
  }

  /// One that is made once a process; copy it.
  static const full_state& image() {
    static const temp_dir dir;
    static const full_state result{dir.path().string()};
    return result;
  }

  const std::string& dir() const {
    return dir_;
  }

private:
  void reopen() {
    disk_.reset();
    auto opened = store::open(dir_ + "/store", {}, [](const auto&) {});
    REQUIRE(opened.fault == "");
    disk_ = std::move(opened.disk);
    books_.clear();
    for (const auto* name : {"north-1", "south-2"}) {
      const auto id = disk_->id_of(name);
      auto head = disk_->head_of(id);
      head.name = name;
      books_.emplace_back(head, ledger_rules{});
      std::ignore = books_.back().open({5'000'000'000}, now_);
    }
  }

  void accept(batch_id wanted) {
    REQUIRE(disk_->next_batch_id() == wanted);
    spool_files files{dir_ + "/batches"};
    const auto upload = files.begin(1 << 20);
    for (uint64_t i = 0; i < lines; ++i)
      upload->write("{\"custom_id\":\"" + std::to_string(i) + "\"}\n");
    upload->write("no line\n");
    REQUIRE(upload->finish() == "");
    REQUIRE(files.seal(*upload, wanted, {lines + 1}, 1 << 20) == "");
    row_ = {};
    row_.id = wanted;
    row_.total = lines;
    row_.created_at = now_;
    auto x = std::make_shared<commit>();
    x->batch = row_;
    write(x);
  }

  /// A call from hold to result; every third one overruns.
  void run(batch_id batch, uint64_t item) {
    now_ = now_ + milliseconds{17};
    auto& books = books_[item % books_.size()];
    const hold_id hold{{batch, item}, disk_->run() << 8};
    REQUIRE(books.hold(hold, {1'500}, {}, now_ + milliseconds{720'000}, now_)
            == ec::ok);
    write(std::make_shared<commit>(
      *store_fixture::booking(books.take_entries())));
    const money cost{static_cast<int64_t>(item)
                     + (item % 3 == 0 ? 1'600 : 1'200)};
    REQUIRE(books.settle(hold, cost, now_) == ec::ok);
    auto x = std::make_shared<commit>();
    auto result = std::make_shared<item_result>();
    result->id = hold.job;
    result->line = item + 1;
    result->custom_id = std::to_string(item);
    result->body = "{\"answer\":\"" + std::string(300, 'a') + "\"}";
    result->cost = cost;
    result->at = now_;
    x->result = result;
    x->entries = books.take_entries();
    write(x);
    ++promise_.results;
    ++row_.ended.succeeded;
    row_.ended.spent += cost;
    ++row_.cursor;
    if (item % 10 == 9) {
      auto state = std::make_shared<commit>();
      state->batch = row_;
      write(state);
    }
  }

  void finish(batch_id) {
    row_.state = batch_state::completed;
    row_.ended_at = now_;
    auto x = std::make_shared<commit>();
    x->batch = row_;
    write(x);
  }

  /// Calls under way, one of them in doubt, and an account's state.
  void leave_holds() {
    auto& books = books_.front();
    for (uint64_t item = lines - 3; item < lines; ++item)
      REQUIRE(books.hold({{{2}, item}, disk_->run() << 8}, {2'000}, {},
                         now_ + milliseconds{720'000}, now_)
              == ec::ok);
    std::ignore = books.doubt({{{2}, lines - 1}, disk_->run() << 8},
                              now_ + milliseconds{3'600'000}, now_);
    const hold_id asked{{{}, 7, disk_->client_of("alice").client},
                        disk_->run() << 8};
    REQUIRE(books.hold(asked, {3'000}, {}, now_ + milliseconds{720'000}, now_)
            == ec::ok);
    std::ignore = books.settle(asked, {2'500}, now_);
    std::ignore = books.reading({4'999'900'000}, books.cut(now_), now_);
    auto x = std::make_shared<commit>();
    x->entries = books.take_entries();
    x->account = account_row{};
    x->account->account = books.head().account;
    x->account->admin = admin_state::drain;
    write(x);
  }

  void write(const commit_ptr& x) {
    REQUIRE(disk_->write({x}) == "");
  }

  std::string dir_;
  std::unique_ptr<store> disk_;
  std::vector<ledger> books_;
  batch_row row_;
  timestamp now_{1'795'000'000'000};
  promised promise_;
};

} // namespace rota
