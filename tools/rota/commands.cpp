#include "tools/rota/commands.hpp"

#include "messages/ids.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <unistd.h>

namespace rota::cli {

namespace {

constexpr uint64_t faults_shown = 50;

/// The configuration's faults come as texts, a batch file's with line and
/// code; one that was a single document has requests in place of lines.
std::string fault_line(const json& x, const std::string& file, bool folded) {
  if (x.is_string())
    return printable(x.get<std::string>());
  const auto line = count(x, "line");
  return fmt::format("{}{}: {}: {}", file,
                     line > 0 ? (folded ? ": request " : ":")
                                  + std::to_string(line)
                              : "",
                     text(x, "code"), text(x, "text"));
}

void print_refusal(const refused& e, const context& x) {
  if (x.as_json && e.reply.is_object())
    print_json(e.reply);
  else
    print_faults(e.reply, "config");
  fmt::print(stderr, "rota: {}\n", printable(e.what()));
}

bool knows(const CLI::App& app, std::string_view command) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(all.begin(), all.end(), [command](const auto* x) {
    return x->get_name() == command;
  });
}

/// The word that stands where a command should, if it is none.
std::string unknown_command(const CLI::App& app, int argc,
                            const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (word == "--socket")
      ++i;
    else if (!word.starts_with('-'))
      return knows(app, word) ? std::string{} : std::string{word};
  }
  return {};
}

int run_checked(const action& run, const context& x) {
  try {
    try {
      return run(x);
    } catch (const refused& e) {
      print_refusal(e, x);
      return 1;
    }
  } catch (const unreachable& e) {
    fmt::print(stderr, "rota: {}\n", e.what());
    return 3;
  } catch (const std::exception& e) {
    fmt::print(stderr, "rota: {}\n", e.what());
    return 1;
  }
}

} // namespace

bool context::colours() const {
  const auto* no = std::getenv("NO_COLOR");
  const auto* kind = std::getenv("TERM");
  return !no_colour && (no == nullptr || *no == '\0')
         && (kind == nullptr || std::string_view{kind} != "dumb")
         && isatty(STDOUT_FILENO) == 1;
}

int64_t now_s() {
  return std::time(nullptr);
}

void print_json(const json& x) {
  fmt::print("{}\n", x.dump(2));
}

void print_faults(const json& reply, const std::string& file) {
  const auto folded = reply.is_object() && reply.contains("folded")
                      && flag(reply, "folded");
  uint64_t shown = 0;
  for (const auto& x : list(reply, "faults")) {
    if (shown == faults_shown)
      break;
    fmt::print(stderr, "{}\n", fault_line(x, file, folded));
    ++shown;
  }
  const uint64_t all = reply.is_object() && reply.contains("fault_count")
                         ? count(reply, "fault_count")
                         : list(reply, "faults").size();
  if (all > shown)
    fmt::print(stderr, "... and {} more.\n", all - shown);
}

void add_tags(CLI::App& command, std::vector<std::string>& tags) {
  command.add_option("--tag", tags, "Only accounts with this tag; repeatable")
    ->allow_extra_args(false)
    ->check(not_empty());
}

CLI::Validator not_empty() {
  return {[](const std::string& x) {
            return x.empty() ? "It is empty: give a name, or leave it out."
                             : std::string{};
          },
          ""};
}

std::string joined(const std::vector<std::string>& tags) {
  std::string result;
  for (const auto& tag : tags)
    result += (result.empty() ? "" : ",") + tag;
  return result;
}

void add_batch_id(CLI::App& command, std::string& id) {
  command.add_option("id", id, "The batch, such as batch_3 or 3")
    ->required()
    ->transform(CLI::Validator{
      [](std::string& given) {
        const auto parsed = parse_batch_id(given);
        if (parsed)
          given = to_string(*parsed);
        return parsed ? std::string{}
                      : given + " is no batch; write batch_3 or 3";
      },
      ""});
}

int main_of(int argc, const char* const* argv) {
  CLI::App app{"rota talks to rotad, which owns a pool of LLM accounts."};
  context x;
  action run;
  app.add_option("--socket", x.socket, "The daemon's admin socket")
    ->envname("ROTA_SOCKET")
    ->capture_default_str();
  app.add_flag("--json", x.as_json, "Print the daemon's reply as JSON");
  app.add_flag("--no-color", x.no_colour, "Print without colours");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Example: rota submit jobs.jsonl --wait\n"
             "Exit codes: 0 done, 1 failed, 2 usage, 3 daemon unreachable.");
  for (auto* add : {add_submit, add_batches, add_batch, add_results,
                    add_estimate, add_accounts, add_account, add_clients,
                    add_token, add_requests, add_explain, add_status,
                    add_reload, add_fsck, add_backup, add_restore,
                    add_snapshot, add_version})
    add(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (const auto word = unknown_command(app, argc, argv); !word.empty()) {
      fmt::print(stderr, "rota: {} is no command; rota --help lists them.\n",
                 printable(word));
      return 2;
    }
    return app.exit(e) == 0 ? 0 : 2;
  }
  auto code = run_checked(run, x);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "rota: Standard output cannot be written: {}.\n",
               std::strerror(errno));
    code = std::max(code, 1);
  }
  return code;
}

} // namespace rota::cli
