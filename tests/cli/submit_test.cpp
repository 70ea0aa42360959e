#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;

namespace {

const std::string submit_path = "POST /admin/v1/batches";
const std::string batch_path = "GET /admin/v1/batches/batch_3";

std::string ended(uint64_t failed) {
  auto x = golden_json("accepted.json");
  x.erase("report");
  x["state"] = "completed";
  x["succeeded"] = 2 - failed;
  x["failed"] = failed;
  x["spent"] = "0.000200000";
  return x.dump();
}

struct accepting : cli_fixture {
  accepting() {
    daemon.on(submit_path, golden_reply("accepted.json"), 201);
    write_file(file, "{}\n{}\n");
  }

  std::string file = dir / "jobs.jsonl";
};

} // namespace

TEST_CASE("a name that a script left empty is refused", "[cli]") {
  accepting on;
  // It would run on all accounts, or show them all.
  for (const auto& arguments : std::vector<std::vector<std::string>>{
         {"submit", "--tag", "", on.file}, {"account", ""}}) {
    const auto x = on.rota(arguments);
    CHECK(x.code == 2);
    CHECK_THAT(x.err, ContainsSubstring("It is empty: give a name"));
  }
}

TEST_CASE("a file is handed in as it is", "[cli]") {
  accepting on;
  std::string text = "\xff\r\n";
  text += '\0';
  write_file(on.file, text);
  const auto x = on.rota({"submit", on.file});
  CHECK(x.code == 0);
  CHECK(x.err.empty());
  CHECK(x.out == "batch_3 runs 2 lines, at most 0.000261 USD at list price.\n"
                 "Watch it: rota batch batch_3 --wait\n");
  const auto seen = on.daemon.seen().at(0);
  CHECK(seen.whole);
  CHECK(seen.body == text);
  CHECK(seen.query == "file_name=jobs.jsonl");
  CHECK(json::parse(on.rota({"submit", on.file, "--json"}).out)["report"]
                   ["valid"]
        == 2);
}

TEST_CASE("a file that may cost more than its list price says so", "[cli]") {
  accepting on;
  auto reply = golden_json("accepted.json");
  auto& report = reply["report"];
  report["charged_max"] = "0.000522000";
  report["available"] = "0.000300000";
  report["fits"] = false;
  report["price_unknown"] = {"gpt-5-mini"};
  on.daemon.on(submit_path, reply.dump(), 201);
  on.daemon.on(batch_path, ended(0));
  const std::string said
    = "batch_3 runs 2 lines, at most 0.000261 USD at list price, 0.000522 USD"
      " at the dearest account that can serve it.\n"
      "The pool: 0.0003 USD above the floors of 3 accounts that can serve this:"
      " perhaps too little.\n"
      "The price of gpt-5-mini is not known, so the highest of all is taken: ";
  CHECK(on.rota({"submit", on.file}).out.starts_with(said));
  CHECK(on.rota({"submit", on.file, "--wait"}).err.starts_with(said));
}

TEST_CASE("what was chosen goes along", "[cli]") {
  accepting on;
  on.rota({"submit", on.file, "--name", "a & b", "--model", "m/1",
           "--max-in-flight", "7", "--skip-invalid", "--tag", "eu", "--tag",
           "cheap", "--policy", "at_most_once"});
  CHECK(on.daemon.seen().at(0).query
        == "name=a%20%26%20b&model=m%2F1&file_name=jobs.jsonl&tags=eu%2Ccheap"
           "&max_in_flight=7&skip_invalid=1&policy=at_most_once");
  CHECK(on.rota({"submit", on.file, "--policy", "exactly_once"}).code == 2);
  // A tag takes one word, so the file may stand behind it.
  CHECK(on.rota({"submit", "--tag", "eu", on.file}).code == 0);
}

TEST_CASE("a batch may come from a pipe", "[cli]") {
  accepting on;
  const auto x = on.shell("printf 'a\\nb\\n' | $ROTA submit -");
  CHECK(x.code == 0);
  CHECK(on.daemon.seen().at(0).body == "a\nb\n");
  CHECK(on.daemon.seen().at(0).query == "file_name=stdin");
}

TEST_CASE("an empty file reaches the daemon, which refuses it", "[cli]") {
  accepting on;
  write_file(on.file, "");
  CHECK(on.rota({"submit", on.file}).code == 0);
  CHECK(on.daemon.seen().at(0).whole);
  CHECK(on.daemon.seen().at(0).body_size == 0);
}

