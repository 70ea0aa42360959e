#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/progress.hpp"
#include "tools/rota/results.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

struct submission {
  std::string file, name, model, out, errors;
  std::vector<std::string> tags;
  uint32_t max_in_flight = 0;
  bool skip_invalid = false;
  bool wait = false;
};

std::string joined(const std::vector<std::string>& xs) {
  std::string result;
  for (const auto& x : xs)
    result += (result.empty() ? "" : ",") + x;
  return result;
}

parameters query_of(const submission& x) {
  return {
    {"name", x.name},
    {"model", x.model},
    {"file_name", x.file},
    {"tags", joined(x.tags)},
    {"max_in_flight",
     x.max_in_flight > 0 ? std::to_string(x.max_in_flight) : ""},
    {"skip_invalid", x.skip_invalid ? "1" : ""},
  };
}

/// Sends the file; prints its faults where there are any.
json send(client& rotad, const context& x, const submission& what) {
  try {
    return rotad.post_file("/admin/v1/batches", query_of(what), what.file);
  } catch (const refused& e) {
    if (!x.as_json)
      print_faults(e.reply, what.file);
    // The faults are told; what is left is the sentence.
    throw refused{e.what(), x.as_json ? e.reply : json{}};
  }
}

int summary(const context& x, client& rotad, const submission& what,
            const json& batch) {
  const auto id = batch.value("id", "");
  const auto failed = batch["failed"].get<uint64_t>()
                      + batch["cancelled"].get<uint64_t>();
  const auto path = "/admin/v1/batches/" + id;
  if (!what.out.empty())
    save_lines(rotad, path + "/results", what.out);
  if (!what.errors.empty())
    save_lines(rotad, path + "/errors", what.errors);
  if (x.as_json) {
    print_json(batch);
  } else {
    fmt::print("{} {}: {} of {} lines succeeded, {} failed, {} USD spent.\n",
               id, batch.value("state", ""), batch["succeeded"].dump(),
               batch["total"].dump(), failed,
               short_money(batch["spent"].get<std::string>()));
    if (what.out.empty())
      fmt::print("Results: rota results {} -o FILE\n", id);
  }
  return failed == 0 ? 0 : 1;
}

int submit(const context& x, const submission& what) {
  auto rotad = x.connect();
  const auto accepted = send(rotad, x, what);
  const auto id = accepted.value("id", "");
  if (const auto skipped
      = accepted["report"].value("fault_count", uint64_t{0});
      skipped > 0 && !x.as_json) {
    print_faults(accepted["report"], what.file);
    fmt::print(stderr, "{} lines are skipped.\n", skipped);
  }
  if (!what.wait) {
    if (x.as_json)
      print_json(accepted);
    else
      fmt::print("{} runs {} lines, at most {} USD at list price.\n"
                 "Watch it: rota batch {}\n",
                 id, accepted["total"].dump(),
                 short_money(
                   accepted["report"]["cost_max"].get<std::string>()),
                 id);
    return 0;
  }
  const auto end = watch(rotad, id);
  if (end.interrupted) {
    fmt::print(stderr, "{} goes on without you. Watch it: rota batch {}\n", id,
               id);
    return 1;
  }
  return summary(x, rotad, what, end.batch);
}

void print_estimate(const json& x, const std::string& file) {
  fmt::print("{}: {} lines, {} good, format {}.\n", file, x["lines"].dump(),
             x["valid"].dump(), x.value("format", ""));
  print_faults(x, file);
  for (const auto& [model, lines] : x["models"].items())
    fmt::print("  {:<32} {} lines\n", model, lines.dump());
  fmt::print("Tokens: about {} in, at most {} out.\n"
             "Cost: at most {} USD at list price; the pool has {} USD above"
             " its floors: {}.\n",
             x["tokens"]["input"].dump(), x["tokens"]["output_max"].dump(),
             short_money(x["cost_max"].get<std::string>()),
             short_money(x["available"].get<std::string>()),
             x["fits"].get<bool>() ? "enough" : "perhaps not enough");
}

} // namespace

void add_submit(CLI::App& app, action& run) {
  const auto it = std::make_shared<submission>();
  auto* c = app.add_subcommand("submit", "Hands in a batch file");
  c->add_option("file", it->file,
                "The file: OpenAI, Anthropic or Gemini lines, or bare bodies;"
                " - is stdin")
    ->required();
  c->add_flag("--wait", it->wait, "Show its progress until it ends");
  c->add_option("--name", it->name, "A name for people");
  c->add_option("--model", it->model,
                "The model of lines that name none (Gemini)");
  c->add_option("--max-in-flight", it->max_in_flight,
                "Lines in flight at most");
  c->add_option("--tag", it->tags, "Only accounts with this tag; repeatable");
  c->add_flag("--skip-invalid", it->skip_invalid,
              "Run the good lines of a file with faults");
  c->add_option("-o,--output", it->out, "With --wait: the output file");
  c->add_option("--errors", it->errors, "With --wait: the error file");
  c->footer("Example: rota submit jobs.jsonl --wait -o out.jsonl");
  c->callback([&run, it] {
    if (!it->wait && (!it->out.empty() || !it->errors.empty()))
      throw CLI::ValidationError{"-o and --errors need --wait"};
    run = [it](const context& x) { return submit(x, *it); };
  });
}

void add_estimate(CLI::App& app, action& run) {
  const auto it = std::make_shared<submission>();
  auto* c = app.add_subcommand("estimate",
                               "Checks and prices a batch file; runs nothing");
  c->add_option("file", it->file, "The file; - is stdin")->required();
  c->add_option("--model", it->model,
                "The model of lines that name none (Gemini)");
  c->footer("Example: rota estimate jobs.jsonl");
  c->callback([&run, it] {
    run = [it](const context& x) {
      const auto reply = x.connect().post_file("/admin/v1/estimate",
                                               query_of(*it), it->file);
      x.as_json ? print_json(reply) : print_estimate(reply, it->file);
      return reply["fault_count"].get<uint64_t>() == 0 ? 0 : 1;
    };
  });
}

} // namespace rota::cli
