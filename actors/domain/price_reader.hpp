#pragma once

#include "actors/domain/exact_json.hpp"
#include "actors/domain/pricing.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Reads the figures of one model's row, and notes what is wrong with them.
class price_reader {
public:
  price_reader(const exact_json& row, std::vector<std::string>& faults)
    : row_{row}, faults_{faults} {
    // nop
  }

  const exact_json& row() const {
    return row_;
  }

  /// @param at What is to blame; the model's row knows no better line.
  void fault(const exact_json& at, std::string_view key,
             const std::string& what);

  /// @returns Nothing where there is none.
  std::optional<price> number(const exact_json& from, const std::string& key);

  /// @returns 1 where there is none.
  factor ratio(const exact_json& from, const std::string& key);

private:
  const exact_json& row_;
  std::vector<std::string>& faults_;
};

/// Reads as many digits as there are.
/// @returns Nothing if there is none, or something else.
std::optional<int> parse_digits(std::string_view text);

} // namespace rota
