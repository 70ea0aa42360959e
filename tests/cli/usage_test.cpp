// What may be written on the command line, and what comes of the rest.

#include "tests/cli/cli_fixture.hpp"
#include "tests/cli/terminal.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::vector<std::string> commands{
  "submit", "batches", "batch",    "results", "pause",  "resume", "cancel",
  "status", "reload",  "estimate", "accounts", "account", "version", "fsck",
  "backup", "restore", "snapshot", "requests", "explain",
};

} // namespace

TEST_CASE("every command has help with an example", "[cli]") {
  const cli_fixture on;
  const auto all = on.rota({"--help"});
  CHECK(all.code == 0);
  for (const auto& command : commands) {
    INFO(command);
    CHECK_THAT(all.out, ContainsSubstring("  " + command + " "));
    const auto x = on.rota({command, "--help"});
    CHECK(x.code == 0);
    CHECK_THAT(x.out, ContainsSubstring("Example: rota " + command));
    CHECK(x.err.empty());
  }
}

TEST_CASE("a number of lines in flight has bounds that people can read",
          "[cli]") {
  const auto x = cli_fixture{}.rota({"submit", "f", "--max-in-flight", "0"});
  CHECK(x.code == 2);
  CHECK_THAT(x.err, ContainsSubstring("Value 0 not in range"));
}

TEST_CASE("what cannot be understood is a fault of usage", "[cli]") {
  cli_fixture on;
  const std::vector<std::vector<std::string>> table{
    {},
    {"nonsense"},
    {"status", "--colour"},
    {"submit"},
    {"submit", "f", "--max-in-flight", "0"},
    {"submit", "f", "--max-in-flight", "-1"},
    {"submit", "f", "--max-in-flight", "many"},
    {"submit", "f", "-o", "out"},
    {"submit", "f", "--errors", "out"},
    {"submit", "f", "--wait", "-o", "x", "--errors", "x"},
    {"submit", "f", "--wait", "-o", "x", "--errors", "./x"},
    {"submit", "f", "--wait", "-o", "f"},
    {"submit", "f", "--wait", "-o", "-", "--json"},
    {"batch"},
    {"batch", "x"},
    {"batch", "0"},
    {"batch", "-1"},
    {"batch", "batch_"},
    {"pause", "1", "2"},
    {"results", "1", "-o", "x", "--errors", "x"},
    {"results", "1", "-o", "x", "--errors", "./x"},
    {"results", "1", "-o"},
    {"account"},
    {"account", "a", "explode"},
    {"account", "a", "adjust"},
    {"account", "a", "adjust", "abc"},
    {"account", "a", "adjust", "1e3"},
    {"account", "a/b"},
    {"account", "../status"},
    {"estimate", "f", "--model", ""},
    {"account", "a", "drain", "1.00"},
    {"account", "a", "drain", "--reason", "because"},
    {"status", "--socket"},
    {"fsck", "state"},
    {"fsck", "--state-dir"},
    {"backup"},
    {"backup", "d", "--keep", "0"},
    {"backup", "d", "--list", "--keep", "1"},
    {"restore"},
    {"restore", "d"},
    {"restore", "d", "--state-dir", "s", "--backup", "0"},
    {"snapshot", "--backup", "last"},
  };
  for (const auto& arguments : table) {
    std::string said = "rota";
    for (const auto& x : arguments)
      said += ' ' + x;
    INFO(said);
    const auto x = on.rota(arguments);
    CHECK(x.code == 2);
    CHECK(x.out.empty());
    CHECK_FALSE(x.err.empty());
  }
  CHECK(on.daemon.seen().empty());
}

TEST_CASE("a word that is no command is named", "[cli]") {
  cli_fixture on;
  const auto x = on.rota({"acounts", "--json"});
  CHECK(x.code == 2);
  CHECK(x.err == "rota: acounts is no command; rota --help lists them.\n");
  CHECK_THAT(on.rota({"accounts", "--colour"}).err,
             ContainsSubstring("--colour"));
}

TEST_CASE("a batch goes by its number or its name", "[cli]") {
  cli_fixture on;
  on.daemon.on("POST /admin/v1/batches/batch_3/pause",
               R"({"id":"batch_3","state":"paused"})");
  for (const auto* id : {"3", "batch_3"}) {
    const auto x = on.rota({"pause", id});
    CHECK(x.code == 0);
    CHECK(x.out == "batch_3 is paused.\n");
  }
  CHECK_THAT(on.rota({"pause", "batch3"}).err,
             ContainsSubstring("batch3 is no batch; write batch_3 or 3"));
}

TEST_CASE("options may stand before or behind the command", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/batches", "[]");
  CHECK(on.shell("$ROTA --json batches").out == "[]\n");
  CHECK(on.shell("$ROTA batches --json").out == "[]\n");
  CHECK(on.shell("ROTA_SOCKET=" + on.socket
                 + " ${ROTA%% *} batches --json").out
        == "[]\n");
  // What is written goes before what the environment says.
  CHECK(on.shell("ROTA_SOCKET=/none $ROTA batches --json").out == "[]\n");
}

TEST_CASE("the socket is ./state/rotad.sock unless somebody says so",
          "[cli]") {
  const cli_fixture on;
  const auto x = on.shell("cd " + on.dir.path().string()
                          + " && unset ROTA_SOCKET; ${ROTA%% *} status");
  CHECK(x.code == 3);
  CHECK_THAT(x.err, ContainsSubstring("rotad cannot be reached at"
                                      " ./state/rotad.sock"));
}

TEST_CASE("colours are for terminals whose owner wants them", "[cli]") {
  if (!terminal::available())
    return;
  cli_fixture on;
  on.daemon.on("GET /admin/v1/batches", golden_reply("batches.json"));
  const auto colourful = [&](const std::vector<std::string>& command) {
    terminal screen{command, 120};
    CHECK(screen.wait() == 0);
    return screen.written().find('\x1b') != std::string::npos;
  };
  const auto with = [&](const std::string& variable) {
    std::vector<std::string> result{"/usr/bin/env", variable};
    for (const auto& x : on.command({"batches"}))
      result.push_back(x);
    return result;
  };
  CHECK(colourful(on.command({"batches"})));
  CHECK_FALSE(colourful(on.command({"batches", "--no-color"})));
  CHECK_FALSE(colourful(with("NO_COLOR=1")));
  CHECK(colourful(with("NO_COLOR=")));
  CHECK_FALSE(colourful(with("TERM=dumb")));
  CHECK(on.rota({"batches"}).out.find('\x1b') == std::string::npos);
}

TEST_CASE("an output that cannot be written is a failure", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/batches", golden_reply("batches.json"));
  const auto x = on.shell("$ROTA batches >/dev/full");
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring("Standard output cannot be written"));
}
