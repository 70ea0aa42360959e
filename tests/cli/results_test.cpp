#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

#include <sys/stat.h>

using namespace rota;

namespace {

const std::string batch_path = "GET /admin/v1/batches/batch_1";

struct finished : cli_fixture {
  finished() {
    daemon.on(batch_path, golden_json("batches.json")[0].dump());
    daemon.on(batch_path + "/results", "one\ntwo\n");
    daemon.on(batch_path + "/errors", "bad\n");
  }

  std::string out = dir / "out.jsonl";
  std::string errors = dir / "err.jsonl";
};

/// Sends a few bytes and goes away.
bool break_off(const fake_admin::send_piece& send) {
  send("one\n");
  return false;
}

} // namespace

TEST_CASE("results go into files", "[cli]") {
  finished on;
  const auto x = on.rota({"results", "1", "-o", on.out});
  CHECK(x.code == 0);
  CHECK(x.out == "2 results: " + on.out
                   + "\n2 lines failed: rota results batch_1 --errors FILE\n");
  CHECK(read_file(on.out) == "one\ntwo\n");
  CHECK_FALSE(std::filesystem::exists(on.out + ".part"));
  const auto y = on.rota({"results", "1", "-o", on.out, "--errors",
                          on.errors});
  CHECK(y.out == "2 results: " + on.out + "\n1 error: " + on.errors + "\n");
  CHECK(read_file(on.errors) == "bad\n");
  const auto z = on.rota({"results", "1", "-o", on.out, "--errors", on.errors,
                          "--json"});
  CHECK(json::parse(z.out)
        == json{{"id", "batch_1"},
                {"state", "completed"},
                {"failed", 2},
                {"results", {{"file", on.out}, {"lines", 2}}},
                {"errors", {{"file", on.errors}, {"lines", 1}}}});
}

