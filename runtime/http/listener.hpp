#pragma once

#include "config/options.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/http/exchange.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rota {

/// A whole answer; length and connection headers are added.
struct http_answer {
  int status = 200;
  header_list headers;
  std::string body;
};

/// Answers a request that never reached the handler: one that broke the rules
/// of HTTP or a limit. The target is empty where it has not come.
using http_refusal = std::function<http_answer(
    int status, std::string_view sentence, std::string_view target)>;

/// Looks at a request whose head has come and whose body has not yet.
/// @returns What it is turned away with; nothing: the body is read.
using http_gate = std::function<std::optional<http_answer>(
    std::string_view method, std::string_view target,
    const header_list& headers)>;

/// The door for HTTP/1.1 on one address: accepts, reads whole requests within
/// limits, and hands them to a handler on the loop's thread.
class http_listener {
public:
  /// @param address "127.0.0.1:8787" or "[::1]:8787"; port 0: any free one.
  /// @param gate May be null.
  /// @throws std::runtime_error with one sentence if it cannot listen there.
  http_listener(engine_loop& loop, const std::string& address,
                const http_options& limits, http_handler handler,
                http_refusal refusal, http_gate gate = {});

  /// Stops listening and cuts what is open. Not on the loop's thread.
  ~http_listener();

  http_listener(const http_listener&) = delete;
  http_listener& operator=(const http_listener&) = delete;

  /// Takes no more requests; answers under way may end.
  void drain();

  /// The port that it listens on.
  uint16_t port() const;

  /// "127.0.0.1:8787".
  std::string address() const;

  /// Connections that are open. Any thread.
  size_t connections() const;

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

} // namespace rota
