#include "messages/ids.hpp"

#include <charconv>

namespace rota {

std::string to_string(batch_id x) {
  return "batch_" + std::to_string(x.value);
}

std::string to_string(const job_id& x) {
  if (x.batch.value == 0)
    return "job_" + std::to_string(x.item);
  return to_string(x.batch) + ':' + std::to_string(x.item);
}

std::string to_string(const hold_id& x) {
  return to_string(x.job) + '#' + std::to_string(x.attempt >> 8) + '.'
         + std::to_string(x.attempt & 0xff);
}

std::optional<batch_id> parse_batch_id(std::string_view text) {
  if (text.starts_with("batch_"))
    text.remove_prefix(6);
  batch_id result;
  const auto last = text.data() + text.size();
  const auto [end, err] = std::from_chars(text.data(), last, result.value);
  if (err != std::errc{} || end != last || result.value == 0)
    return std::nullopt;
  return result;
}

} // namespace rota
