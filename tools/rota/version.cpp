#include "tools/rota/commands.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

void add_version(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("version", "Shows the versions of rota and of"
                                          " the daemon, where one runs");
  c->footer("Example: rota version");
  c->callback([&run] {
    run = [](const context& x) {
      json daemon;
      try {
        daemon = text(x.connect().get("/admin/v1/status"), "version");
      } catch (const unreachable&) {
        // A version can be asked for without a daemon.
      }
      if (x.as_json)
        print_json({{"rota", ROTA_VERSION}, {"rotad", daemon}});
      else
        fmt::print("rota {}\n{}\n", ROTA_VERSION,
                   daemon.is_string()
                     ? "rotad " + daemon.get<std::string>()
                     : "rotad does not run at " + x.socket);
      return 0;
    };
  });
}

} // namespace rota::cli
