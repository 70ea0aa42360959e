#pragma once

#include "tools/rota/client.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rota::cli {

enum class colour { none, red, yellow, green, grey };

/// One cell of a table.
struct cell {
  std::string text;
  colour tint = colour::none;
  bool right = false;
};

/// Lays rows out in columns two blanks apart; the first row is the head.
/// @param colours Whether escapes may be used.
std::string table(const std::vector<std::vector<cell>>& rows, bool colours);

std::string tinted(const std::string& text, colour tint, bool colours);

/// "25.000000000" -> "25.00", "0.000123000" -> "0.000123": as many places as
/// say something, at least two.
std::string short_money(const std::string& decimal);

/// A number of seconds as people say it: "3 s", "2 min 5 s", "1 h 12 min".
std::string duration(double seconds);

/// An RFC 3339 time as "3 s ago" or "in 2 min"; "-" for null.
std::string relative(const json& time, int64_t now_s);

/// Seconds since the epoch of an RFC 3339 time in UTC; 0 if it is none.
int64_t epoch_of(const std::string& time);

/// A cell for a state by name: what is bad is red, what is odd yellow.
cell state_cell(const std::string& state);

cell money_cell(const json& decimal);
cell number_cell(const json& number);

/// Characters that a text takes on a terminal: UTF-8 is counted, not its
/// bytes.
size_t width_of(const std::string& text);

} // namespace rota::cli
