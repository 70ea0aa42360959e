// The configuration as an operator meets it: everything that is wrong with all
// of its files, and what a running daemon takes over.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include <sys/stat.h>

#include <csignal>
#include <filesystem>

using namespace rota;

namespace {

namespace fs = std::filesystem;

const std::string sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

std::string account(const std::string& key) {
  return "\naccounts:\n  - {name: a, provider: openai, base_url: SIM, api_key: "
         + key + ", balance: {initial: 30.00}}\n";
}

const std::string good_config = account("env:KEY_A");

void write_secret(const std::string& path, const std::string& text) {
  write_file(path, text);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

json charged(stage& on, const std::string& name) {
  const auto books = on.books();
  for (const auto& x : books["accounts"])
    if (x["name"] == name)
      return x["charged"];
  return {};
}

} // namespace

TEST_CASE("a key that was replaced in its file is used after a reload",
          "[e2e]") {
  stage on{sim_file};
  const auto file = on.dir / "a.key";
  write_secret(file, "key-a\n");
  on.start(account("\"file:" + file + "\""));
  write_file(on.dir / "jobs.jsonl", chat_lines(3));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  const auto spent = charged(on, "a");
  CHECK(spent != charged(on, "b"));

  write_secret(file, "key-b\n");
  const auto report = on.ask({"reload"});
  CHECK(report["changed"] == json{"account a has another secret"});
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  CHECK(charged(on, "a") == spent);
  CHECK(charged(on, "b") == spent);
  CHECK(on.ask({"reload"})["changed"].empty());
  CHECK(on.daemon().err().find("key-b") == std::string::npos);
}

TEST_CASE("a key that no header takes is told with its account", "[e2e]") {
  stage on{sim_file};
  const auto file = on.dir / "a.key";
  write_secret(file, "\xEF\xBB\xBFkey-a\n");
  const auto config = account("\"file:" + file + "\"");
  on.start(config);
  write_secret(file, "key-\xE2\x80\x8B" "a\n");
  const auto said = ":5: accounts[a].api_key: the secret file " + file
                    + " holds a line break, a control character or one that"
                      " is not ASCII";
  const auto x = on.rota({"reload"});
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring(said));
  CHECK_THAT(x.err, ContainsSubstring("nothing was changed"));
  const auto refused = on.refuse(config, {"--check-config"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring(said));
  const auto header = on.refuse("\naccounts:\n  - {name: a, provider: openai,"
                                " base_url: SIM, api_key: env:KEY_A,\n"
                                "     headers: {X-Team: Z\xC3\xBCrich}}\n",
                                {"--check-config"});
  CHECK(header.code == 2);
  CHECK_THAT(header.err,
             ContainsSubstring(":6: accounts[a].headers: \"X-Team\" needs one"
                               " line of text in ASCII"));
}

TEST_CASE("one key twice is told, and may be used", "[e2e]") {
  stage on{sim_file};
  const auto twice = good_config
                     + "  - {name: b, provider: openai, base_url: SIM/,"
                       " api_key: env:KEY_A, balance: {initial: 1}}\n"
                       "  - {name: c, provider: openai, base_url: SIM,"
                       " api_key: env:KEY_B, balance: {initial: 1}}\n";
  const std::string said = "accounts[b].api_key: a has the same key at http";
  const auto x = on.refuse(twice, {"--check-config"});
  CHECK(x.code == 0);
  CHECK_THAT(x.err, ContainsSubstring(":6: " + said));
  CHECK(lines_of(x.err).size() == 1);
  CHECK(x.err.find("key-a") == std::string::npos);
  on.start(twice);
  CHECK_THAT(on.daemon().err(), ContainsSubstring(said));
}

TEST_CASE("an account whose money nobody tells is told", "[e2e]") {
  stage on{sim_file};
  const auto config = good_config
                      + "  - {name: b, provider: openai, base_url: SIM,"
                        " api_key: env:KEY_B}\n";
  const auto x = on.refuse(config, {"--check-config"});
  CHECK(x.code == 0);
  CHECK(lines_of(x.err).size() == 1);
  CHECK_THAT(x.err, ContainsSubstring(": accounts[b].balance: there is "
                                      "neither initial nor probe"));
  on.start(config);
  const auto reason = [&] {
    const auto all = on.ask({"accounts"});
    return all.at(1).at("reason").get<std::string>();
  };
  CHECK_THAT(reason(), ContainsSubstring("rota account b adjust USD"));
  on.ask({"account", "b", "adjust", "5"});
  CHECK(reason().empty());
}

TEST_CASE("a reload tells that a file it names was rewritten", "[e2e]") {
  stage on{sim_file};
  const auto prices = on.dir / "prices.json";
  const auto rules = on.dir / "rules.yaml";
  const auto price = [&](const char* usd) {
    write_file(prices, R"({"gpt-5-mini": {"input_cost_per_token": )"
                         + std::string{usd}
                         + R"(, "output_cost_per_token": 1e-6}})");
  };
  price("1e-6");
  write_file(rules, "rules: []\n");
  on.start(good_config + "prices: " + prices + "\nfailure_rules: " + rules
           + "\n");
  CHECK(on.ask({"reload"})["changed"].empty());
  price("2e-6");
  CHECK(on.ask({"reload"})["changed"]
        == json{"the file of prices has other contents"});
  write_file(rules, "rules: [{name: teapot, statuses: [418], class: overloaded}]\n");
  CHECK(on.ask({"reload"})["changed"]
        == json{"the file of failure_rules has other contents"});
  CHECK(on.ask({"reload"})["changed"].empty());
}

TEST_CASE("every fault of all files is reported at once", "[e2e]") {
  stage on{sim_file};
  const auto prices = on.dir / "prices.json";
  const auto rules = on.dir / "rules.yaml";
  const auto ca = on.dir / "ca.pem";
  write_file(prices, "{\n\"m\": {\"input_cost_per_token\": 7},\n\"n\": 3}\n");
  write_file(rules, "rules:\n- {name: x, class: nonsense,\n   colour: red}\n");
  write_file(ca, "-----BEGIN CERTIFICATE-----\nbm8=\n"
                 "-----END CERTIFICATE-----\n");
  const auto config = account("env:NO_SUCH_KEY") + "prices: " + prices
                      + "\nfailure_rules: " + rules
                      + "\nupstream: {ca_file: " + ca
                      + "}\nrouting: {strategy: best}\n";
  const auto at = "rotad: " + (on.dir / "refused.yaml");
  const std::vector<std::string> starts{
    at + ":5: accounts[a].api_key: the environment variable NO_SUCH_KEY is not",
    at + ":8: upstream.ca_file: " + ca + " holds no certificates",
    at + ":9: routing.strategy: \"best\" is not known",
    "rotad: " + prices + ":2: m: input_cost_per_token: is no price",
    "rotad: " + prices + ":3: n: is no object",
    "rotad: " + rules + ":2: class: \"nonsense\" is no class",
    "rotad: " + rules + ":3: colour: is unknown",
  };
  for (const auto& more : {std::vector<std::string>{},
                           std::vector<std::string>{"--check-config"}}) {
    const auto x = on.refuse(config, more);
    CHECK(x.code == 2);
    const auto lines = lines_of(x.err);
    INFO(x.err);
    REQUIRE(lines.size() == starts.size());
    for (size_t i = 0; i < starts.size(); ++i)
      CHECK(lines[i].starts_with(starts[i]));
    CHECK_FALSE(fs::exists(on.dir / "state"));
  }
}

TEST_CASE("a model can only be priced as one that has a price", "[e2e]") {
  stage on{sim_file};
  const auto x = on.refuse(good_config + R"(routing:
  price_aliases: {mine: gpt-5, yours: gpt-5-pro, theirs: nobody-knows}
)",
                           {"--check-config"});
  CHECK(x.code == 2);
  const auto at = "rotad: " + (on.dir / "refused.yaml")
                  + ":7: routing.price_aliases: ";
  CHECK_THAT(x.err, ContainsSubstring(at + "theirs is to cost what nobody-knows"
                                           " does, which has no price"));
  CHECK_THAT(x.err, ContainsSubstring(at + "yours is to cost what gpt-5-pro"));
  CHECK(lines_of(x.err).size() == 2);
}

