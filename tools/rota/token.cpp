#include "runtime/storage/digest.hpp"
#include "tools/rota/commands.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace rota::cli {

namespace {

/// 256 bits; what begins with sk- passes the checks of many programs.
std::string fresh_token() {
  constexpr std::string_view prefix = "sk-rota-";
  sha256_bytes random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error{"the system gave no random bytes; try again."};
  return std::string{prefix} + to_hex(random);
}

} // namespace

void add_token(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("token", "Makes a token for a client of the API,"
                                        " and its hash for the configuration");
  c->footer("Example: rota token\nThe token is shown once and kept nowhere.");
  c->callback([&run] {
    run = [](const context& x) {
      const auto token = fresh_token();
      const auto hash = "sha256:" + to_hex(sha256_of_text(token));
      if (x.as_json)
        print_json({{"token", token}, {"hash", hash}});
      else
        fmt::print("{}\n\nGive this token to the client: it is kept nowhere."
                   " Its hash belongs into the\nconfiguration, then run rota"
                   " reload:\n\nclients:\n  - name: NAME\n    tokens: [{}]\n",
                   token, hash);
      return 0;
    };
  });
}

} // namespace rota::cli
