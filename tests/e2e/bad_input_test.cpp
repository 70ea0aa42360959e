// Each kind of bad input: one clear sentence, the right exit code, and nothing
// half done.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

const std::string good_config = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)";

bool says(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("a wrong configuration is refused with all its faults", "[e2e]") {
  stage on{sim_file};
  const auto x = on.refuse(R"(
accounts:
  - {name: a, provider: opnai, base_url: SIM, api_key: env:KEY_A, colour: red}
routing: {strategy: best}
)");
  CHECK(x.code == 2);
  CHECK(says(x.err, "refused.yaml:5"));
  CHECK(says(x.err, "opnai"));
  CHECK(says(x.err, "colour"));
  CHECK(says(x.err, "refused.yaml:6"));
  CHECK(says(x.err, "strategy"));
  CHECK_FALSE(std::filesystem::exists(on.dir / "state"));
}

TEST_CASE("the option --check-config checks and starts nothing", "[e2e]") {
  stage on{sim_file};
  const auto good = on.refuse(good_config, {"--check-config"});
  CHECK(good.code == 0);
  CHECK(says(good.out, "is good. Accounts: 1."));
  CHECK_FALSE(std::filesystem::exists(on.dir / "state"));
}

TEST_CASE("a missing key variable is named", "[e2e]") {
  stage on{sim_file};
  auto config = good_config;
  config.replace(config.find("KEY_A"), 5, "NO_SUCH_KEY");
  const auto x = on.refuse(config);
  CHECK(x.code == 2);
  CHECK(says(x.err, "NO_SUCH_KEY"));
}

TEST_CASE("a store that another daemon holds is left alone", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  const auto x = on.refuse(good_config);
  CHECK(x.code == 1);
  CHECK(says(x.err, "Another"));
  CHECK(on.ask({"status"})["accounts"] == 1);
}

TEST_CASE("a socket in use is named", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  write_file(on.dir / "other.yaml",
             "state_dir: " + (on.dir / "other") + "\nadmin: {socket: "
               + (on.dir / "rotad.sock")
               + "}\nlisten: 127.0.0.1:0\naccounts:\n  - {name: a,"
                 " provider: openai, base_url: "
               + on.base_url() + ", api_key: env:KEY_A}\n");
  const auto x = run_command(
    on.dir,
    {std::string{ROTA_BIN_DIR} + "/rotad", "--config", on.dir / "other.yaml"},
    on.environment);
  CHECK(x.code == 1);
  CHECK(says(x.err, "Another rotad listens on"));
  CHECK(on.ask({"status"})["accounts"] == 1);
}

TEST_CASE("a file that is no socket is left alone", "[e2e]") {
  stage on{sim_file};
  write_file(on.dir / "rotad.sock", "precious");
  const auto x = on.refuse(good_config);
  CHECK(x.code == 1);
  CHECK(says(x.err, "lies a file that is no socket"));
  CHECK(read_file(on.dir / "rotad.sock") == "precious");
}

TEST_CASE("a wrong batch file runs nothing and names every line", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  const std::string invalid
    = std::string{ROTA_TEST_DATA} + "/wire/batch/openai_input_invalid.jsonl";
  const auto x = on.rota({"submit", invalid});
  CHECK(x.code == 1);
  for (const auto* line : {":2:", ":3:", ":4:", ":6:", ":7:"})
    CHECK(says(x.err, invalid + line));
  CHECK_FALSE(says(x.err, invalid + ":1:"));
  CHECK(says(x.err, "nothing was run"));
  CHECK(on.ask({"batches"}).empty());
  CHECK(on.books()["calls"] == 0);
  SECTION("the good lines run if that is wanted") {
    const auto y = on.rota({"submit", invalid, "--skip-invalid", "--wait",
                            "--json"});
    CHECK(json::parse(y.out)["total"] == 1);
    CHECK(on.books()["calls"] == 1);
    const auto errors = on.rota({"results", "1", "-o", "/dev/null", "--errors",
                                 on.dir / "bad.jsonl"});
    CHECK(errors.code == 0);
    const auto bad = read_file(on.dir / "bad.jsonl");
    CHECK(std::count(bad.begin(), bad.end(), '\n') == 5);
    CHECK(says(bad, "duplicate_custom_id"));
  }
}

TEST_CASE("files that are no batch files", "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  const auto refusal = [&on](const std::string& text) {
    write_file(on.dir / "in", text);
    const auto x = on.rota({"submit", on.dir / "in"});
    CHECK(x.code == 1);
    return x.err;
  };
  CHECK(says(refusal(""), "empty_file"));
  CHECK(says(refusal("\n\n"), "empty_file"));
  CHECK(says(refusal("hello\n"), ":1:"));
  CHECK(says(refusal(chat_lines(1, "no-such-model") + "{}\n"), ":2:"));
  CHECK(says(refusal(R"({"custom_id":"x","method":"POST","url":"/v1/chat/comp)"
                     R"(letions","body":{"model":"m","messages":[{"role":"us)"
                     R"(er","content":")"
                     + std::string(1'100'000, 'x') + R"("}]}})" + "\n"),
             "line_too_long"));
  CHECK(on.rota({"submit", on.dir / "absent"}).code == 1);
  CHECK(on.ask({"batches"}).empty());
}

