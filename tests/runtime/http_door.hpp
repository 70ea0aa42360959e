#pragma once

#include "runtime/http/listener.hpp"
#include "tests/support/raw_client.hpp"

#include <optional>
#include <string>
#include <utility>

namespace rota {

/// A listener on a free port, on a loop of its own.
struct http_door_fixture {
  explicit http_door_fixture(http_handler serve, http_options limits = {},
                http_gate gate = {}) {
    loop.start();
    listener.emplace(loop, "127.0.0.1:0", limits, std::move(serve),
                     [](int status, std::string_view sentence,
                        std::string_view target) {
                       return http_answer{
                         status,
                         {{"content-type", "application/json"},
                          {"x-request-id", "req_1_7"},
                          {"x-target", std::string{target}}},
                         std::to_string(status) + ": " + std::string{sentence}
                           + "\n"};
                     },
                     std::move(gate));
  }

  ~http_door_fixture() {
    listener.reset();
    loop.stop();
  }

  raw_client enter() const {
    return raw_client{listener->port()};
  }

  engine_loop loop;
  std::optional<http_listener> listener;
};

/// Answers with what was asked.
inline void echo(const http_exchange_ptr& x) {
  x->answer(200, {{"content-type", "text/plain"}},
            std::string{x->method()} + ' ' + std::string{x->target()} + ' '
                + std::string{x->header("x-say")} + ' ' + std::string{x->body()}
                + '\n');
}

inline const std::string host = "Host: rota\r\n";

inline std::string last_line(const std::string& text) {
  return text.substr(text.find("\r\n\r\n") + 4);
}

inline int status_of(const std::string& text) {
  return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9)) : 0;
}

} // namespace rota