TEST_CASE("a file that cannot be read is named", "[cli]") {
  accepting on;
  const auto absent = on.rota({"submit", on.dir / "absent"});
  CHECK(absent.code == 1);
  CHECK(absent.err == "rota: The file " + (on.dir / "absent")
                        + " cannot be read: No such file or directory. Nothing"
                          " was submitted.\n");
  const auto directory = on.rota({"submit", on.dir.path().string()});
  CHECK(directory.code == 1);
  CHECK_THAT(directory.err, ContainsSubstring("Is a directory"));
  const auto closed = on.shell("$ROTA submit - <&-");
  CHECK(closed.code == 1);
  CHECK_THAT(closed.err, ContainsSubstring("Standard input cannot be read"));
  for (const auto& x : on.daemon.seen())
    CHECK_FALSE(x.whole);
}

TEST_CASE("the faults of a file are told with file and line", "[cli]") {
  accepting on;
  on.daemon.on(submit_path, golden_reply("refused.json"), 422);
  const auto x = on.rota({"submit", on.file});
  CHECK(x.code == 1);
  CHECK(x.out.empty());
  CHECK(x.err
        == on.file + ":2: invalid_json: The line is no JSON.\n" + on.file
             + ":3: duplicate_custom_id: custom_id \"a\" is line 1's; give"
               " each line its own.\n"
             + on.file + ": too_few: A fault of the whole file.\n"
             + "rota: The file has faults in 3 places; nothing was run."
               " Correct them, or submit with --skip-invalid.\n");
  const auto y = on.rota({"submit", on.file, "--json"});
  CHECK(y.code == 1);
  CHECK(json::parse(y.out) == golden_json("refused.json"));
}

