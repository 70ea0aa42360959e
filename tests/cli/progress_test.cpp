// What is written while a batch is watched: without a clock, then on a real
// pseudo-terminal.

#include "tools/rota/progress.hpp"

#include "tools/rota/print.hpp"

#include "tests/cli/cli_fixture.hpp"
#include "tests/cli/terminal.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string path = "GET /admin/v1/batches/batch_3";

cli::json batch(uint64_t succeeded, const std::string& state = "running") {
  return {
    {"id", "batch_3"},        {"state", state},
    {"format", "openai"},     {"total", 40},
    {"succeeded", succeeded}, {"failed", 2},
    {"cancelled", 0},         {"in_flight", 8},
    {"spent", "0.120000000"}, {"rate_per_s", 2.5},
    {"eta_s", 125},           {"waiting_for", ""},
  };
}

fake_admin::answer says(const cli::json& x) {
  return {200, x.dump(), {}};
}

} // namespace

TEST_CASE("the progress line fits into every width", "[cli]") {
  const auto x = batch(8);
  const std::string all
    = "10/40 done  2 failed  8 in flight  2.5/s  0.12 USD  2 min 5 s left";
  CHECK(cli::progress_line(x, 200)
        == "[" + std::string(10, '#') + std::string(30, '.') + "] " + all);
  CHECK(cli::progress_line(x, 80) == "[##........] " + all);
  CHECK(cli::progress_line(x, 79) == all);
  CHECK(cli::progress_line(x, 30) == all.substr(0, 29));
  CHECK(cli::progress_line(x, 1).empty());
  CHECK(cli::progress_line(x, 0).empty());
  for (size_t width = 1; width < 250; ++width)
    REQUIRE(cli::width_of(cli::progress_line(x, width)) < width);
}

TEST_CASE("the progress line says why nothing moves", "[cli]") {
  auto x = batch(8, "paused");
  CHECK_THAT(cli::progress_line(x, 200), ContainsSubstring("  paused"));
  x = batch(8);
  x["waiting_for"] = "größere\nSorgen";
  CHECK_THAT(cli::progress_line(x, 200),
             ContainsSubstring("waiting: größere Sorgen"));
  CHECK(cli::progress_line(x, 200).find("left") == std::string::npos);
  for (size_t width = 1; width < 250; ++width)
    REQUIRE(cli::width_of(cli::progress_line(x, width)) < width);
}

TEST_CASE("the bar is full with the last line, not before", "[cli]") {
  auto x = batch(998);
  x["total"] = 1'001;
  CHECK(cli::progress_line(x, 200).substr(0, 42)
        == "[" + std::string(39, '#') + ".]");
  x["succeeded"] = 999;
  CHECK(cli::progress_line(x, 200).substr(0, 42)
        == "[" + std::string(40, '#') + "]");
  x["total"] = 0;
  x["succeeded"] = 0;
  CHECK(cli::progress_line(x, 200).find('[') == std::string::npos);
}

TEST_CASE("without a terminal a line comes every ten seconds", "[cli]") {
  cli::progress_report report{false, 100};
  CHECK(report.next(batch(1), 80, 100).empty());
  CHECK(report.next(batch(1), 80, 109).empty());
  CHECK_THAT(report.next(batch(1), 80, 110), ContainsSubstring("3/40 done"));
  CHECK(report.next(batch(1), 80, 119).empty());
  CHECK_THAT(report.next(batch(2), 80, 121), ContainsSubstring("4/40 done"));
  CHECK(report.next(batch(38, "completed"), 80, 140).empty());
  CHECK(report.leave().empty());
}

TEST_CASE("on a terminal the line is drawn over", "[cli]") {
  cli::progress_report report{true, 100};
  CHECK(report.leave().empty());
  const auto line = report.next(batch(1), 80, 100);
  CHECK(line == "\r" + cli::progress_line(batch(1), 80) + "\x1b[K");
  CHECK(report.leave() == "\n");
  CHECK(report.next(batch(38, "completed"), 80, 100).ends_with("\x1b[K\n"));
}