TEST_CASE("a file that cannot be read is named with its option", "[e2e]") {
  stage on{sim_file};
  const auto none = on.dir / "none";
  const auto x = on.refuse(good_config + "prices: " + none
                             + "\nfailure_rules: " + on.dir.path().string()
                             + "\nupstream: {ca_file: " + none + "}\n",
                           {"--check-config"});
  CHECK(x.code == 2);
  const auto at = "rotad: " + (on.dir / "refused.yaml");
  INFO(x.err);
  const auto says = [&x](const std::string& what) {
    return x.err.find(what) != std::string::npos;
  };
  CHECK(says(at + ":6: prices: " + none + " cannot be read: No such file"));
  CHECK(says(at + ":7: failure_rules: " + on.dir.path().string()
             + " cannot be read: Is a directory"));
  CHECK(says(at + ":8: upstream.ca_file: " + none + " cannot be opened: No "));
  CHECK(lines_of(x.err).size() == 3);
}

TEST_CASE("certificates are looked at before a start", "[e2e]") {
  stage on{sim_file};
  const auto code_with = [&on](const std::string& pem) {
    write_file(on.dir / "ca.pem", pem);
    return on
      .refuse(good_config + "upstream: {ca_file: " + (on.dir / "ca.pem")
                + "}\n",
              {"--check-config"})
      .code;
  };
  const auto good
    = read_file(std::string{ROTA_TEST_DATA} + "/config/relay_ca.pem");
  CHECK(code_with(good) == 0);
  CHECK(code_with("# ours\n" + good + good) == 0);
  CHECK(code_with("") == 2);
  CHECK(code_with("no certificate") == 2);
  CHECK(code_with(good.substr(0, good.size() / 2)) == 2);
  CHECK(code_with(good + good.substr(0, good.size() / 2)) == 2);
}

