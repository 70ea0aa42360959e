#include "tools/rota/budget.hpp"
#include "tools/rota/commands.hpp"
#include "tools/rota/follow.hpp"
#include "tools/rota/reply.hpp"
#include "tools/rota/results.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace rota::cli {

namespace {

/// As batch.max_in_flight has it.
constexpr uint32_t in_flight_max = 10'000;

struct submission {
  std::string file, name, model, policy;
  std::vector<std::string> tags;
  uint32_t max_in_flight = 0;
  bool skip_invalid = false;
  bool wait = false;
  following how;
};

/// How the file is called, to people and to the daemon.
std::string file_name(const std::string& file) {
  return file == "-" ? "stdin"
                     : std::filesystem::path{file}.filename().string();
}

parameters query_of(const submission& x) {
  return {
    {"name", x.name},
    {"model", x.model},
    {"file_name", file_name(x.file)},
    {"tags", joined(x.tags)},
    {"max_in_flight",
     x.max_in_flight > 0 ? std::to_string(x.max_in_flight) : ""},
    {"skip_invalid", x.skip_invalid ? "1" : ""},
    {"policy", x.policy},
  };
}

/// Sends the file; prints its faults where there are any.
json send(client& rotad, const context& x, const submission& what) {
  try {
    return rotad.post_file("/admin/v1/batches", query_of(what), what.file);
  } catch (const refused& e) {
    if (x.as_json)
      throw;
    print_faults(e.reply, what.file == "-" ? "stdin" : what.file);
    // The faults are told; what is left is the sentence.
    throw refused{e.what(), {}};
  }
}

/// Anthropic and Google put errors beside results, in one file.
std::string where_faults_go(const json& batch) {
  const auto format = batch.value("format", "");
  return format == "anthropic" || format == "gemini" ? "-o" : "--errors";
}

/// What may come of it is said before a script, or a person, waits.
void tell_accepted(const json& accepted, std::FILE* to) {
  const auto& report = field(accepted, "report");
  fmt::print(to, "{} runs {}, {}.\n", text(accepted, "id"),
             counted(count(accepted, "total"), "line"), cost_text(report));
  if (const auto pool = pool_cell(report);
      pool.tint != colour::green && !pool.text.empty())
    fmt::print(to, "The pool: {}.\n", pool.text);
  fmt::print(to, "{}", price_notes(report));
}

int submit(const context& x, submission& what) {
  auto rotad = x.connect();
  const auto accepted = send(rotad, x, what);
  const auto id = text(accepted, "id");
  const auto& report = field(accepted, "report");
  if (const auto skipped = count(report, "fault_count");
      skipped > 0 && !x.as_json) {
    print_faults(report, what.file == "-" ? "stdin" : what.file);
    fmt::print(stderr, "{} left out: rota results {} {} FILE\n",
               counted(skipped, "line"), id, where_faults_go(accepted));
  }
  if (what.wait) {
    tell_accepted(accepted, stderr);
    what.how.known = true;
    return follow(x, rotad, id, what.how);
  }
  if (x.as_json) {
    print_json(accepted);
  } else {
    tell_accepted(accepted, stdout);
    fmt::print("Watch it: rota batch {} --wait\n", id);
  }
  return 0;
}

/// Finds out before a cent is spent that results cannot be written.
void check_place(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code err;
  if (fs::is_directory(file, err))
    throw CLI::ValidationError{file + " is a directory; name a file in it"};
  const auto folder = fs::path{file}.parent_path();
  const auto where = folder.empty() ? std::string{"."} : folder.string();
  if (access(where.c_str(), W_OK | X_OK) != 0)
    throw CLI::ValidationError{"No file can be made in " + where + " ("
                               + std::strerror(errno)
                               + "); choose another place for the results"};
}

void check(const CLI::App& app, const submission& x) {
  const auto& [out, errors] = x.how.files;
  if (!x.wait && (!out.empty() || !errors.empty()))
    throw CLI::ValidationError{"-o and --errors need --wait"};
  if (!out.empty() && !errors.empty() && same_file(out, errors))
    throw CLI::ValidationError{"-o and --errors name the same file"};
  for (const auto& file : {out, errors})
    if (x.file != "-" && !file.empty() && same_file(x.file, file))
      throw CLI::ValidationError{file + " is the batch file itself; write the"
                                        " results into another one"};
  for (const auto& file : {out, errors})
    if (!file.empty() && file != "-")
      check_place(file);
  if (app.count("--json") > 0 && x.how.files.to_stdout())
    throw CLI::ValidationError{"--json and the results both want standard"
                               " output; write the results into a file"};
}

} // namespace

void add_submit(CLI::App& app, action& run) {
  const auto it = std::make_shared<submission>();
  auto* c = app.add_subcommand("submit", "Hands in a batch file");
  c->add_option("file", it->file,
                "The file: OpenAI, Anthropic or Gemini lines, or bare bodies;"
                " - is stdin")
    ->required();
  c->add_flag("--wait", it->wait,
              "Show its progress until it ends; exit code 1 if lines failed");
  c->add_option("--name", it->name, "A name for people")
    ->check(not_empty());
  c->add_option("--model", it->model,
                "The model of lines that name none (Gemini)")
    ->check(not_empty());
  c->add_option("--max-in-flight", it->max_in_flight,
                "Lines in flight at most")
    ->check(CLI::Range(1u, in_flight_max));
  add_tags(*c, it->tags);
  c->add_option("--policy", it->policy,
                "at_least_once: lines whose call may have been charged without"
                " an answer are sent again; at_most_once: they fail")
    ->check(CLI::IsMember({"at_least_once", "at_most_once"}));
  c->add_flag("--skip-invalid", it->skip_invalid,
              "Run the good lines of a file with faults");
  c->add_option("-o,--output", it->how.files.out,
                "With --wait: the output file; - is stdout");
  c->add_option("--errors", it->how.files.errors,
                "With --wait: the error file; - is stdout");
  add_reconnect(*c, it->how);
  c->footer("Example: rota submit jobs.jsonl --wait -o out.jsonl --errors"
            " failed.jsonl");
  c->callback([&app, &run, it] {
    check(app, *it);
    run = [it](const context& x) { return submit(x, *it); };
  });
}

} // namespace rota::cli
