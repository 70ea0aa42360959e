#include "tools/sim/spelling.hpp"

namespace rota::sim {

namespace {

std::string usage(const answer& y) {
  const auto& used = y.used;
  return "{\"input_tokens\":" + std::to_string(used.prompt())
         + ",\"input_tokens_details\":{\"cached_tokens\":"
         + std::to_string(used.cache_read)
         + ",\"cache_write_tokens\":" + std::to_string(used.cache_write_5m)
         + "},\"output_tokens\":" + std::to_string(used.output)
         + ",\"output_tokens_details\":{\"reasoning_tokens\":"
         + std::to_string(used.reasoning) + "},\"total_tokens\":"
         + std::to_string(used.prompt() + used.output) + "}";
}

std::string_view end_status(const answer& y) {
  return y.cut ? "incomplete" : "completed";
}

std::string text_part(std::string_view text) {
  return R"({"type":"output_text","annotations":[],"logprobs":[],"text":)"
         + json_text(text) + "}";
}

std::string message(const answer& y, std::string_view status,
                    std::string_view content) {
  std::string out =
      "{\"id\":\"msg_" + y.id + "\",\"type\":\"message\",\"status\":\"";
  out.append(status).append("\",\"role\":\"assistant\",\"content\":[");
  out.append(content).append("]}");
  return out;
}

/// The response object, in progress or at its end.
std::string response(const call& x, const answer& y, bool ended) {
  std::string out = "{\"id\":\"resp_" + y.id
                    + "\",\"object\":\"response\",\"created_at\":"
                    + std::to_string(y.created) + ",\"status\":\"";
  out.append(ended ? end_status(y) : "in_progress");
  out += R"(","background":false,"error":null,"incomplete_details":)";
  out += ended && y.cut ? R"({"reason":"max_output_tokens"})" : "null";
  out += ",\"instructions\":null,\"max_output_tokens\":";
  out += x.tokens_max >= 0 ? std::to_string(x.tokens_max) : "null";
  out += ",\"metadata\":" + (x.marker.empty() ? "{}" : x.marker);
  out += ",\"model\":" + json_text(x.model) + ",\"output\":[";
  if (ended)
    out += message(y, end_status(y), text_part(y.text));
  out += R"(],"parallel_tool_calls":true,"previous_response_id":)";
  out += x.previous.empty() ? "null" : json_text(x.previous);
  out += R"(,"reasoning":{"effort":"medium","summary":null},)"
         R"("service_tier":"default","store":)";
  out += x.store ? "true" : "false";
  out += R"(,"temperature":1.0,)"
         R"("text":{"format":{"type":"text"}},"tool_choice":"auto",)"
         R"("tools":[],"top_p":1.0,"truncation":"disabled","usage":)";
  out += ended ? usage(y) : "null";
  out += ",\"user\":null}";
  return out;
}

} // namespace

std::string spell_response(const call& x, const answer& y) {
  return response(x, y, true);
}

std::string spell_compaction(const call&, const answer& y) {
  return "{\"id\":\"resp_" + y.id
         + R"(","object":"response.compaction","created_at":)"
         + std::to_string(y.created)
         + R"(,"output":[{"type":"compaction","id":"cmp_)" + y.id
         + R"(","encrypted_content":)" + json_text(y.text)
         + "}],\"usage\":" + usage(y) + "}";
}

void stream_response(const call& x, const answer& y, piece_writer& out) {
  int64_t sequence = 0;
  const auto event = [&](const std::string& name, const std::string& rest) {
    out.event(name, "{\"type\":\"" + name + "\",\"sequence_number\":"
                        + std::to_string(sequence++) + "," + rest + "}");
  };
  const auto where = "\"item_id\":\"msg_" + y.id
                     + "\",\"output_index\":0,\"content_index\":0,";
  event("response.created", "\"response\":" + response(x, y, false));
  event("response.in_progress", "\"response\":" + response(x, y, false));
  event("response.output_item.added",
        "\"output_index\":0,\"item\":" + message(y, "in_progress", ""));
  event("response.content_part.added", where + "\"part\":" + text_part(""));
  for (const auto part : y.parts)
    event("response.output_text.delta",
          where + "\"delta\":" + json_text(part) + ",\"logprobs\":[]");
  event("response.output_text.done",
        where + "\"text\":" + json_text(y.text) + ",\"logprobs\":[]");
  event("response.content_part.done", where + "\"part\":" + text_part(y.text));
  event("response.output_item.done",
        "\"output_index\":0,\"item\":"
            + message(y, end_status(y), text_part(y.text)));
  event("response." + std::string{end_status(y)},
        "\"response\":" + response(x, y, true));
}

} // namespace rota::sim
