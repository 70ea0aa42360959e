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

/// @returns The name as one segment of a path: "a b" -> "a%20b".
std::string escaped(const std::string& name);

/// Speaks HTTP to the admin API over its unix socket, one connection a call.
/// Every call throws `unreachable`, `refused` with the daemon's sentence, or
/// another std::runtime_error with a sentence of its own.
class client {
public:
  using sink = std::function<void(std::string_view)>;

  explicit client(std::string socket) : socket_{std::move(socket)} {
    // nop
  }

  json get(const std::string& path);
  json post(const std::string& path, const std::string& body = {});

  /// Sends a file as the body, in bounded memory. "-" is standard input.
  /// Parameters without a value are left out.
  json post_file(const std::string& path, const parameters& query,
                 const std::string& file);

  /// Receives a body of any length piece by piece, in bounded memory. What the
  /// sink throws ends the transfer and comes out here. A body that breaks off
  /// was begun, so it is no `unreachable`.
  void download(const std::string& path, const sink& piece);

private:
  struct exchange;
  void perform(exchange& x);
  json reply_of(exchange& x);
  [[noreturn]] void refuse(const exchange& x) const;
  [[noreturn]] void cannot_connect(int os_error) const;

  std::string socket_;
};

} // namespace rota::cli
