#pragma once

#include "tools/sim/wire.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rota::sim {

/// The responses that accounts keep, to be read, cancelled and deleted by their
/// names; the latest ten thousand.
class response_shelf {
public:
  /// @param owner The account that made it.
  void put(const std::string& id, std::string_view owner, std::string body);

  /// Answers a call about one of them. Another account's is not there.
  http_reply handle(const http_request& x, std::string_view owner);

private:
  struct kept {
    std::string owner;
    std::string body;
  };

  std::unordered_map<std::string, kept> all_;
  std::deque<std::string> order_;
};

} // namespace rota::sim
