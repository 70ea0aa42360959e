// A batch's output as a reply: whole, or seen to be broken off.

#include "runtime/admin/result_stream.hpp"
#include "runtime/storage/spool.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/typed_event_based_actor.hpp>

using namespace rota;

namespace {

struct noted_reply final : admin_exchange {
  const std::string& method() const override {
    return nothing;
  }

  const std::string& path() const override {
    return nothing;
  }

  std::string query(const std::string&) const override {
    return {};
  }

  bool read_body(const std::function<bool(std::string_view)>&) override {
    return true;
  }

  void reply(int, const std::string&, std::string) override {
    FAIL("a stream was wanted");
  }

  void begin(int code, const std::string&) override {
    status = code;
  }

  bool write(std::string_view piece) override {
    body += piece;
    return true;
  }

  void end() override {
    ended = true;
  }

  std::string nothing;
  std::string body;
  int status = 0;
  bool ended = false;
};

struct config : caf::actor_system_config {
  config() {
    add_message_types<caf::id_block::rota_types>();
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

/// A batch of three lines, of which the second never started.
struct fixture : store_fixture {
  spool_files files{dir / "batches"};
  config cfg;
  caf::actor_system sys{cfg};
  spool_actor lines = spawn_spool(sys, dir / "batches");
  batch_row row;

  fixture() {
    row.id = {5};
    row.total = 3;
    row.state = batch_state::cancelled;
    REQUIRE(disk->write({ending(row.id, 0), ending(row.id, 2)}) == "");
    const auto upload = files.begin(1 << 20);
    for (const auto* name : {"a", "b", "c"})
      upload->write(R"({"custom_id":")" + std::string{name}
                    + R"(","method":"POST","url":"/v1/chat/completions",)"
                      R"("body":{"model":"m","messages":[]}})" + "\n");
    REQUIRE(upload->finish() == "");
    REQUIRE(files.seal(*upload, row.id, {}, 1'000) == "");
  }

  ~fixture() {
    caf::anon_send_exit(lines, caf::exit_reason::user_shutdown);
  }

  noted_reply stream(bool errors) {
    noted_reply result;
    stream_results(result, row, errors,
                   {sys, lines, *disk, dir / "batches/batch_5.refused"});
    CHECK(result.status == 200);
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a whole output has an end", "[admin]") {
  const auto good = stream(false);
  CHECK(good.ended);
  CHECK(lines_of(good.body).size() == 2);
  const auto bad = stream(true);
  CHECK(bad.ended);
  REQUIRE(lines_of(bad.body).size() == 1);
  CHECK_THAT(bad.body, ContainsSubstring(R"("custom_id": "b")"));
}

TEST_CASE_METHOD(fixture, "an output with a damaged result has no end",
                 "[admin]") {
  disk.reset();
  put(path(), "result", be64(5) + be64(2), "no record");
  REQUIRE(open() == "");
  CHECK_FALSE(stream(false).ended);
  CHECK_FALSE(stream(true).ended);
}

TEST_CASE_METHOD(fixture, "an output whose lines cannot be read has no end",
                 "[admin]") {
  const auto file = dir / "batches/batch_5.jsonl";
  const auto gap = GENERATE(uint64_t{1}, uint64_t{2}); // Amidst, or at the end.
  if (gap == 2) {
    row.id = {6};
    REQUIRE(disk->write({ending(row.id, 0), ending(row.id, 1)}) == "");
    for (const auto* kind : {".jsonl", ".skip", ".index"})
      std::filesystem::copy(dir / ("batches/batch_5" + std::string{kind}),
                            dir / ("batches/batch_6" + std::string{kind}));
    CHECK(stream(true).ended);
    caf::anon_send_exit(lines, caf::exit_reason::user_shutdown);
    lines = spawn_spool(sys, dir / "batches");
  }
  std::filesystem::remove(dir / ("batches/" + to_string(row.id) + ".jsonl"));
  CHECK_FALSE(stream(false).ended);
  CHECK_FALSE(stream(true).ended);
}

TEST_CASE_METHOD(fixture, "what a batch had refused comes first, or nothing",
                 "[admin]") {
  const auto refused = dir / "batches/batch_5.refused";
  SECTION("it is copied") {
    std::ofstream{refused} << "refused\n";
    const auto x = stream(true);
    CHECK(x.ended);
    CHECK(x.body.starts_with("refused\n"));
    CHECK(lines_of(x.body).size() == 2);
  }
  SECTION("it cannot be read") {
    std::filesystem::create_directory(refused);
    const auto x = stream(true);
    CHECK_FALSE(x.ended);
    CHECK(x.body.empty());
  }
}
