#pragma once

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"
#include "messages/actors.hpp"
#include "runtime/api/request_sink.hpp"

#include <memory>
#include <string>

namespace rota {

/// A refusal as its client is answered.
client_answer words_to(surface route, const refusal_words& words);

/// Why nothing is served on a route, whatever the request says.
refusal_words words_for_route(const api_route& x, std::string_view method);

/// A request under way, and how its client is answered.
struct pending_request {
  http_exchange_ptr client;
  std::shared_ptr<request_sink> sink; // Absent: the answer comes whole.
  surface route = surface::openai_chat;
  job_id id;
  std::string request_id;
  bool is_named = false; // By its client.
  timestamp arrived;
  bool show_account = false;
  bool admitted = false; // Its client's books must hear of its end.
  bool keeps = false;    // The response that comes is found again.
  std::string deletes;   // The response that is to be forgotten.
  int64_t tokens = 0;    // Of its input, by estimate.
  job_ptr work;
  runner_actor runner;
  item_result_ptr result; // It waits until that is found again.

  bool has_begun() const {
    return sink && sink->committed();
  }

  /// Says in its job whose it is and where it came from.
  void name(job& work, uint32_t attempt_base) const;

  void reply(int status, header_list headers, std::string body) const;
  void reply(client_answer x) const;

  /// Answers with what came of it.
  void reply(const item_result& x, timestamp now) const;

  void refuse(const refusal_words& words) const;

  void refuse_stopping() const;
};

} // namespace rota
