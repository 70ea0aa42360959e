#pragma once

#include "messages/envelopes.hpp"
#include "tests/support/catch.hpp"

#include <caf/send.hpp>

namespace rota {

/// What every JOURNAL promises, a real one and a fake one alike. A fixture
/// has:
///
/// - journal_actor aut(); durable_actor sink()
/// - std::vector<uint64_t> acks(n): waits until n tokens reached sink() in all,
///   and returns all that did, in order
/// - void crash(): the process dies; what was not on disk is gone
/// - of what survived the last crash: std::vector<ledger_entry> entries(id),
///   std::optional<item_result> result(id), std::optional<batch_row> batch(id),
///   std::optional<account_row> account(id),
///   std::optional<usage_record> record(id)
template <class Fixture>
class journal_contract {
public:
  void check() {
    SECTION("what was acknowledged survives a crash") {
      for (uint64_t i = 1; i <= 100; ++i)
        append(with_entry(i), i);
      CHECK(fix.acks(100).size() == 100);
      fix.crash();
      const auto found = fix.entries({1});
      REQUIRE(found.size() == 100);
      for (uint64_t i = 0; i < 100; ++i)
        CHECK(found[i].seq == i + 1);
      CHECK(found.back().balance_after == money{100});
    }
    SECTION("tokens come in the order of the commits") {
      for (const uint64_t token : {5, 3, 9, 3})
        append(with_result(token, "x"), token);
      CHECK(fix.acks(4) == std::vector<uint64_t>{5, 3, 9, 3});
    }
    SECTION("a commit is written as a whole") {
      auto x = with_entry(1);
      x.result = with_result(7, "answer").result;
      x.batch.emplace().id = {17};
      x.batch->cursor = 7;
      x.account.emplace().account = {1};
      x.account->failures = 3;
      auto record = std::make_shared<usage_record>();
      record->id = {3, 9};
      record->model = "m";
      record->at = {4'102'444'800'000}; // Kept for long.
      x.record = std::move(record);
      append(std::move(x), 1);
      fix.acks(1);
      fix.crash();
      CHECK(fix.entries({1}).size() == 1);
      CHECK(fix.result({{17}, 7}).value().body == "answer");
      CHECK(fix.batch({17}).value().cursor == 7);
      CHECK(fix.account({1}).value().failures == 3);
      CHECK(fix.record({3, 9}).value().model == "m");
    }
    SECTION("a line keeps its first result") {
      append(with_result(7, "first"), 1);
      append(with_result(7, "second"), 2);
      CHECK(fix.acks(2) == std::vector<uint64_t>{1, 2});
      fix.crash();
      CHECK(fix.result({{17}, 7}).value().body == "first");
      CHECK_FALSE(fix.result({{17}, 8}).has_value());
    }
    SECTION("nobody need wait for a commit") {
      caf::anon_send(fix.aut(), atom::append_v,
                     commit_ptr{std::make_shared<commit>(with_entry(1))});
      append(with_entry(2), 2);
      CHECK(fix.acks(1) == std::vector<uint64_t>{2});
      fix.crash();
      CHECK(fix.entries({1}).size() == 2);
    }
    SECTION("a record may come alone, and none is lost with the process") {
      for (uint64_t i = 1; i <= 10; ++i) {
        commit x;
        auto record = std::make_shared<usage_record>();
        record->id = {1, i};
        record->at = {4'102'444'800'000};
        x.record = std::move(record);
        append(std::move(x), i);
      }
      CHECK(fix.acks(10).size() == 10);
      fix.crash();
      for (uint64_t i = 1; i <= 10; ++i)
        CHECK(fix.record({1, i}).has_value());
      CHECK_FALSE(fix.record({1, 11}).has_value());
    }
    SECTION("an empty commit is acknowledged, too") {
      append({}, 4);
      CHECK(fix.acks(1) == std::vector<uint64_t>{4});
    }
  }

private:
  /// Entry `seq` of account 1: a nanodollar more each.
  static commit with_entry(uint64_t seq) {
    ledger_entry x;
    x.account = {1};
    x.seq = seq;
    x.kind = entry_kind::adjust;
    x.amount = {1};
    x.at = {1'795'000'000'000};
    x.balance_after = {static_cast<int64_t>(seq)};
    commit result;
    result.entries = {x};
    return result;
  }

  static commit with_result(uint64_t item, std::string body) {
    auto x = std::make_shared<item_result>();
    x->id = {{17}, item};
    x->body = std::move(body);
    commit result;
    result.result = std::move(x);
    return result;
  }

  void append(commit x, uint64_t token) {
    x.ack = fix.sink();
    x.token = token;
    caf::anon_send(fix.aut(), atom::append_v,
                   commit_ptr{std::make_shared<commit>(std::move(x))});
  }

  Fixture fix;
};

} // namespace rota
