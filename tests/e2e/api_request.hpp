#pragma once

#include "tests/support/raw_client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace rota {

/// One request to the API, on a connection of its own, and what came of it.
struct reply {
  int status = 0;
  std::string head;
  std::string body;

  /// @returns The value of a header, by its lower-case name; empty if absent.
  std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos)
      return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }

  nlohmann::json parsed() const {
    return nlohmann::json::parse(body);
  }
};

inline std::string unchunked(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const auto size = std::stoul(std::string{text.substr(0, end)}, nullptr,
                                 16);
    result += text.substr(end + 2, size);
    text.remove_prefix(std::min(end + 2 + size + 2, text.size()));
  }
  return result;
}

inline reply request(uint16_t port, const std::string& method,
              const std::string& target, const std::string& body = {},
              const std::string& headers = {}) {
  raw_client client{port};
  client.send(method + ' ' + target
              + " HTTP/1.1\r\nHost: rota\r\nConnection: close\r\n" + headers
              + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"
              + body);
  const auto text = client.receive_all();
  const auto end = text.find("\r\n\r\n");
  reply result;
  if (end == std::string::npos)
    return result;
  result.head = text.substr(0, end + 2);
  result.body = text.substr(end + 4);
  result.status = std::stoi(result.head.substr(9));
  if (result.head.find("transfer-encoding: chunked") != std::string::npos)
    result.body = unchunked(result.body);
  return result;
}

} // namespace rota
