// What a start says, and when it is refused.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string one_account = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)";

const std::string with_client = one_account + R"(
clients:
  - {name: alice, tokens: [env:TOKEN]}
)";

const std::string token = "alice-token-0123456789abcdef0123456789";

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n') + 1;
  const auto before = text.rfind('\n', end - 1);
  return text.substr(before + 1, end - before - 1); // From 0 if there is none.
}

} // namespace

TEST_CASE("a port in use is named, and nothing is begun", "[e2e]") {
  stage on{one_key + "latency: {first_byte: 60s}\n"};
  on.start(one_account);
  // A batch that would go on.
  write_file(on.dir / "jobs.jsonl", chat_lines(3));
  const auto batch
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  wait_until("its lines are under way", [&on] {
    return on.books("/sim/calls")["total"] == 3;
  });
  on.kill();
  // The simulator is another process, and holds its port.
  const auto address = on.base_url().substr(std::string{"http://"}.size());
  const auto x = on.refuse(one_account + "listen: " + address + '\n');
  INFO(x.err);
  CHECK(x.code == 1);
  CHECK(x.out.empty());
  CHECK(last_line(x.err)
        == "rotad: The API cannot listen on " + address
             + ": Address already in use; stop who holds it, or choose another"
               " listen.");
  CHECK(x.err.find("is ready") == std::string::npos);
  CHECK(on.books("/sim/calls")["total"] == 3);
  // The store is left to the next one, which goes on.
  on.sim_post("/sim/script",
              "script:\n  - {match: {}, action: {status: 400}}\n");
  on.restart();
  CHECK(on.finish(batch)["failed"] == 3);
}

TEST_CASE("a socket in use is named before a line of a batch is sent",
          "[e2e]") {
  stage on{one_key + "latency: {first_byte: 60s}\n"};
  on.start(one_account);
  write_file(on.dir / "jobs.jsonl", chat_lines(3));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl"}).code == 0);
  wait_until("its lines are under way", [&on] {
    return on.books("/sim/calls")["total"] == 3;
  });
  on.kill();
  std::filesystem::remove(on.dir / "rotad.sock");
  write_file(on.dir / "rotad.sock", "precious");
  const auto x = on.refuse(one_account);
  INFO(x.err);
  CHECK(x.code == 1);
  CHECK_THAT(last_line(x.err), ContainsSubstring("a file that is no socket"));
  CHECK(on.books("/sim/calls")["total"] == 3);
}

TEST_CASE("an open API is said aloud at the start", "[e2e][clients]") {
  const auto address
    = GENERATE(as<std::string>{}, "127.0.0.1:0", "localhost:0", "127.0.0.2:0");
  stage on{one_key};
  on.environment["TOKEN"] = token;
  const std::string said
    = "is open: whoever reaches this machine's loopback may spend the pool's"
      " money.";
  on.start(one_account + "listen: " + address + '\n');
  const auto text = on.daemon().err();
  const auto at = text.find(said);
  INFO(text);
  REQUIRE(at != std::string::npos);
  const auto line = text.substr(text.rfind('\n', at) + 1,
                                text.find('\n', at) - text.rfind('\n', at) - 1);
  CHECK_THAT(line, ContainsSubstring("warn"));
  // With the address itself, whatever port the system chose.
  const std::string listen = on.ask({"status"})["listen"];
  CHECK_THAT(line, ContainsSubstring("The API at " + listen + " is open"));
  CHECK(on.stop() == 0);
  on.start(with_client + "listen: " + address + '\n');
  CHECK(on.daemon().err().find(said) == std::string::npos);
}

TEST_CASE("an API open to other machines is refused", "[e2e][clients]") {
  const auto address = GENERATE(as<std::string>{}, "0.0.0.0:8787",
                                "'[::]:8787'", "192.0.2.1:8787");
  stage on{one_key};
  on.environment["TOKEN"] = token;
  for (const auto& more : {std::vector<std::string>{},
                           std::vector<std::string>{"--check-config"}}) {
    const auto x = on.refuse(one_account + "listen: " + address + '\n', more);
    INFO(x.err);
    CHECK(x.code == 2);
    CHECK(last_line(x.err) + '\n' == x.err); // One line.
    CHECK_THAT(x.err, StartsWith("rotad: " + (on.dir / "refused.yaml")
                                 + ":6: listen: would let other machines"));
    CHECK_THAT(x.err, ContainsSubstring("127.0.0.1:8787, or configure"));
    CHECK_FALSE(std::filesystem::exists(on.dir / "state"));
  }
  // With a client it is the operator's will.
  CHECK(on.refuse(with_client + "listen: " + address + '\n',
                  {"--check-config"})
          .code
        == 0);
}
