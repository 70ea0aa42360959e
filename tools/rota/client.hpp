#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rota::cli {

using json = nlohmann::ordered_json;

/// The daemon cannot be reached: exit code 3.
struct unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The daemon refused: exit code 1.
struct refused : std::runtime_error {
  refused(const std::string& message, json body)
    : std::runtime_error{message}, reply(std::move(body)) {
    // nop
  }
  json reply;
};

using parameters = std::vector<std::pair<std::string, std::string>>;

/// Speaks HTTP to the admin API over its unix socket.
class client {
public:
  explicit client(std::string socket) : socket_{std::move(socket)} {
    // nop
  }

  /// @throws unreachable, or refused with the daemon's sentence.
  json get(const std::string& path);
  json post(const std::string& path, const std::string& body = {});

  /// Sends a file as the body, in bounded memory. "-" is standard input.
  json post_file(const std::string& path, const parameters& query,
                 const std::string& file);

  /// Receives a body of any length piece by piece.
  void download(const std::string& path,
                const std::function<void(std::string_view)>& piece);

private:
  struct exchange;
  json perform(exchange& x);

  std::string socket_;
};

} // namespace rota::cli
