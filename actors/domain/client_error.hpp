#pragma once

#include "messages/batch.hpp"
#include "messages/job.hpp"
#include "messages/sink.hpp"
#include "messages/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// An HTTP answer as a client gets it.
struct client_answer {
  int status = 200;
  header_list headers;
  std::string body;
};

/// What a refusal says.
struct refusal_words {
  int status = 500;
  /// "insufficient_quota", "rate_limit_exceeded": OpenAI's code, from which
  /// the other protocols' types follow by the status.
  std::string_view code;
  /// One sentence.
  std::string sentence;
  /// Whether the client's library should try again (header x-should-retry;
  /// the SDKs of OpenAI and Anthropic obey it).
  bool retry = false;
  std::optional<milliseconds> retry_after;
  /// Headers that the status calls for.
  header_list headers{};
};

/// An error in the shape of the surface's protocol.
client_answer refuse(surface route, const refusal_words& x);

/// What a client is told that shows no token, or one that nobody has.
/// @param authorization  That header, in which it may lack its scheme.
refusal_words words_for_stranger(bool showed_token,
                                 std::string_view authorization);

/// What a client is told that sends its request compressed.
refusal_words words_for_coding();

/// What a client is told that asks for a model which it may not use: each
/// vendor has a status of its own for that.
refusal_words words_for_model(surface route, const std::string& model);

/// What a client is told that asks for a response which nobody of the pool is
/// known to have made for it.
refusal_words words_for_response(const std::string& id);

/// The same where a request is to continue such a response.
refusal_words words_for_previous(const std::string& id);

/// The last event of a stream that broke off, in the protocol's own form.
/// @param in_list  The stream is an array, of which whole elements have passed:
///                 then its last element, and its end.
std::string broken_stream_event(surface route, bool in_list,
                                std::string_view sentence);

/// What the client of a job gets: a success and the caller's own faults as the
/// provider said them; what concerns rota's accounts in rota's own words, for
/// a client would take a refused key or an empty balance for its own. Such a
/// refusal says when an account is back, and that it is worth to try again if
/// the client's library waits as long.
client_answer answer_for(surface route, const item_result& x, timestamp now);

/// The same for a request that only has its tokens counted: where no account
/// has such a call, or none can serve it now, the estimate is the answer.
client_answer answer_for_count(surface route, const item_result& x,
                               int64_t estimate, timestamp now);

} // namespace rota
