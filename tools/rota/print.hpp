#pragma once

#include "tools/rota/client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rota::cli {

enum class colour { none, red, yellow, green, grey };

/// One cell of a table.
struct cell {
  std::string text;
  colour tint = colour::none;
  bool right = false;
};

using table_row = std::vector<cell>;

/// Lays rows out in columns two blanks apart; the first row is the head.
/// @param colours Whether escapes may be used.
std::string table(const std::vector<table_row>& rows, bool colours);

/// Names and what they stand for, one a line, in two columns. What is empty is
/// left out.
std::string details(const std::vector<std::pair<std::string, cell>>& lines,
                    bool colours);

std::string tinted(const std::string& text, colour tint, bool colours);

/// "25.000000000" -> "25.00", "0.000123000" -> "0.000123": as many places as
/// say something, at least two.
std::string short_money(const std::string& decimal);

/// A number of seconds as people say it: "3 s", "2 min 5 s", "1 h 12 min".
std::string duration(double seconds);

/// An RFC 3339 time as "3 s ago" or "in 2 min"; "-" for null, and a text that
/// is no time as it stands.
std::string relative(const json& time, int64_t now_s);

/// Seconds since the epoch of an RFC 3339 time in UTC.
std::optional<int64_t> epoch_of(const std::string& time);

/// "1 line", "2 lines"; `plural` where that is no "s".
std::string counted(uint64_t number, const std::string& noun,
                    const std::string& plural = {});

/// A cell for a state by name: what is bad is red, what is odd yellow.
cell state_cell(const std::string& state);

/// Cells on the right, of a decimal amount and of a number in a reply.
cell money_cell(const json& x, const char* key);
cell number_cell(const json& x, const char* key);

/// The head of a column that stands on the right.
cell right_head(const std::string& text);

/// Characters that a text takes on a terminal: UTF-8 is counted, not its
/// bytes.
size_t width_of(const std::string& text);

/// As much of a text as fits into so many characters.
std::string cut(const std::string& text, size_t width);

} // namespace rota::cli
