#include "actors/domain/price_reader.hpp"

#include "actors/domain/price_relation.hpp"

#include <charconv>

namespace rota {

using kind = exact_json::kind;

namespace {

/// What a price may be of, by a part of its key; the first that fits.
struct priced_unit {
  std::string_view part;
  const char* name;
  int64_t dollars_max;
  const char* example;
};

constexpr priced_unit priced_units[] = {
  {"token", "token", 1, "2.5e-06"},
  {"_per_character", "character", 1, "1.5e-05"},
  {"_per_image", "image", 1'000, "0.04"},
  {"_per_second", "second", 1'000, "0.0001"},
  {"_per_request", "request", 1'000, "0.005"},
  {"", "query", 1'000, "0.01"},
};

const priced_unit& unit_of(std::string_view key) {
  const auto* x = priced_units;
  while (key.find(x->part) == std::string_view::npos)
    ++x;
  return *x;
}

} // namespace

void price_reader::fault(const exact_json& at, std::string_view key,
                         const std::string& what) {
  auto text = std::to_string(at.line) + ": " + row_.name + ": ";
  if (!key.empty())
    text.append(key).append(": ");
  faults_.push_back(text + what);
}

std::optional<price> price_reader::number(const exact_json& from,
                                          const std::string& key) {
  const auto x = from.find(key);
  if (!x || x->what == kind::null)
    return std::nullopt;
  const auto picos = x->what == kind::number ? parse_units(x->text, 12)
                                             : std::nullopt;
  const auto& unit = unit_of(key);
  if (!picos || *picos > unit.dollars_max * picos_max) {
    fault(*x, key,
          std::string{"is no price in USD per "} + unit.name
            + "; write a number from 0 to " + std::to_string(unit.dollars_max)
            + ", such as " + unit.example + '.');
    return std::nullopt;
  }
  return price{*picos};
}

factor price_reader::ratio(const exact_json& from, const std::string& key) {
  const auto x = from.find(key);
  if (!x)
    return factor{};
  const auto ppm
    = x->what == kind::number ? parse_units(x->text, 6) : std::nullopt;
  if (!ppm || *ppm > int64_t{1'000} * 1'000'000) {
    fault(*x, key, "is no factor; write a number from 0 to 1000.");
    return factor{};
  }
  return factor{*ppm};
}

std::optional<int> parse_digits(std::string_view text) {
  int result = 0;
  const auto last = text.data() + text.size();
  const auto [end, err] = std::from_chars(text.data(), last, result);
  if (err != std::errc{} || end != last || result < 0)
    return std::nullopt;
  return result;
}

} // namespace rota
