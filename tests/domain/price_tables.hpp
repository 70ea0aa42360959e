#pragma once

#include "actors/domain/pricing.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <string>
#include <utility>
#include <vector>

// Price tables for tests.

namespace rota {

inline const price_table& built_in() {
  static const auto parsed
    = parse_price_table(read_text(ROTA_SOURCE_DIR "/config/prices.json"));
  REQUIRE(parsed.faults.empty());
  return parsed.table;
}

inline price_table table_of(const std::string& text) {
  auto parsed = parse_price_table(text);
  REQUIRE(parsed.faults == std::vector<std::string>{});
  return std::move(parsed.table);
}

/// A single model "m" with these members.
inline price_table model(const std::string& members) {
  return table_of("{\"m\": {" + members + "}}");
}

} // namespace rota
