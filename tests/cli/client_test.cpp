// Daemons that are absent, broken, or something else.

#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

#include <memory>

using namespace rota;

namespace {

const std::string status_path = "GET /admin/v1/status";

} // namespace

TEST_CASE("a daemon that does not run", "[cli]") {
  const temp_dir dir;
  const auto ask = [&dir](const std::string& socket) {
    return run_command(dir, {std::string{ROTA_BIN_DIR} + "/rota", "--socket",
                             socket, "status"});
  };
  const auto absent = ask(dir / "none.sock");
  CHECK(absent.code == 3);
  CHECK(absent.out.empty());
  CHECK(absent.err
        == "rota: rotad cannot be reached at " + (dir / "none.sock")
             + ": there is no such socket. Start it with `rotad --config"
               " FILE`, or name its socket with --socket.\n");

  // A daemon that was killed leaves its socket behind.
  std::make_unique<fake_admin>(dir / "dead.sock").reset();
  const auto dead = ask(dir / "dead.sock");
  CHECK(dead.code == 3);
  CHECK_THAT(dead.err, ContainsSubstring("nobody listens there"));

  write_file(dir / "file", "");
  const auto file = ask(dir / "file");
  CHECK(file.code == 3);
  CHECK_THAT(file.err, ContainsSubstring(dir / "file"));

  const auto longest = ask("/" + std::string(200, 'x'));
  CHECK(longest.code == 3);
  CHECK_THAT(longest.err, ContainsSubstring("at most 107 bytes"));
}

TEST_CASE("a refusal is told in the daemon's words", "[cli]") {
  cli_fixture on;
  on.daemon.on("POST /admin/v1/batches/batch_3/resume",
               R"({"error":{"code":"wrong_state","message":)"
               R"("batch_3 is completed; it cannot be resumed."}})",
               409);
  const auto x = on.rota({"resume", "3"});
  CHECK(x.code == 1);
  CHECK(x.out.empty());
  CHECK(x.err == "rota: batch_3 is completed; it cannot be resumed.\n");
  const auto y = on.rota({"resume", "3", "--json"});
  CHECK(y.code == 1);
  CHECK(json::parse(y.out)["error"]["code"] == "wrong_state");
}

TEST_CASE("answers that are not rotad's", "[cli]") {
  cli_fixture on;
  const auto ask = [&on](const std::string& body, int status) {
    on.daemon.on(status_path, body, status);
    const auto x = on.rota({"status"});
    CHECK(x.code == 1);
    CHECK(x.out.empty());
    return x.err;
  };
  CHECK_THAT(ask("<html>", 200), ContainsSubstring("is it rotad?"));
  CHECK_THAT(ask("", 200), ContainsSubstring("is it rotad?"));
  CHECK_THAT(ask("<html>", 502), ContainsSubstring("answered 502"));
  CHECK_THAT(ask(R"({"error":"no"})", 500), ContainsSubstring("answered 500"));
  CHECK_THAT(ask(R"({"error":{"message":7}})", 500),
             ContainsSubstring("answered 500"));
  CHECK_THAT(ask(R"({"error":{"message":"No."},"faults":7})", 422),
             ContainsSubstring("rota version"));
  CHECK_THAT(ask("{}", 200), ContainsSubstring("rota version"));
  CHECK_THAT(ask("[]", 200), ContainsSubstring("rota version"));
  CHECK_THAT(ask("7", 200), ContainsSubstring("rota version"));
}

TEST_CASE("a daemon that breaks off is out of reach", "[cli]") {
  cli_fixture on;
  on.daemon.on(status_path, {{200, "", [](const auto& send) {
                                send(R"({"version":)");
                                return false;
                              }}});
  const auto x = on.rota({"status"});
  CHECK(x.code == 3);
  CHECK_THAT(x.err, ContainsSubstring("The connection to rotad at "
                                      + on.socket + " broke"));
}

TEST_CASE("a name is one segment of a path", "[cli]") {
  cli_fixture on;
  const auto x = on.rota({"explain", "a b/../?x#y%41"});
  CHECK(x.code == 1);
  CHECK(on.daemon.seen().at(0).path
        == "/admin/v1/requests/a%20b%2F..%2F%3Fx%23y%2541");
  CHECK(on.daemon.seen().at(0).query.empty());
}
