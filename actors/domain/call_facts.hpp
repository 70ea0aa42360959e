#pragma once

#include "actors/domain/estimate.hpp"

namespace rota {

/// What a request says that routing needs, whatever its surface and whether it
/// is JSON or a form. Beside what read_request does:
/// - images: 6,240 tokens of output for each picture that is wanted, fewer
///   where a lower quality is named, and 6,600 tokens of input for each that is
///   given (the most of the table in OpenAI's guide to image generation);
/// - speech: its characters, and two tokens of output for each;
/// - recordings: their length by the rate in a WAV's head, else by 4,000 bytes
///   a second (32 kbit/s), and 20 tokens for each second;
/// - a rerank: a search for each hundred documents (Cohere's unit).
/// Where a model need not be named, it is the one that OpenAI's API reference
/// takes then.
/// @param content_type Of the body.
request_facts read_call(surface route, std::string_view content_type,
                        std::string_view body, int64_t default_output);

/// The id of the response that an answer is: its member "id", where its
/// "object" is a response. Empty where it has none, or one that is too long to
/// be an id.
std::string response_id_of(std::string_view body);

} // namespace rota
