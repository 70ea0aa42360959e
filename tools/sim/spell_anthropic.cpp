#include "tools/sim/spelling.hpp"

namespace rota::sim {

namespace {

/// The fields that count the input.
std::string input_usage(const answer& y) {
  const auto& used = y.used;
  const auto written = used.cache_write_5m + used.cache_write_1h;
  return "\"input_tokens\":" + std::to_string(used.input)
         + ",\"cache_creation_input_tokens\":" + std::to_string(written)
         + ",\"cache_read_input_tokens\":" + std::to_string(used.cache_read);
}

/// @param output What was said so far.
std::string usage(const answer& y, int64_t output) {
  const auto& used = y.used;
  auto out =
      "{" + input_usage(y)
      + ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":"
      + std::to_string(used.cache_write_5m)
      + ",\"ephemeral_1h_input_tokens\":" + std::to_string(used.cache_write_1h)
      + "},\"output_tokens\":" + std::to_string(output);
  if (used.reasoning > 0 && output == used.output)
    out += ",\"output_tokens_details\":{\"thinking_tokens\":"
           + std::to_string(used.reasoning) + "}";
  return out + ",\"service_tier\":\"standard\"}";
}

std::string head(const call& x, const answer& y) {
  return "{\"id\":\"msg_" + y.id
         + "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
         + json_text(x.model);
}

std::string_view stop_reason(const answer& y) {
  return y.cut ? "max_tokens" : "end_turn";
}

} // namespace

std::string spell_message(const call& x, const answer& y) {
  auto out = head(x, y) + ",\"content\":[{\"type\":\"text\",\"text\":";
  append_json(out, y.text);
  out.append("}],\"stop_reason\":\"").append(stop_reason(y));
  out += "\",\"stop_sequence\":null,\"usage\":" + usage(y, y.used.output) + "}";
  return out;
}

void stream_message(const call& x, const answer& y, piece_writer& out) {
  const auto event = [&](const std::string& name, const std::string& rest) {
    out.event(name, "{\"type\":\"" + name + "\"" + rest + "}");
  };
  event("message_start", ",\"message\":" + head(x, y)
                             + ",\"content\":[],\"stop_reason\":null,"
                               "\"stop_sequence\":null,\"usage\":"
                             + usage(y, y.used.output > 0 ? 1 : 0) + "}");
  event("content_block_start",
        R"(,"index":0,"content_block":{"type":"text","text":""})");
  event("ping", "");
  for (const auto part : y.parts)
    event("content_block_delta",
          R"(,"index":0,"delta":{"type":"text_delta","text":)" + json_text(part)
              + "}");
  event("content_block_stop", ",\"index\":0");
  event("message_delta",
        ",\"delta\":{\"stop_reason\":\"" + std::string{stop_reason(y)}
            + "\",\"stop_sequence\":null},\"usage\":{" + input_usage(y)
            + ",\"output_tokens\":" + std::to_string(y.used.output) + "}");
  event("message_stop", "");
}

} // namespace rota::sim
