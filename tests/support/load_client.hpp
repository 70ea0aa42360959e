#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rota {

/// One request of many.
struct load_request {
  std::string target;
  std::string body;
  std::vector<std::string> headers{}; ///< "name: value".
  /// The client goes away once it has received something.
  bool leaves = false;
};

struct load_reply {
  int status = 0;     ///< 0: no answer came.
  std::string body;
  std::string broken; ///< What went wrong on the wire, if anything.
  int64_t took_ms = 0;
};

/// Sends `count` requests to a port of this machine by so many clients at once,
/// each on a connection of its own that it keeps.
/// @param make Says what the n-th request is; called by several threads.
/// @param judge Takes its reply; called by one thread at a time. What it
///              returns is a fault, unless empty.
/// @returns The faults, each with the number of its request.
std::vector<std::string>
drive(uint16_t port, size_t count, size_t clients,
      const std::function<load_request(size_t)>& make,
      const std::function<std::string(size_t, const load_reply&)>& judge);

/// The same for one request.
load_reply drive(uint16_t port, const load_request& x);

} // namespace rota
