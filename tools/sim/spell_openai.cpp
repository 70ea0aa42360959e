#include "tools/sim/spelling.hpp"

#include "tools/sim/draw.hpp"

#include <openssl/evp.h>

#include <cstdio>
#include <cstring>

namespace rota::sim {

namespace {

std::string number(int64_t x) {
  return std::to_string(x);
}

std::string usage(const answer& y) {
  const auto& used = y.used;
  std::string out = "{\"prompt_tokens\":" + number(used.prompt());
  out += ",\"completion_tokens\":" + number(used.output);
  out += ",\"total_tokens\":" + number(used.prompt() + used.output);
  out += ",\"prompt_tokens_details\":{\"cached_tokens\":"
         + number(used.cache_read);
  // Only the newer models know it.
  if (used.cache_write_5m > 0)
    out += ",\"cache_write_tokens\":" + number(used.cache_write_5m);
  out += ",\"audio_tokens\":0},\"completion_tokens_details\":"
         "{\"reasoning_tokens\":"
         + number(used.reasoning);
  out += ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
         "\"rejected_prediction_tokens\":0}}";
  return out;
}

/// @returns "{"id":...,"object":...,"created":...,"model":...", still open.
std::string head(const call& x, const answer& y, std::string_view prefix,
                 std::string_view object) {
  std::string out = "{\"id\":\"";
  out.append(prefix).append(y.id).append("\",\"object\":\"").append(object);
  out += "\",\"created\":" + number(y.created) + ",\"model\":";
  append_json(out, x.model);
  return out;
}

std::string_view finish(const answer& y) {
  return y.cut ? "\"length\"" : "\"stop\"";
}

/// Some numbers in [-1, 1) that depend on the call alone.
std::vector<float> embedding(const answer& y, int64_t index, int64_t n) {
  std::vector<float> result;
  for (int64_t i = 0; i < n; ++i)
    result.push_back(static_cast<float>(
        fraction(draw(y.subject, static_cast<uint64_t>(index),
                      static_cast<uint64_t>(i)))
            * 2
        - 1));
  return result;
}

void append_base64(std::string& out, const std::vector<float>& xs) {
  const auto bytes = xs.size() * sizeof(float);
  std::string text((bytes + 2) / 3 * 4 + 1, '\0');
  const auto n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(xs.data()),
                      static_cast<int>(bytes));
  out += '"';
  out.append(text, 0, static_cast<size_t>(n));
  out += '"';
}

void append_list(std::string& out, const std::vector<float>& xs) {
  char sign = '[';
  for (const auto x : xs) {
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%c%.6f", sign, double{x});
    out += buffer;
    sign = ',';
  }
  out += ']';
}

} // namespace

std::string spell_chat(const call& x, const answer& y) {
  auto out = head(x, y, "chatcmpl-", "chat.completion");
  out += ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
         "\"content\":";
  append_json(out, y.text);
  out += ",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
         "\"finish_reason\":";
  out.append(finish(y)).append("}],\"usage\":").append(usage(y));
  out += ",\"service_tier\":\"default\",\"system_fingerprint\":"
         "\"fp_rotasim00\"}";
  return out;
}

void stream_chat(const call& x, const answer& y, piece_writer& out) {
  const auto open = head(x, y, "chatcmpl-", "chat.completion.chunk")
                    + ",\"service_tier\":\"default\",\"system_fingerprint\":"
                      "\"fp_rotasim00\"";
  const std::string close = x.include_usage ? ",\"usage\":null}" : "}";
  const auto chunk = [&](std::string_view delta, std::string_view reason) {
    std::string text = open + ",\"choices\":[{\"index\":0,\"delta\":{";
    text.append(delta).append("},\"logprobs\":null,\"finish_reason\":");
    text.append(reason).append("}]").append(close);
    out.data(text);
  };
  chunk(R"("role":"assistant","content":"","refusal":null)", "null");
  for (const auto part : y.parts)
    chunk("\"content\":" + json_text(part), "null");
  chunk("", finish(y));
  if (x.include_usage)
    out.data(open + ",\"choices\":[],\"usage\":" + usage(y) + "}");
  out.data("[DONE]");
}

std::string spell_completion(const call& x, const answer& y) {
  auto out = head(x, y, "cmpl-", "text_completion");
  out += ",\"choices\":[{\"text\":";
  append_json(out, y.text);
  out += ",\"index\":0,\"logprobs\":null,\"finish_reason\":";
  out.append(finish(y)).append("}],\"usage\":").append(usage(y)).append("}");
  return out;
}

void stream_completion(const call& x, const answer& y, piece_writer& out) {
  const auto open = head(x, y, "cmpl-", "text_completion");
  const auto chunk = [&](std::string_view text, std::string_view reason) {
    out.data(open + ",\"choices\":[{\"text\":" + json_text(text)
             + ",\"index\":0,\"logprobs\":null,\"finish_reason\":"
             + std::string{reason} + "}]"
             + (x.include_usage ? ",\"usage\":null}" : "}"));
  };
  for (const auto part : y.parts)
    chunk(part, "null");
  chunk("", finish(y));
  if (x.include_usage)
    out.data(open + ",\"choices\":[],\"usage\":" + usage(y) + "}");
  out.data("[DONE]");
}

std::string spell_embeddings(const call& x, const answer& y,
                             int64_t dimensions) {
  std::string out = "{\"object\":\"list\",\"data\":[";
  for (int64_t i = 0; i < x.inputs; ++i) {
    out += i > 0 ? "," : "";
    out +=
        "{\"object\":\"embedding\",\"index\":" + number(i) + ",\"embedding\":";
    const auto numbers = embedding(y, i, dimensions);
    if (x.base64)
      append_base64(out, numbers);
    else
      append_list(out, numbers);
    out += '}';
  }
  const auto total = number(y.used.prompt());
  out += "],\"model\":" + json_text(x.model);
  out += ",\"usage\":{\"prompt_tokens\":" + total;
  out += ",\"total_tokens\":" + total + "}}";
  return out;
}

std::string spell_moderation(const call& x, const answer& y) {
  std::string out = "{\"id\":\"modr-" + y.id + "\",\"model\":";
  append_json(out, x.model);
  out += ",\"results\":[";
  for (int64_t i = 0; i < x.inputs; ++i) {
    out += i > 0 ? "," : "";
    out += R"({"flagged":false,"categories":{"harassment":false,)"
           R"("hate":false,"self-harm":false,"sexual":false,)"
           R"("violence":false},"category_scores":{"harassment":0.0001,)"
           R"("hate":0.0001,"self-harm":0.0001,"sexual":0.0001,)"
           R"("violence":0.0001}})";
  }
  out += "]}";
  return out;
}

} // namespace rota::sim
