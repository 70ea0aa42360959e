// What an operator does: pausing, cancelling, draining, reloading, looking.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <set>
#include <sstream>

using namespace rota;

namespace {

std::string sim_of(const std::string& latency) {
  return R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: fixed, value: )"
         + latency + "}}\n";
}

const std::string slow_sim = sim_of("20ms");

const std::string one_account = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)";

const std::string two_accounts = one_account + R"(
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)";

/// A provider that takes connections and never says a word.
class mute_provider {
public:
  mute_provider() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* at = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd_, at, size) == 0);
    REQUIRE(::listen(fd_, 16) == 0);
    REQUIRE(::getsockname(fd_, at, &size) == 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }

  ~mute_provider() {
    ::close(fd_);
  }

  mute_provider(const mute_provider&) = delete;
  mute_provider& operator=(const mute_provider&) = delete;

  void await_call() const {
    pollfd x{fd_, POLLIN, 0};
    REQUIRE(::poll(&x, 1, 30'000) == 1);
  }

  std::string url;

private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

} // namespace

TEST_CASE("a stop waits for no balance that an operator asked for", "[e2e]") {
  mute_provider mute;
  stage on{slow_sim};
  on.start(one_account
           + "  - {name: b, provider: openai, base_url: '" + mute.url
           + "', api_key: env:KEY_B, models: [other], balance: {probe: "
             "http_json, path: /b, pointer: /b}}\n"
             "refresh: {timeout: 50s}\n");
  const auto port = on.api_port();
  mute.await_call();
  process asking{"asking", on.dir,
                 {ROTA_BIN_DIR "/rota", "--socket", on.dir / "rotad.sock",
                  "account", "b", "refresh"}};
  // By the time of twenty others it has come, and it is not answered.
  for (int i = 0; i < 20; ++i)
    std::ignore = on.ask({"status"});
  REQUIRE(asking.running());
  const auto asked_at = std::chrono::steady_clock::now();
  on.daemon().signal(SIGTERM);
  wait_until("it stops", [&on] {
    return on.daemon().err().find("rotad stops") != std::string::npos;
  });
  const auto served = [port] {
    try {
      return request(port, "POST", "/v1/chat/completions",
                     R"({"model":"gpt-5-mini","messages":[]})")
               .status
             == 200;
    } catch (const std::exception&) {
      return false;
    }
  };
  wait_until("no call is served", [&served] { return !served(); },
             std::chrono::seconds{2});
  CHECK(on.daemon().wait() == 0);
  CHECK(std::chrono::steady_clock::now() - asked_at < std::chrono::seconds{10});
  CHECK(asking.wait() != 0);
}

TEST_CASE("pause, resume and cancel from the command line", "[e2e]") {
  stage on{slow_sim};
  on.start(one_account);
  write_file(on.dir / "jobs.jsonl", chat_lines(400));
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  CHECK(on.ask({"pause", id})["state"] == "paused");
  wait_until("nothing is in flight", [&] {
    return on.ask({"batch", id})["in_flight"] == 0;
  });
  const auto done = on.ask({"batch", id})["succeeded"].get<uint64_t>();
  CHECK(done < 400);
  // A pause outlives the daemon.
  CHECK(on.stop() == 0);
  on.restart();
  CHECK(on.ask({"batch", id})["state"] == "paused");
  CHECK(on.ask({"batch", id})["succeeded"] == done);
  CHECK(on.rota({"pause", id}).code == 1);
  CHECK(on.ask({"resume", id})["state"] == "running");
  wait_until("it moves", [&] {
    return on.ask({"batch", id})["succeeded"].get<uint64_t>() > done;
  });
  CHECK(on.rota({"cancel", id}).code == 0);
  const auto last = on.finish(id);
  CHECK(last["state"] == "cancelled");
  CHECK(last["succeeded"].get<uint64_t>() + last["failed"].get<uint64_t>()
          + last["cancelled"].get<uint64_t>()
        == 400);
  // Paid results are kept.
  CHECK(on.rota({"results", id, "-o", on.dir / "out.jsonl"}).code == 0);
  const auto out = read_file(on.dir / "out.jsonl");
  CHECK(static_cast<uint64_t>(std::count(out.begin(), out.end(), '\n'))
        == last["succeeded"].get<uint64_t>());
  // Every accepted line is in one of the files, once.
  CHECK(on.rota({"results", id, "-o", on.dir / "out.jsonl", "--errors",
                 on.dir / "err.jsonl"})
          .code
        == 0);
  std::set<std::string> names;
  std::istringstream both{read_file(on.dir / "out.jsonl")
                          + read_file(on.dir / "err.jsonl")};
  uint64_t lines = 0;
  for (std::string line; std::getline(both, line); ++lines)
    names.insert(json::parse(line)["custom_id"]);
  CHECK(lines == 400);
  CHECK(names.size() == 400);
  CHECK(read_file(on.dir / "err.jsonl").find("batch_cancelled")
        != std::string::npos);
  CHECK(on.rota({"resume", id}).code == 1);
}

TEST_CASE("an account that leaves and returns goes on in its books", "[e2e]") {
  stage on{sim_of("1s")}; // Long enough to be looked at.
  on.start(two_accounts + "routing: {strategy: round_robin}\n");
  write_file(on.dir / "jobs.jsonl", chat_lines(40));
  const std::string id = on.ask({"submit", on.dir / "jobs.jsonl"})["id"];
  wait_until("b has calls under way", [&on] {
    return on.ask({"account", "b"})["in_flight"] > 0;
  });
  on.rewrite(one_account);
  on.ask({"reload"});
  on.rewrite(two_accounts);
  on.ask({"reload"});
  CHECK(on.finish(id)["succeeded"] == 40);
  wait_until("all is settled", [&on] {
    return on.ask({"status"})["money"]["held"] == "0.000000000";
  });
  const auto books = on.books();
  for (const auto& x : on.ask({"accounts"}))
    for (const auto& y : books["accounts"])
      if (x["name"] == y["name"])
        CHECK(x["spent"] == y["charged"]);
  CHECK(on.stop() == 0);
}

TEST_CASE("a reload adds, changes and removes accounts in place", "[e2e]") {
  stage on{slow_sim};
  on.start(one_account);
  CHECK(on.ask({"accounts"}).size() == 1);
  on.rewrite(two_accounts + "routing: {strategy: round_robin}\n");
  const auto report = on.ask({"reload"});
  CHECK(report["changed"].dump().find("account b added")
        != std::string::npos);
  CHECK(on.ask({"accounts"}).size() == 2);
  write_file(on.dir / "jobs.jsonl", chat_lines(20));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait", "--max-in-flight",
                 "1"})
          .code
        == 0);
  CHECK(on.ask({"account", "a"})["calls"] == 10);
  CHECK(on.ask({"account", "b"})["calls"] == 10);

  // A bad file changes nothing and says why.
  on.rewrite(two_accounts + "routing: {strategy: nonsense}\n");
  const auto refused = on.rota({"reload"});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("routing.strategy") != std::string::npos);
  CHECK(on.ask({"accounts"}).size() == 2);

  // SIGHUP does the same.
  on.rewrite(one_account);
  on.daemon().signal(SIGHUP);
  wait_until("account b leaves", [&on] {
    return on.ask({"accounts"}).size() == 1;
  });
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  CHECK(on.stop() == 0);
}