TEST_CASE("a batch is watched on a terminal to its end", "[cli]") {
  if (!terminal::available())
    return;
  cli_fixture on;
  on.daemon.on(path, {says(batch(8)), says(batch(20)),
                      says(batch(38, "completed"))});
  terminal screen{on.command({"batch", "3", "--wait"}), 80};
  CHECK(screen.wait() == 1);
  const auto& seen = screen.written();
  CHECK_THAT(seen, ContainsSubstring("\r[##........] 10/40 done"));
  CHECK_THAT(seen, ContainsSubstring("\r[#####.....] 22/40 done"));
  CHECK_THAT(seen, ContainsSubstring("batch_3 is completed: 38 of 40 lines"
                                     " succeeded, 2 failed, 0.12 USD spent."));
  CHECK_THAT(seen, ContainsSubstring("2 lines failed: rota results batch_3"
                                     " --errors FILE"));
}

TEST_CASE("a terminal that changes its width keeps one line", "[cli]") {
  if (!terminal::available())
    return;
  cli_fixture on;
  on.daemon.on(path, says(batch(8)).body);
  terminal screen{on.command({"batch", "3", "--wait"}), 200};
  screen.expect("\r[" + std::string(10, '#'));
  screen.resize(40);
  screen.expect("\r" + cli::progress_line(batch(8), 40) + "\x1b[K");
  screen.resize(120);
  screen.expect("\r" + cli::progress_line(batch(8), 120) + "\x1b[K");
}

TEST_CASE("Ctrl-C looks away and leaves the batch alone", "[cli]") {
  if (!terminal::available())
    return;
  cli_fixture on;
  on.daemon.on(path, says(batch(8)).body);
  terminal screen{on.command({"batch", "batch_3", "--wait"}), 80};
  screen.expect("10/40 done");
  screen.type("\x03");
  CHECK(screen.wait() == 1);
  CHECK_THAT(screen.written(),
             ContainsSubstring("batch_3 goes on without you. Watch it: rota"
                               " batch batch_3 --wait"));
  for (const auto& x : on.daemon.seen())
    CHECK(x.method == "GET");
}

TEST_CASE("a daemon that goes away while a batch is watched", "[cli]") {
  cli_fixture on;
  on.daemon.on(path, {says(batch(8)), {200, "", [](const auto&) {
                                         return false;
                                       }}});
  const auto x = on.rota({"batch", "3", "--wait", "--reconnect", "0"});
  CHECK(x.code == 3);
  CHECK_THAT(x.err, ContainsSubstring("goes on where it was when rotad is"
                                      " back. Watch it: rota batch batch_3"
                                      " --wait"));
}

TEST_CASE("of a batch that was never seen nothing is promised", "[cli]") {
  cli_fixture on;
  const auto x = on.shell("${ROTA%% *} --socket /none batch 77 --wait");
  CHECK(x.code == 3);
  CHECK_THAT(x.err, ContainsSubstring("/none"));
  CHECK(x.err.find("is kept") == std::string::npos);
}

TEST_CASE("a daemon that comes back goes on being watched", "[cli]") {
  cli_fixture on;
  const fake_admin::answer broken{200, "", [](const auto&) { return false; }};
  on.daemon.on(path, {says(batch(8)), broken, broken,
                      says(batch(38, "completed"))});
  const auto x = on.rota({"batch", "3", "--wait"});
  CHECK(x.code == 1); // Two of its lines failed.
  CHECK_THAT(x.err, ContainsSubstring("batch_3 is kept; waiting up to 120 s for"
                                      " rotad.\nrotad is back.\n"));
  CHECK(on.daemon.count(path) == 4);
}

TEST_CASE("a daemon that never had the batch is not waited for", "[cli]") {
  cli_fixture on;
  on.daemon.on(path, {{200, "", [](const auto&) { return false; }}});
  CHECK(on.rota({"batch", "3", "--wait"}).code == 3);
  CHECK(on.daemon.count(path) == 1);
}
