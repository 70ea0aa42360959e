#include "tools/sim/run.hpp"

#include "tools/sim/load.hpp"
#include "tools/sim/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

namespace rota::sim {

namespace {

struct arguments {
  std::string config;
  std::string listen;
  std::string port_file;
  bool allow_remote = false;
  bool check = false;
};

struct address {
  std::string host;
  uint16_t port = 0;
};

/// Reads "127.0.0.1:9900" or "[::1]:9900".
std::optional<address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0)
    return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  const auto port = parse_decimal(text.substr(colon + 1), 0);
  if (!port || *port < 0 || *port > 65'535)
    return std::nullopt;
  return address{std::string{host}, static_cast<uint16_t>(*port)};
}

/// Writes the port so that whoever waits for the file finds it whole.
bool write_port(const std::string& path, uint16_t port) {
  const auto fresh = path + ".new";
  {
    std::ofstream out{fresh};
    out << port << '\n';
    if (!out.flush())
      return false;
  }
  return std::rename(fresh.c_str(), path.c_str()) == 0;
}

int complain(int code, const std::string& text) {
  std::cerr << text << '\n';
  return code;
}

int serve(const arguments& args) {
  auto loaded = load_options(args.config);
  for (const auto& x : loaded.faults)
    std::cerr << x << '\n';
  if (!loaded.faults.empty())
    return 2;
  const auto where = args.listen.empty() ? loaded.opts.listen : args.listen;
  const auto at = parse_address(where);
  if (!at)
    return complain(2, "'" + where
                           + "' is no address to listen on; give one such as "
                             "127.0.0.1:9900.");
  if (!is_loopback(at->host) && !args.allow_remote)
    return complain(2, "rota-sim listens on loopback only, since anybody can "
                       "change its books; '"
                           + at->host + "' needs --allow-remote.");
  if (args.check) {
    std::cout << args.config << " is fine.\n";
    return 0;
  }
  server provider{std::move(loaded.opts), at->host, at->port};
  provider.stop_on_signals();
  if (!args.port_file.empty() && !write_port(args.port_file, provider.port()))
    return complain(1, "rota-sim cannot write the port to '" + args.port_file
                           + "'; give a file that it may write.");
  const auto host =
      at->host.find(':') != std::string::npos ? "[" + at->host + "]" : at->host;
  std::cout << "rota-sim listens on http://" << host << ':' << provider.port()
            << std::endl;
  provider.run();
  return 0;
}

} // namespace

int run(int argc, char** argv) {
  arguments args;
  CLI::App app{"A scripted LLM provider with books of its own, for tests and "
               "rehearsals.\nExample: rota-sim --config tools/sim/example.yaml "
               "--listen 127.0.0.1:0",
               "rota-sim"};
  app.add_option("--config", args.config, "The simulator's YAML file")
      ->required();
  app.add_option("--listen", args.listen,
                 "HOST:PORT; port 0 takes a free one (default: the file's)");
  app.add_option("--port-file", args.port_file,
                 "Where to write the port once it listens");
  app.add_flag("--allow-remote", args.allow_remote,
               "Allow addresses other than loopback");
  app.add_flag("--check-config", args.check, "Check the file and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    return serve(args);
  } catch (const std::runtime_error& e) {
    return complain(1, e.what());
  }
}

} // namespace rota::sim