TEST_CASE("an operator's will is kept", "[e2e]") {
  stage on{slow_sim};
  on.start(two_accounts);
  CHECK(on.ask({"account", "a", "drain"})["admin"] == "drain");
  write_file(on.dir / "jobs.jsonl", chat_lines(10));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  CHECK(on.ask({"account", "a"})["calls"] == 0);
  CHECK(on.stop() == 0);
  on.restart();
  CHECK(on.ask({"account", "a"})["admin"] == "drain");
  CHECK(on.ask({"account", "a", "ready"})["admin"] == "ready");
  CHECK(on.ask({"account", "a", "adjust", "-1.50"})["available"]
        == "28.500000000");
  CHECK(on.rota({"account", "a", "adjust", "lots"}).code == 2);
  CHECK(on.rota({"account", "a", "adjust", "1000000000.01"}).code == 1);
  CHECK(on.rota({"account", "a", "adjust", "-9223372036.854775808"}).code == 1);
  // All of it, or nothing.
  const auto before = on.ask({"account", "a"})["available"];
  const auto much = on.rota({"account", "a", "adjust", "1000000000"});
  CHECK(much.code == 1);
  CHECK_THAT(much.err, ContainsSubstring("nothing was booked"));
  CHECK(on.ask({"account", "a"})["available"] == before);
  on.ask({"account", "a", "adjust", "1", "--reason", "so\n it \x1b[31m is"});
  CHECK_THAT(on.daemon().err(), ContainsSubstring("USD: so  it  [31m is.\n"));
  CHECK(on.rota({"account", "nobody"}).code == 1);
}

TEST_CASE("accounts as JSON have what scripts rely on", "[e2e]") {
  stage on{slow_sim};
  on.start(two_accounts);
  const auto list = on.ask({"accounts"});
  REQUIRE(list.is_array());
  for (const auto& x : list) {
    for (const auto* key :
         {"name", "provider", "admin", "health", "funds", "reading", "posted",
          "held", "available", "floor", "in_flight", "calls", "spent",
          "last_used", "cooldown_until", "reason"})
      CHECK(x.contains(key));
    for (const auto* key : {"reading", "posted", "held", "available", "floor",
                            "spent"})
      CHECK(parse_money(x[key].get<std::string>()));
  }
}

TEST_CASE("no secret leaves the daemon", "[e2e]") {
  stage on{slow_sim};
  on.environment["KEY_A"] = "canary-7f3a91";
  on.start(one_account); // The simulator does not know that key.
  write_file(on.dir / "jobs.jsonl", chat_lines(3));
  on.ask({"submit", on.dir / "jobs.jsonl"});
  wait_until("the key is refused", [&on] {
    return on.ask({"account", "a"})["health"] == "ejected";
  });
  const auto said = on.rota({"status"}).out + on.rota({"accounts", "--json"}).out
                    + on.rota({"batch", "1"}).out;
  CHECK(on.stop() == 0);
  std::string everything = said;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{on.dir.path()})
    if (entry.is_regular_file())
      everything += read_file(entry.path().string());
  CHECK(everything.find("is ready") != std::string::npos);
  CHECK(everything.find("canary-7f3a91") == std::string::npos);
}