TEST_CASE("a refused start says why, and nothing else", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  const auto x = on.refuse(good_config);
  CHECK(x.code == 1);
  INFO(x.err);
  CHECK(lines_of(x.err).size() == 1);
  CHECK(x.err.starts_with("rotad: "));
}

TEST_CASE("a refused reload leaves one line in the log", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  on.rewrite(account("env:NO_SUCH_KEY") + "routing: {strategy: best}\n");
  const auto refusals = [&on] {
    std::vector<std::string> result;
    for (auto& line : lines_of(on.daemon().err()))
      if (line.find("keeps its configuration") != std::string::npos)
        result.push_back(std::move(line));
    return result;
  };
  CHECK(on.rota({"reload"}).code == 1);
  REQUIRE(refusals().size() == 1);
  CHECK(refusals()[0].find("NO_SUCH_KEY") != std::string::npos);
  CHECK(refusals()[0].find("routing.strategy") != std::string::npos);
  on.daemon().signal(SIGHUP);
  wait_until("the signal is refused", [&] { return refusals().size() == 2; });
}

TEST_CASE("what waits for a restart is said until then", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  CHECK(on.ask({"status"})["needs_restart"].empty());
  on.rewrite(good_config + "refresh: {interval: 7m}\n");
  for (int i = 0; i < 2; ++i)
    CHECK(on.ask({"reload"})["needs_restart"] == json{"refresh.interval"});
  CHECK(on.ask({"status"})["needs_restart"] == json{"refresh.interval"});
  CHECK(on.rota({"status"}).out.find("refresh.interval") != std::string::npos);
  on.rewrite(good_config);
  CHECK(on.ask({"reload"})["needs_restart"].empty());
  CHECK(on.ask({"status"})["needs_restart"].empty());
}

TEST_CASE("the admin socket is open to user and group only", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  const auto mode = fs::status(on.dir / "rotad.sock").permissions();
  CHECK(mode == fs::perms{0660});
  CHECK(fs::status(on.dir / "state").permissions() == fs::perms{0700});
}

TEST_CASE("what is no file is not read", "[e2e]") {
  stage on{sim_file};
  const auto pipe = on.dir / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto x = on.refuse(good_config + "prices: /dev/zero\nfailure_rules: "
                             + pipe + "\n",
                           {"--check-config"});
  CHECK(x.code == 2);
  CHECK_THAT(x.err, ContainsSubstring("prices: /dev/zero cannot be read: it is "
                                      "no file"));
  CHECK_THAT(x.err, ContainsSubstring(pipe + " cannot be read: it is no file"));
}

TEST_CASE("a start says what is in doubt", "[e2e]") {
  stage on{sim_file + "latency: {first_byte: {distribution: fixed, value: "
                      "60s}}\n"};
  on.start(good_config);
  CHECK(on.daemon().err().find("calls in doubt: 0 over 0.00 USD")
        != std::string::npos);
  write_file(on.dir / "jobs.jsonl", chat_lines(2));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl"}).code == 0);
  wait_until("two calls are under way", [&on] {
    return on.ask({"account", "a"})["in_flight"] == 2;
  });
  on.kill();
  on.restart();
  const auto said = on.daemon().err();
  INFO(said);
  CHECK(said.find("calls in doubt: 2 over 0.0") != std::string::npos);
}