TEST_CASE("results go to standard output, and nothing else", "[cli]") {
  finished on;
  for (const auto& more : {std::vector<std::string>{},
                           std::vector<std::string>{"-o", "-"},
                           std::vector<std::string>{"--json"}}) {
    auto arguments = std::vector<std::string>{"results", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto x = on.rota(arguments);
    CHECK(x.code == 0);
    CHECK(x.out == "one\ntwo\n");
    CHECK_THAT(x.err, ContainsSubstring("2 lines failed"));
  }
  // The errors alone.
  const auto y = on.rota({"results", "1", "--errors", "-"});
  CHECK(y.out == "bad\n");
  CHECK(y.err.empty());
}

TEST_CASE("a batch that still runs gives what it has", "[cli]") {
  finished on;
  auto batch = golden_json("batches.json")[0];
  batch["state"] = "running";
  on.daemon.on(batch_path, batch.dump());
  const auto x = on.rota({"results", "1", "-o", on.out});
  CHECK(x.code == 0);
  CHECK_THAT(x.out, ContainsSubstring("batch_1 is running: these are the lines"
                                      " that have ended so far."));
}

TEST_CASE("families without an error file say so", "[cli]") {
  finished on;
  auto batch = golden_json("batches.json")[0];
  batch["format"] = "anthropic";
  on.daemon.on(batch_path, batch.dump());
  CHECK_THAT(on.rota({"results", "1", "-o", on.out}).out,
             ContainsSubstring("2 lines failed; the results say why"));
}

TEST_CASE("a download that breaks off leaves what was there", "[cli]") {
  finished on;
  write_file(on.out, "old\n");
  on.daemon.on(batch_path + "/results", {{200, "", break_off}});
  const auto x = on.rota({"results", "1", "-o", on.out});
  CHECK(x.code == 1);
  CHECK(x.out.empty());
  CHECK_THAT(x.err, StartsWith("rota: rotad at " + on.socket
                               + " broke off before the end (")
                      && ContainsSubstring("), so what came is not whole: its log says"
                                  " why; with that mended it can be done"
                                  " again.\n"));
  CHECK(read_file(on.out) == "old\n");
  CHECK_FALSE(std::filesystem::exists(on.out + ".part"));
  // Where nothing was, nothing is; and no reply at all is none.
  const auto fresh = on.rota({"results", "1", "--errors", on.errors, "-o",
                              on.dir / "new.jsonl"});
  CHECK(fresh.code == 1);
  CHECK_FALSE(std::filesystem::exists(on.dir / "new.jsonl"));
  CHECK_FALSE(std::filesystem::exists(on.errors));
  // What went to standard output cannot be taken back.
  const auto piped = on.rota({"results", "1"});
  CHECK(piped.code == 1);
  CHECK(piped.out == "one\n");
}

TEST_CASE("a refused download writes nothing", "[cli]") {
  finished on;
  on.daemon.on(batch_path + "/results",
               R"({"error":{"code":"gone","message":"They are gone."}})", 410);
  const auto x = on.rota({"results", "1", "-o", on.out});
  CHECK(x.code == 1);
  CHECK(x.err == "rota: They are gone.\n");
  CHECK_FALSE(std::filesystem::exists(on.out));
  CHECK_FALSE(std::filesystem::exists(on.out + ".part"));
}

TEST_CASE("a file that cannot be written is named", "[cli]") {
  finished on;
  const auto nowhere = on.rota({"results", "1", "-o", on.dir / "no/out"});
  CHECK(nowhere.code == 1);
  CHECK_THAT(nowhere.err, ContainsSubstring("The file " + (on.dir / "no/out")
                                            + " cannot be written: No such"
                                              " file or directory"));
  const auto directory = on.rota({"results", "1", "-o",
                                  on.dir.path().string()});
  CHECK(directory.code == 1);
  CHECK_THAT(directory.err, ContainsSubstring("it is a directory"));
  std::filesystem::create_symlink("/dev/full", on.dir / "full");
  const auto full = on.rota({"results", "1", "-o", on.dir / "full"});
  CHECK(full.code == 1);
  CHECK_THAT(full.err, ContainsSubstring("No space left on device"));
  const auto full_output = on.shell("$ROTA results 1 >/dev/full");
  CHECK(full_output.code == 1);
  CHECK_THAT(full_output.err, ContainsSubstring("Standard output cannot be"
                                                " written"));
}

TEST_CASE("devices and links are written, never replaced", "[cli]") {
  finished on;
  // A pipe stands for every file that is none: were it replaced, its reader
  // would get nothing.
  const auto pipe = on.dir / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const auto x = on.shell("cat " + pipe + " & $ROTA results 1 -o " + pipe
                          + " && wait");
  CHECK(x.code == 0);
  CHECK_THAT(x.out, ContainsSubstring("one\ntwo\n"));
  CHECK(std::filesystem::is_fifo(pipe));

  write_file(on.dir / "real", "old\n");
  std::filesystem::create_symlink(on.dir / "real", on.dir / "link");
  CHECK(on.rota({"results", "1", "-o", on.dir / "link"}).code == 0);
  CHECK(std::filesystem::is_symlink(on.dir / "link"));
  CHECK(read_file(on.dir / "real") == "one\ntwo\n");
}

TEST_CASE("a file that is replaced keeps its permissions", "[cli]") {
  finished on;
  using std::filesystem::perms;
  const auto only_owner = perms::owner_read | perms::owner_write;
  write_file(on.out, "old\n");
  std::filesystem::permissions(on.out, only_owner);
  CHECK(on.rota({"results", "1", "-o", on.out}).code == 0);
  CHECK(read_file(on.out) == "one\ntwo\n");
  CHECK(std::filesystem::status(on.out).permissions() == only_owner);
}

TEST_CASE("results of any size pass in bounded memory", "[cli]") {
  finished on;
  constexpr size_t pieces = 10'000;
  std::string piece(59'999, 'x');
  piece += '\n';
  on.daemon.on(batch_path + "/results",
               {{200, "", [&piece](const fake_admin::send_piece& send) {
                   for (size_t i = 0; i < pieces; ++i)
                     if (!send(piece))
                       return false;
                   return true;
                 }}});
  const auto x = on.shell(std::string{little_memory}
                          + "$ROTA results 1 | wc -lc");
  CHECK_THAT(x.out, ContainsSubstring("10000")
                      && ContainsSubstring("600000000"));
}