TEST_CASE("at most fifty faults are told, then how many more", "[cli]") {
  accepting on;
  auto reply = golden_json("refused.json");
  const auto fault = reply["faults"][0];
  const auto told = [&](size_t listed, size_t all) {
    reply["faults"] = json::array();
    for (size_t i = 0; i < listed; ++i)
      reply["faults"].push_back(fault);
    reply["fault_count"] = all;
    on.daemon.on(submit_path, reply.dump(), 422);
    const auto x = on.rota({"submit", on.file}).err;
    return std::pair{std::count(x.begin(), x.end(), '\n'), x};
  };
  CHECK(told(50, 50).first == 51);
  const auto more = told(51, 123'456);
  CHECK(more.first == 52);
  CHECK_THAT(more.second, ContainsSubstring("... and 123406 more."));
  CHECK_THAT(told(20, 30).second, ContainsSubstring("... and 10 more."));
}

TEST_CASE("lines that are left out are told", "[cli]") {
  accepting on;
  auto reply = golden_json("accepted.json");
  reply["report"]["fault_count"] = 1;
  reply["report"]["faults"] = {
    {{"line", 2}, {"code", "invalid_json"}, {"text", "No."}}};
  on.daemon.on(submit_path, reply.dump(), 201);
  const auto x = on.rota({"submit", on.file, "--skip-invalid"});
  CHECK(x.code == 0);
  CHECK(x.err
        == on.file + ":2: invalid_json: No.\n"
             + "1 line left out: rota results batch_3 --errors FILE\n");
  // Where a family has one file for both, they stand there.
  reply["format"] = "gemini";
  on.daemon.on("POST /admin/v1/batches", reply.dump(), 201);
  CHECK_THAT(on.rota({"submit", on.file, "--skip-invalid"}).err,
             ContainsSubstring("left out: rota results batch_3 -o FILE\n"));
}

TEST_CASE("waiting ends with a summary and its exit code", "[cli]") {
  accepting on;
  on.daemon.on(batch_path, {{200, golden_reply("batch.json"), {}},
                            {200, ended(0), {}}});
  const auto x = on.rota({"submit", on.file, "--wait"});
  CHECK(x.code == 0);
  CHECK(x.out
        == "batch_3 is completed: 2 of 2 lines succeeded, 0.0002 USD spent.\n"
           "Results: rota results batch_3 -o FILE\n");
  CHECK(on.daemon.count(batch_path) == 2);
  on.daemon.on(batch_path, ended(1));
  const auto y = on.rota({"submit", on.file, "--wait"});
  CHECK(y.code == 1);
  CHECK_THAT(y.out,
             ContainsSubstring("1 of 2 lines succeeded, 1 failed")
               && ContainsSubstring("1 line failed: rota results batch_3"
                                    " --errors FILE"));
  const auto z = on.rota({"submit", on.file, "--wait", "--json"});
  CHECK(z.code == 1);
  CHECK(json::parse(z.out)["failed"] == 1);
}

TEST_CASE("waiting may write the results", "[cli]") {
  accepting on;
  on.daemon.on(batch_path, ended(1));
  on.daemon.on(batch_path + "/results", "good\n");
  on.daemon.on(batch_path + "/errors", "bad\n");
  const auto out = on.dir / "out.jsonl";
  const auto errors = on.dir / "err.jsonl";
  const auto x = on.rota({"submit", on.file, "--wait", "-o", out, "--errors",
                          errors});
  CHECK(x.code == 1);
  CHECK(read_file(out) == "good\n");
  CHECK(read_file(errors) == "bad\n");
  CHECK_THAT(x.out, ContainsSubstring("Results: " + out)
                      && ContainsSubstring("1 line failed: " + errors));
  // Nothing but the results goes where they go.
  const auto y = on.rota({"submit", on.file, "--wait", "-o", "-"});
  CHECK(y.out == "good\n");
  CHECK_THAT(y.err, ContainsSubstring("1 of 2 lines succeeded"));
}

TEST_CASE("an estimate tells lines, tokens and money", "[cli]") {
  accepting on;
  const std::string path = "POST /admin/v1/estimate";
  auto reply = golden_json("estimate.json");
  on.daemon.on(path, reply.dump());
  const auto x = on.rota({"estimate", on.file, "--model", "m"});
  CHECK(x.code == 0);
  CHECK(on.daemon.seen().at(0).query == "model=m");
  CHECK(x.out == "file    " + on.file + R"(
format  openai
lines   42
models  gpt-5-mini (40), gpt-5-nano (2)
tokens  about 5200 in, at most 20480 out
cost    at most 0.04226 USD at list price
pool    93.00 USD above the floors of 3 accounts that can serve this: enough
)");
  CHECK(json::parse(on.rota({"estimate", on.file, "--json"}).out) == reply);
  reply["fits"] = false;
  reply["fault_count"] = 1;
  reply["faults"] = {{{"line", 2}, {"code", "invalid_json"}, {"text", "No."}}};
  on.daemon.on(path, reply.dump());
  reply["folded"] = true;
  reply["accounts"] = 1;
  reply["charged_max"] = "0.05";
  reply["price_unknown"] = {"gpt-5-mini"};
  reply["price_by_prefix"] = {{"gpt-5-nano", "gpt-5"}};
  on.daemon.on(path, reply.dump());
  const auto y = on.rota({"estimate", on.file, "--tag", "eu", "--tag", "us"});
  CHECK(on.daemon.seen().back().query == "tags=eu%2Cus");
  CHECK(y.code == 1);
  CHECK_THAT(y.out, ContainsSubstring("at most 0.04226 USD at list price, 0.05"
                                      " USD at the dearest account that can"
                                      " serve it"));
  CHECK_THAT(y.out, ContainsSubstring("of 1 account that"));
  CHECK_THAT(y.out, ContainsSubstring("The price of gpt-5-mini is not known"));
  CHECK_THAT(y.out, ContainsSubstring("The price of gpt-5-nano is taken from"
                                      " gpt-5, for no more of the name is"));
  CHECK_THAT(y.out, ContainsSubstring("perhaps too little"));
  CHECK(y.err == on.file + ": request 2: invalid_json: No.\n");
  reply["accounts"] = 0;
  on.daemon.on(path, reply.dump());
  CHECK_THAT(on.rota({"estimate", on.file}).out,
             ContainsSubstring("no account can serve this now"));
}

TEST_CASE("a file of any size is sent in bounded memory", "[cli]") {
  accepting on;
  constexpr uint64_t size = 600'000'000;
  std::filesystem::resize_file(on.file, size);
  const auto x = on.shell(std::string{little_memory} + "$ROTA submit "
                          + on.file);
  CHECK(x.err.empty());
  CHECK(x.code == 0);
  CHECK(on.daemon.seen().at(0).body_size == size);
}
