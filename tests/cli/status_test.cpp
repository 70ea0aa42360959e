#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string status_path = "GET /admin/v1/status";

} // namespace

TEST_CASE("status tells alerts first", "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("status.json");
  on.daemon.on(status_path, reply.dump());
  const auto x = on.rota({"status"});
  CHECK(x.code == 0);
  CHECK('\n' + x.out == R"(
ALERT  Account b has 0.90 USD left. (1 h 0 min ago)
rotad        0.1.0, pid 4711, run 3, up 2 h 5 min
state        /var/lib/rota
API          127.0.0.1:8787
accounts     4
money        100.25 USD available, 0.50 USD held, 0.0004 USD in doubt
pool         1200 granted, 5 declined, 0 refused, 7 waiting
waiting for  every account is cooling down
batches      1 running, 0 paused, 12 ended

1 call in doubt: perhaps charged, though no answer came.
CALL           ACCOUNT  AMOUNT  SINCE          IF NOTHING ELSE IS KNOWN
batch_3:6#2.1  relay-a  0.0004  2 h 0 min ago  taken as charged in 1 h 30 min
)");
  CHECK(json::parse(on.rota({"status", "--json"}).out) == reply);
}

TEST_CASE("of a call in doubt is said what becomes of it", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("status.json");
  auto& doubt = reply["in_doubt"][0];
  doubt["assumed"] = "0.000000000";
  on.daemon.on(status_path, reply.dump());
  CHECK_THAT(on.rota({"status"}).out, ContainsSubstring("released in 1 h"));
  doubt["assumed"] = "0.000100000";
  on.daemon.on(status_path, reply.dump());
  CHECK_THAT(on.rota({"status"}).out,
             ContainsSubstring("0.0001 USD taken as charged in 1 h"));
}

TEST_CASE("a calm pool says little", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("status.json");
  reply["alerts"] = json::array();
  reply["in_doubt"] = json::array();
  reply["in_doubt_count"] = 0;
  reply["pool"]["waiting_for"] = "";
  on.daemon.on(status_path, reply.dump());
  const auto x = on.rota({"status"});
  CHECK(x.out.find("ALERT") == std::string::npos);
  CHECK(x.out.find("in doubt:") == std::string::npos);
  CHECK(x.out.find("waiting for") == std::string::npos);
  CHECK(x.out.starts_with("rotad "));
}

TEST_CASE("versions of both", "[cli]") {
  cli_fixture on;
  on.daemon.on(status_path, R"({"version":"9.8.7"})");
  const auto x = on.rota({"version"});
  CHECK(x.code == 0);
  CHECK(x.out == "rota " ROTA_VERSION "\nrotad 9.8.7\n");
  CHECK(json::parse(on.rota({"version", "--json"}).out)
        == json{{"rota", ROTA_VERSION}, {"rotad", "9.8.7"}});
  const auto alone = on.shell("${ROTA%% *} --socket /none version");
  CHECK(alone.code == 0);
  CHECK(alone.out == "rota " ROTA_VERSION "\nrotad does not run at /none\n");
  CHECK(json::parse(
          on.shell("${ROTA%% *} --socket /none version --json").out)["rotad"]
        .is_null());
}

TEST_CASE("a reload says what it changed", "[cli]") {
  cli_fixture on;
  const std::string path = "POST /admin/v1/reload";
  on.daemon.on(path, R"({"changed":["account a added","routing"],)"
                     R"("needs_restart":["state_dir"],)"
                     R"("too_late":["accounts[a].admin counts once"]})");
  CHECK(on.rota({"reload"}).out
        == "account a added\nrouting\nstate_dir changes at the next start.\n"
           "accounts[a].admin counts once.\n");
  on.daemon.on(path, R"({"changed":[],"needs_restart":[],"too_late":[]})");
  CHECK(on.rota({"reload"}).out == "Nothing changed.\n");
  CHECK(json::parse(on.rota({"reload", "--json"}).out)["changed"].empty());
}

TEST_CASE("a reload that is refused names every fault", "[cli]") {
  cli_fixture on;
  on.daemon.on("POST /admin/v1/reload",
               R"({"error":{"code":"invalid_config","message":)"
               R"("The configuration has faults; nothing was changed."},)"
               R"("faults":["rota.yaml:3: routing.strategy: no","x: y"]})",
               422);
  const auto x = on.rota({"reload"});
  CHECK(x.code == 1);
  CHECK(x.err == "rota.yaml:3: routing.strategy: no\nx: y\n"
                 "rota: The configuration has faults; nothing was changed.\n");
  CHECK(json::parse(on.rota({"reload", "--json"}).out)["faults"].size() == 2);
}
