#include "tools/rota/print.hpp"

#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>

namespace rota::cli {

std::string tinted(const std::string& text, colour tint, bool colours) {
  if (!colours || tint == colour::none)
    return text;
  const auto code = tint == colour::red      ? "31"
                    : tint == colour::yellow ? "33"
                    : tint == colour::green  ? "32"
                                             : "90";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

size_t width_of(const std::string& text) {
  return static_cast<size_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string cut(const std::string& text, size_t width) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && seen++ == width)
      return text.substr(0, i);
  return text;
}

std::string table(const std::vector<table_row>& rows, bool colours) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string result;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      const auto& x = rows[r][i];
      const std::string gap(widths[i] - width_of(x.text), ' ');
      const auto text
        = tinted(x.text, r == 0 ? colour::grey : x.tint, colours);
      line += i > 0 ? "  " : "";
      line += x.right ? gap + text : text + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

std::string details(const std::vector<std::pair<std::string, cell>>& lines,
                    bool colours) {
  size_t width = 0;
  for (const auto& [name, what] : lines)
    width = std::max(width, what.text.empty() ? 0 : width_of(name));
  std::string result;
  for (const auto& [name, what] : lines)
    if (!what.text.empty())
      result += name + std::string(width - width_of(name) + 2, ' ')
                + tinted(what.text, what.tint, colours) + '\n';
  return result;
}

std::string short_money(const std::string& decimal) {
  const auto point = decimal.find('.');
  if (point == std::string::npos)
    return decimal;
  auto result = decimal;
  while (result.size() > point + 3 && result.back() == '0')
    result.pop_back();
  return result;
}

std::string duration(double seconds) {
  const auto s = std::llround(std::max(seconds, 0.0));
  if (s < 60)
    return fmt::format("{} s", s);
  if (s < 3'600)
    return s % 60 == 0 ? fmt::format("{} min", s / 60)
                       : fmt::format("{} min {} s", s / 60, s % 60);
  if (s < 86'400)
    return fmt::format("{} h {} min", s / 3'600, s % 3'600 / 60);
  return fmt::format("{} d {} h", s / 86'400, s % 86'400 / 3'600);
}

std::optional<int64_t> epoch_of(const std::string& time) {
  std::tm x{};
  if (std::sscanf(time.c_str(), "%d-%d-%dT%d:%d:%d", &x.tm_year, &x.tm_mon,
                  &x.tm_mday, &x.tm_hour, &x.tm_min, &x.tm_sec)
        != 6
      || !time.ends_with('Z'))
    return std::nullopt;
  x.tm_year -= 1'900;
  x.tm_mon -= 1;
  return timegm(&x);
}

std::string relative(const json& time, int64_t now_s) {
  if (!time.is_string())
    return "-";
  const auto said = printable(time.get<std::string>());
  const auto at = epoch_of(said);
  if (!at)
    return said;
  const auto off = now_s - *at;
  return off >= 0 ? duration(static_cast<double>(off)) + " ago"
                  : "in " + duration(static_cast<double>(-off));
}

std::string counted(uint64_t number, const std::string& noun,
                    const std::string& plural) {
  const auto many = plural.empty() ? noun + 's' : plural;
  return fmt::format("{} {}", number, number == 1 ? noun : many);
}

cell state_cell(const std::string& state) {
  static const std::map<std::string, colour> tints{
    {"ejected", colour::red},      {"exhausted", colour::red},
    {"degraded", colour::yellow},  {"probing", colour::yellow},
    {"low", colour::yellow},       {"unknown", colour::yellow},
    {"drain", colour::yellow},     {"maintenance", colour::yellow},
    {"paused", colour::yellow},    {"cancelled", colour::yellow},
    {"cancelling", colour::yellow}, {"completed", colour::green},
    {"critical", colour::red},     {"error", colour::red},
    {"warning", colour::yellow},
  };
  const auto i = tints.find(state);
  return {state, i != tints.end() ? i->second : colour::none, false};
}

cell money_cell(const json& x, const char* key) {
  field(x, key);
  return {short_money(text(x, key)), colour::none, true};
}

cell number_cell(const json& x, const char* key) {
  return {std::to_string(count(x, key)), colour::none, true};
}

cell right_head(const std::string& text) {
  return {text, colour::none, true};
}

} // namespace rota::cli
