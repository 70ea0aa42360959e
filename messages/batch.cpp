#include "messages/batch.hpp"

#include <array>

namespace rota {

std::string to_string(batch_format x) {
  static constexpr std::array<const char*, 4> names{
    "openai", "anthropic", "gemini", "bare",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(batch_state x) {
  static constexpr std::array<const char*, 5> names{
    "running", "paused", "cancelling", "completed", "cancelled",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(item_state x) {
  static constexpr std::array<const char*, 3> names{
    "succeeded", "failed", "cancelled",
  };
  return names.at(static_cast<size_t>(x));
}

std::string in_doubt_text(const std::string& why) {
  return "This line was perhaps served and charged, and its batch sends no line"
         " twice: "
         + why + '.';
}

std::string often_in_doubt_text(uint32_t times) {
  return "This line was perhaps served and charged "
         + (times == 1 ? std::string{"once"} : std::to_string(times) + " times")
         + ", by calls whose answer never came or during which the daemon ended"
           " (routing.billed_attempts): it is sent no more.";
}

} // namespace rota
