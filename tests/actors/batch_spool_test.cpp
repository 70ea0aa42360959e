// What a batch does while its file cannot be read.

#include "tests/actors/batch_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto no_descriptors = "too many open files";

struct fixture : batch_fixture {
  fixture() {
    add("a", 10);
    write_lines(600);
    limits.window = 100;
  }

  std::string waits_for() {
    return view_of_batch().waiting_for;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a file that cannot be read is tried again, seldomer",
                 "[batch]") {
  file->error = no_descriptors;
  submit({});
  CHECK(waits_for() == no_descriptors);
  CHECK(file->reads == 1);
  advance(1s);
  CHECK(file->reads == 2);
  advance(119s); // After 2, 4, 8, 16 and 32 s more.
  CHECK(file->reads == 7);
  advance(3'600s);
  CHECK(file->reads >= 7 + 59);
  CHECK(file->reads <= 7 + 60);
  CHECK(waits_for() == no_descriptors);
  CHECK(script->calls.empty());
  file->error.clear();
  advance(60s);
  CHECK(row().state == batch_state::completed);
  CHECK(row().ended.succeeded == 600);
}

TEST_CASE_METHOD(fixture, "the next fault of a file is a new one", "[batch]") {
  file->error = no_descriptors;
  submit({});
  advance(30s);
  script->answer = [](const auto&) { return std::nullopt; };
  file->error.clear();
  advance(2s);
  CHECK(waits_for().empty());
  REQUIRE(!script->open.empty());
  // The rest of the file is wanted once the lines at hand run out.
  file->error = no_descriptors;
  script->answer = [](const auto&) { return good(); };
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, good());
    run();
  }
  CHECK(waits_for() == no_descriptors);
  file->error.clear();
  advance(1s);
  CHECK(row().ended.succeeded == 600);
}

TEST_CASE_METHOD(fixture, "who resumes a batch has its file read at once",
                 "[batch]") {
  file->error = no_descriptors;
  submit({});
  advance(40s);
  const auto reads = file->reads;
  CHECK(ask<batch_view>(it, atom::pause_v).index() == 0);
  advance(120s);
  CHECK(file->reads == reads);
  SECTION("it is mended") {
    file->error.clear();
    CHECK(ask<batch_view>(it, atom::resume_v).index() == 0);
    run();
    CHECK(row().state == batch_state::completed);
  }
  SECTION("it is not") {
    CHECK(ask<batch_view>(it, atom::resume_v).index() == 0);
    CHECK(file->reads == reads + 1);
    CHECK(waits_for() == no_descriptors);
    advance(1s);
    CHECK(file->reads == reads + 2);
  }
}

TEST_CASE_METHOD(fixture, "a batch that waits for its file is drained at once",
                 "[batch]") {
  file->error = no_descriptors;
  submit({});
  CHECK(ask<batch_view>(it, atom::drain_v).index() == 0);
}
