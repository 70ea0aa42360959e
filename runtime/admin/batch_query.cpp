#include "runtime/admin/batch_query.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace rota {

namespace {

/// As batch.max_in_flight has it.
constexpr uint32_t in_flight_max = 10'000;

std::optional<uint32_t> parse_in_flight(const std::string& text) {
  uint32_t result = 0;
  const auto* last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, result);
  if (fault != std::errc{} || end != last || result < 1
      || result > in_flight_max)
    return std::nullopt;
  return result;
}

void read_policy(batch_query& to, const std::string& said) {
  if (const auto policy = parse_delivery(said)) {
    to.chosen.policy = *policy;
    return;
  }
  to.fault_code = "invalid_policy";
  to.fault = "The policy must be at_least_once or at_most_once, not " + said
             + '.';
}

void read_in_flight(batch_query& to, const std::string& said) {
  if (const auto count = parse_in_flight(said)) {
    to.chosen.max_in_flight = *count;
    return;
  }
  to.fault_code = "invalid_max_in_flight";
  to.fault = "max_in_flight must be a whole number from 1 to "
             + std::to_string(in_flight_max) + ", not " + said + '.';
}

} // namespace

batch_query parse_batch_query(const admin_exchange& x) {
  batch_query result;
  auto& chosen = result.chosen;
  chosen.name = x.query("name");
  chosen.model = x.query("model");
  chosen.skip_invalid = x.query("skip_invalid") == "1";
  chosen.tags = split(x.query("tags"), ',');
  std::sort(chosen.tags.begin(), chosen.tags.end());
  if (const auto said = x.query("max_in_flight"); !said.empty())
    read_in_flight(result, said);
  if (const auto said = x.query("policy"); !said.empty())
    read_policy(result, said);
  return result;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0)
      result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

} // namespace rota
