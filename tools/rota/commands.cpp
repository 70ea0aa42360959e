#include "tools/rota/commands.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <unistd.h>

namespace rota::cli {

namespace {

constexpr uint64_t faults_shown = 50;

std::string default_socket() {
  const auto* named = std::getenv("ROTA_SOCKET");
  return named != nullptr && *named != '\0' ? named : "./state/rotad.sock";
}

} // namespace

bool context::colours() const {
  const auto* no = std::getenv("NO_COLOR");
  return !no_colour && (no == nullptr || *no == '\0')
         && isatty(STDOUT_FILENO) == 1;
}

int64_t now_s() {
  return std::time(nullptr);
}

void print_json(const json& x) {
  fmt::print("{}\n", x.dump(2));
}

void print_faults(const json& reply, const std::string& file) {
  if (!reply.is_object() || !reply.contains("faults"))
    return;
  uint64_t shown = 0;
  for (const auto& x : reply["faults"]) {
    if (shown++ == faults_shown)
      break;
    if (x.is_string())
      fmt::print(stderr, "{}\n", x.get<std::string>());
    else if (x.value("line", uint64_t{0}) == 0)
      fmt::print(stderr, "{}: {}: {}\n", file, x.value("code", ""),
                 x.value("text", ""));
    else
      fmt::print(stderr, "{}:{}: {}: {}\n", file, x.value("line", uint64_t{0}),
                 x.value("code", ""), x.value("text", ""));
  }
  const auto count
    = reply.value("fault_count", static_cast<uint64_t>(reply["faults"].size()));
  if (count > faults_shown)
    fmt::print(stderr, "... and {} more.\n", count - faults_shown);
}

int main_of(int argc, const char* const* argv) {
  CLI::App app{"rota talks to rotad, which owns a pool of LLM accounts."};
  context x;
  x.socket = default_socket();
  action run;
  app.add_option("--socket", x.socket, "The daemon's admin socket")
    ->envname("ROTA_SOCKET")
    ->capture_default_str();
  app.add_flag("--json", x.as_json, "Print the daemon's reply as JSON");
  app.add_flag("--no-color", x.no_colour, "Print without colours");
  app.set_version_flag("--version", ROTA_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Example: rota submit jobs.jsonl --wait\n"
             "Exit codes: 0 done, 1 failed, 2 usage, 3 daemon unreachable.");
  add_submit(app, run);
  add_estimate(app, run);
  add_batches(app, run);
  add_results(app, run);
  add_accounts(app, run);
  add_status(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    return run(x);
  } catch (const unreachable& e) {
    fmt::print(stderr, "rota: {}\n", e.what());
    return 3;
  } catch (const refused& e) {
    if (x.as_json && e.reply.is_object())
      print_json(e.reply);
    else
      print_faults(e.reply, "config");
    fmt::print(stderr, "rota: {}\n", e.what());
    return 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "rota: {}\n", e.what());
    return 1;
  }
}

} // namespace rota::cli
