#pragma once

#include "config/options.hpp"
#include "messages/response_pin.hpp"
#include "runtime/api/client_list.hpp"
#include "runtime/http/listener.hpp"
#include "runtime/wiring.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// Serves the API: makes a job of each request, hands it to a RUNNER, and
/// gives its client what came of it. Lives on the loop's thread, but for its
/// making and its end.
class api_front {
public:
  using clients_ptr = std::shared_ptr<const client_list>;

  /// @param responses Which accounts keep which, as earlier runs stored it.
  api_front(wiring& all, const options& opts, clients_ptr clients,
            model_names models, std::vector<response_pin> responses);

  /// Requests under way are told that rota stops. Not on the loop's thread.
  ~api_front();

  api_front(const api_front&) = delete;
  api_front& operator=(const api_front&) = delete;

  void serve(const http_exchange_ptr& client);

  /// Turns strangers away before their bodies are read. On the loop's thread.
  std::optional<http_answer> greet(std::string_view method,
                                   std::string_view target,
                                   const header_list& headers);

  /// From now on others may use the API. From any thread.
  void clients(clients_ptr x);

  /// Waits until no request is under way, or for so long. Not on the loop's
  /// thread.
  void drain(milliseconds longest);

  /// Answers what breaks the rules of HTTP, in the shape of errors that its
  /// target calls for. On the loop's thread.
  http_answer refuse(int status, std::string_view sentence,
                     std::string_view target);

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

} // namespace rota
