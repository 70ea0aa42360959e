#include "tools/rota/commands.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

void print_reload(const json& reply) {
  const auto& changed = list(reply, "changed");
  const auto& later = list(reply, "needs_restart");
  const auto& never = list(reply, "too_late");
  if (changed.empty() && later.empty() && never.empty())
    fmt::print("Nothing changed.\n");
  for (const auto& what : changed)
    fmt::print("{}\n", printable(what.get<std::string>()));
  for (const auto& key : later)
    fmt::print("{} changes at the next start.\n",
               printable(key.get<std::string>()));
  for (const auto& sentence : never)
    fmt::print("{}.\n", printable(sentence.get<std::string>()));
}

} // namespace

void add_reload(CLI::App& app, action& run) {
  auto* c
    = app.add_subcommand("reload", "Makes the daemon read its configuration");
  c->footer("Example: rota reload\nA file with faults changes nothing; they"
            " are printed with their lines.");
  c->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().post("/admin/v1/reload");
      x.as_json ? print_json(reply) : print_reload(reply);
      return 0;
    };
  });
}

} // namespace rota::cli
