// What a batch makes of attempts that an earlier run began.

#include "tests/actors/batch_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

using fixture = batch_fixture;

TEST_CASE_METHOD(fixture, "lines that were perhaps sent before a restart end",
                 "[batch]") {
  add("a", 10);
  write_lines(10);
  batch_resume from;
  from.row.options.policy = delivery::at_most_once;
  from.row.cursor = 2;
  from.row.ended.succeeded = 2;
  from.row.doubtful = {3, 7};
  from.ended = {{5, item_state::succeeded, {}}};
  submit(from);
  for (int i = 0; i < 20 && !done(); ++i)
    advance(1s);
  CHECK(row().state == batch_state::completed);
  CHECK(row().ended.succeeded == 8);
  CHECK(row().ended.failed == 2);
  CHECK(row().doubtful.empty());
  CHECK(script->calls.size() == 5); // Neither those two nor what had ended.
  for (const uint64_t item : {3u, 7u}) {
    const auto& result = *log->results.at({{1}, item});
    CHECK(result.state == item_state::failed);
    CHECK(result.error_code == "in_doubt");
    CHECK(result.custom_id == "id-" + std::to_string(item));
    CHECK(result.line == item + 1);
    CHECK(result.attempts == 0);
  }
}

TEST_CASE_METHOD(fixture, "what must not be sent again stays noted in a pause",
                 "[batch]") {
  add("a", 10);
  write_lines(4);
  batch_resume from;
  from.row.options.policy = delivery::at_most_once;
  from.row.state = batch_state::paused;
  from.row.doubtful = {1};
  submit(from);
  advance(7'200s);
  CHECK(script->calls.empty());
  CHECK(view_of_batch().row.doubtful == std::vector<uint64_t>{1});
  ask<batch_view>(it, atom::resume_v);
  for (int i = 0; i < 20 && !done(); ++i)
    advance(1s);
  CHECK(row().ended.failed == 1);
  CHECK(script->calls.size() == 3);
}

TEST_CASE_METHOD(fixture, "a line that was perhaps charged often is not sent",
                 "[batch]") {
  add("a", 10);
  write_lines(6);
  batch_resume from;
  from.row.doubtful = {1, 2, 2, 3, 3, 3}; // The daemon ended under them.
  from.doubts = {{0, 1}, {4, 2}};         // Holds, some without an answer.
  std::set<uint64_t> failed;
  SECTION("as often as a line may be charged") {
    billed_attempts = 2;
    failed = {2, 3, 4};
  }
  SECTION("the daemon has ended three times") {
    billed_attempts = 20;
    failed = {3};
  }
  submit(from);
  for (int i = 0; i < 20 && !done(); ++i)
    advance(1s);
  CHECK(row().state == batch_state::completed);
  CHECK(row().ended.failed == failed.size());
  CHECK(script->calls.size() == 6 - failed.size());
  for (const auto item : failed) {
    const auto& result = *log->results.at({{1}, item});
    CHECK(result.error_code == "in_doubt");
    CHECK_THAT(result.error_text, ContainsSubstring("it is sent no more"));
  }
}

TEST_CASE_METHOD(fixture, "attempts of earlier runs count in a line's budget",
                 "[batch]") {
  add("a", 10);
  add("b", 10);
  write_lines(1);
  batch_resume from;
  from.doubts = {{0, 1}};
  script->answer = [](const auto&) {
    return upstream_script::failure(transport::timed_out, "late");
  };
  submit(from);
  for (int i = 0; i < 20 && !done(); ++i)
    advance(1s);
  CHECK(row().ended.failed == 1);
  CHECK(script->calls.size() == 1); // A new line would be sent twice.
}

TEST_CASE_METHOD(fixture, "a change is answered once it is on disk",
                 "[batch]") {
  add("a", 10);
  script->answer = [](const auto&) { return std::nullopt; };
  write_lines(3);
  submit({});
  log->hold_back = true;
  auto answer = self->request(it, caf::infinite, atom::pause_v);
  run();
  CHECK(view_of_batch().row.state == batch_state::paused);
  CHECK(!self->has_next_message());
  log->sync();
  run();
  auto answered = false;
  answer.receive(
    [&](const batch_view& x) {
      answered = x.row.state == batch_state::paused;
    },
    [](const caf::error&) {});
  CHECK(answered);
  log->hold_back = false;
}
