#pragma once

#include "messages/job.hpp"
#include "tests/support/text_file.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>

// Golden bodies of providers; see tests/data/wire/README.md.

namespace rota {

/// The bytes of a file below tests/data/wire.
inline std::string golden_body(const std::string& name) {
  return read_text(ROTA_TEST_DATA "/wire/" + name);
}

/// A list of the index: "usage", "errors", "balance".
inline nlohmann::json golden_rows(const char* list) {
  return nlohmann::json::parse(golden_body("index.json")).at(list);
}

/// The surface that the index calls a protocol.
inline surface golden_surface(const std::string& protocol) {
  const std::map<std::string, surface> names{
    {"openai_chat", surface::openai_chat},
    {"openai_responses", surface::openai_responses},
    {"openai_embeddings", surface::openai_embeddings},
    {"anthropic_messages", surface::anthropic_messages},
    {"gemini", surface::gemini_generate},
  };
  return names.at(protocol);
}

} // namespace rota
