#include "runtime/configuration.hpp"
#include "runtime/daemon.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  CLI::App app{"rotad owns a pool of LLM accounts and serves jobs from it."};
  std::string config = "rota.yaml";
  bool check_only = false;
  app.add_option("--config", config, "The configuration file")
    ->capture_default_str();
  app.add_flag("--check-config", check_only,
               "Check all that a start would read, and exit");
  app.set_version_flag("--version", ROTA_VERSION);
  app.footer("Example: rotad --config rota.yaml");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& x) {
    return app.exit(x) == 0 ? 0 : 2;
  }
  auto loaded = rota::load_configuration(config);
  for (const auto& fault : loaded.faults)
    std::fprintf(stderr, "rotad: %s\n", fault.c_str());
  if (!loaded.faults.empty())
    return 2;
  if (check_only) {
    for (const auto& warning : loaded.warnings)
      std::fprintf(stderr, "rotad: warning: %s\n", warning.c_str());
    std::printf("%s is good. Accounts: %zu.\n", config.c_str(),
                loaded.opts.accounts.size());
    return 0;
  }
  rota::block_signals();
  return rota::run_daemon(loaded, config);
}