TEST_CASE("a file without an end is refused at the size limit", "[e2e]") {
  stage on{sim_file};
  on.start(good_config + "batch: {max_file_bytes: 3MiB}\n");
  for (const auto verb : {"estimate", "submit"}) {
    const auto x = on.rota({verb, "/dev/zero"});
    CHECK(x.code == 1);
    CHECK(says(x.err, "more than 3145728 bytes"));
  }
  CHECK(on.ask({"batches"}).empty());
}

TEST_CASE("a model that no account serves is unknown", "[e2e]") {
  stage on{sim_file};
  auto config = good_config;
  config.insert(config.find("balance:"), "models: [gpt-5-mini], ");
  on.start(config);
  write_file(on.dir / "in", chat_lines(2, "gpt-5-nano"));
  const auto x = on.rota({"submit", on.dir / "in"});
  CHECK(x.code == 1);
  CHECK(says(x.err, "unknown_model"));
  CHECK(says(x.err, "gpt-5-nano"));
}

TEST_CASE("an unreachable provider costs nothing and loses nothing",
          "[e2e]") {
  stage on{sim_file};
  auto config = good_config + "routing: {backoff_base: 10ms, backoff_max:"
                              " 20ms}\nhealth: {eject_base: 100ms, eject_max:"
                              " 100ms}\n";
  config.replace(config.find("SIM"), 3, "http://127.0.0.1:1");
  on.start(config);
  write_file(on.dir / "in", chat_lines(3));
  const auto x = on.rota({"submit", on.dir / "in", "--wait", "--errors",
                          on.dir / "err.jsonl"});
  CHECK(x.code == 1);
  const auto errors = read_file(on.dir / "err.jsonl");
  CHECK(std::count(errors.begin(), errors.end(), '\n') == 3);
  const auto a = on.ask({"account", "a"});
  CHECK(a["spent"] == "0.000000000");
  CHECK(a["held"] == "0.000000000");
  CHECK(a["in_doubt"] == 0);
}

TEST_CASE("a provider that answers HTML is a failure, not a result",
          "[e2e]") {
  stage on{sim_file + R"(
script:
  - match: {every: 1}
    action: {html: true}
)"};
  on.start(good_config + "routing: {attempts: 2, backoff_base: 10ms,"
                         " backoff_max: 20ms}\nhealth: {eject_base: 100ms,"
                         " eject_max: 100ms}\n");
  write_file(on.dir / "in", chat_lines(2));
  const auto x = on.rota({"submit", on.dir / "in", "--wait", "-o",
                          on.dir / "out.jsonl", "--errors",
                          on.dir / "err.jsonl"});
  CHECK(x.code == 1);
  CHECK(read_file(on.dir / "out.jsonl").empty());
  const auto errors = read_file(on.dir / "err.jsonl");
  CHECK(std::count(errors.begin(), errors.end(), '\n') == 2);
  const auto error = json::parse(errors.substr(0, errors.find('\n')));
  CHECK(error["response"]["status_code"] == 502);
  CHECK(error["response"]["body"]["error"]["message"]
        == "The provider answered HTTP 200 with a web page instead of JSON.");
}

TEST_CASE("a tag that no account has is refused, and nothing stored",
          "[e2e]") {
  stage on{sim_file};
  auto config = good_config;
  config.insert(config.find("balance:"),
                "tags: [cheap, eu], models: [gpt-5-mini], ");
  on.start(config);
  write_file(on.dir / "in", chat_lines(2));
  for (const auto* command : {"submit", "estimate"}) {
    const auto x = on.rota({command, on.dir / "in", "--tag", "chaep"});
    CHECK(x.code == 1);
    CHECK(x.err
          == "rota: No account has the tag chaep. The accounts' tags are:"
             " cheap, eu.\n");
  }
  CHECK(on.ask({"batches"}).empty());
  CHECK(on.ask({"submit", on.dir / "in", "--tag", "cheap", "--tag", "eu"})
          ["total"]
        == 2);
}

TEST_CASE("a tag whose accounts do not serve the model is refused",
          "[e2e]") {
  stage on{sim_file};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, tags: [eu], models: [gpt-5-nano]}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, tags: [us]}
)");
  write_file(on.dir / "in", chat_lines(1));
  const auto x = on.rota({"submit", on.dir / "in", "--tag", "eu"});
  CHECK(x.code == 1);
  CHECK(says(x.err, "No account with the tag eu serves the model"
                    " \"gpt-5-mini\" for /v1/chat/completions"));
  CHECK(says(x.err, "The file has a fault; nothing was run."));
  CHECK(on.ask({"batches"}).empty());
}

TEST_CASE("the faults of one document of requests name the request",
          "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  write_file(on.dir / "in", R"({
  "requests": [
    {
      "custom_id": "a",
      "params": {"model": "m", "max_tokens": 5, "messages": []}
    },
    {
      "custom_id": "b",
      "params": {"model": "m", "messages": []}
    }
  ]
}
)");
  const auto x = on.rota({"submit", on.dir / "in"});
  CHECK(x.code == 1);
  CHECK(says(x.err, on.dir / "in" + ": request 2: "));
}

TEST_CASE("error lines that cannot be written refuse the whole file",
          "[e2e]") {
  stage on{sim_file};
  on.start(good_config);
  write_file(on.dir / "in", chat_lines(1) + "{}\n");
  const auto path = std::filesystem::path{on.dir / "state"}
                    / "batches/batch_1.refused";
  std::filesystem::create_directory(path);
  const auto x = on.rota({"submit", on.dir / "in", "--skip-invalid"});
  CHECK(x.code == 1);
  CHECK(says(x.err, path.string()));
  CHECK(says(x.err, "so nothing was accepted"));
  CHECK(on.ask({"batches"}).empty());
  CHECK(on.books()["calls"] == 0);
}

TEST_CASE("without a daemon rota says how to start one", "[e2e]") {
  const temp_dir dir;
  const auto x = run_command(
    dir, {std::string{ROTA_BIN_DIR} + "/rota", "--socket", dir / "none.sock",
          "status"});
  CHECK(x.code == 3);
  CHECK(says(x.err, dir / "none.sock"));
  CHECK(says(x.err, "rotad --config"));
  CHECK(run_command(dir, {std::string{ROTA_BIN_DIR} + "/rota", "nonsense"})
          .code
        == 2);
  CHECK(run_command(dir, {std::string{ROTA_BIN_DIR} + "/rota"}).code == 2);
}
