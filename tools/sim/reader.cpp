#include "tools/sim/reader.hpp"

#include "tools/sim/money.hpp"

#include <algorithm>

namespace rota::sim {

namespace {

std::string quoted(const std::string& x) {
  return "'" + (x.size() > 60 ? x.substr(0, 60) + "..." : x) + "'";
}

std::string listed(const std::vector<std::string>& xs) {
  std::string result;
  for (const auto& x : xs)
    result += (result.empty() ? "" : ", ") + x;
  return result;
}

} // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  using result = std::chrono::microseconds;
  if (text == "0")
    return result{0};
  struct unit {
    std::string_view name;
    int64_t factor;
  };
  // "ms" stands before "s", which it ends with.
  for (const auto& x : {unit{"us", 1}, unit{"ms", 1'000}, unit{"s", 1'000'000},
                        unit{"m", 60'000'000}, unit{"h", 3'600'000'000}}) {
    if (!text.ends_with(x.name))
      continue;
    text.remove_suffix(x.name.size());
    const auto value = parse_decimal(text, 6);
    constexpr auto most = int64_t{86'400} * 1'000'000 * 366;
    if (!value || *value < 0
        || static_cast<__int128>(*value) * x.factor / 1'000'000 > most)
      return std::nullopt;
    return result{static_cast<int64_t>(static_cast<__int128>(*value) * x.factor
                                       / 1'000'000)};
  }
  return std::nullopt;
}

int line_of(const YAML::Node& x) {
  return x.Mark().line + 1;
}

map_reader::map_reader(const YAML::Node& map, std::string path, faults& out)
    : map_{map}, path_{std::move(path)}, line_{line_of(map)}, out_{out} {
  // nop
}

std::optional<YAML::Node> map_reader::child(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end())
    known_.push_back(key);
  for (const auto& entry : map_)
    if (entry.first.Scalar() == key && !entry.second.IsNull())
      return entry.second;
  return std::nullopt;
}

std::optional<std::string> map_reader::scalar(const std::string& key,
                                              const std::string& wanted) {
  const auto node = child(key);
  if (!node)
    return std::nullopt;
  if (node->IsScalar())
    return node->Scalar();
  complain(key, "must be " + wanted);
  return std::nullopt;
}

void map_reader::complain(const std::string& key, const std::string& text) {
  const auto node = child(key);
  out_.push_back({node ? line_of(*node) : line_, path_ + key, text});
}

void map_reader::require(const std::string& key, const std::string& what) {
  if (!child(key))
    out_.push_back({line_, path_ + key, "is missing; give " + what});
}

void map_reader::text(const std::string& key, std::string& out) {
  if (auto x = scalar(key, "text"))
    out = std::move(*x);
}

void map_reader::boolean(const std::string& key, bool& out) {
  const auto x = scalar(key, "true or false");
  if (!x)
    return;
  if (*x == "true" || *x == "false")
    out = *x == "true";
  else
    complain(key, quoted(*x) + " must be true or false");
}

void map_reader::integer(const std::string& key, int64_t min, int64_t max,
                         int64_t& out) {
  const auto wanted = "a whole number from " + std::to_string(min) + " to "
                      + std::to_string(max);
  const auto x = scalar(key, wanted);
  if (!x)
    return;
  const auto value = parse_decimal(*x, 0);
  if (value && *value >= min && *value <= max)
    out = *value;
  else
    complain(key, quoted(*x) + " must be " + wanted);
}

void map_reader::decimal(const std::string& key, int places, int64_t min,
                         int64_t max, int64_t& out,
                         const std::string& example) {
  const auto wanted = "a decimal with at most " + std::to_string(places)
                      + " places, such as " + example;
  const auto x = scalar(key, wanted);
  if (!x)
    return;
  const auto value = parse_decimal(*x, places);
  if (value && *value >= min && *value <= max)
    out = *value;
  else
    complain(key, quoted(*x) + " must be " + wanted);
}

void map_reader::duration(const std::string& key,
                          std::chrono::microseconds& out) {
  const std::string wanted = "a duration such as 250ms, 1.5s or 2m";
  const auto x = scalar(key, wanted);
  if (!x)
    return;
  if (const auto value = parse_duration(*x))
    out = *value;
  else
    complain(key, quoted(*x) + " must be " + wanted);
}

void map_reader::texts(const std::string& key, std::vector<std::string>& out) {
  const auto node = child(key);
  if (!node)
    return;
  if (!node->IsSequence())
    return complain(key, "must be a list such as [gpt-5-mini]");
  for (const auto& x : *node) {
    if (x.IsScalar())
      out.push_back(x.Scalar());
    else
      out_.push_back({line_of(x), path_ + key, "must hold texts only"});
  }
}

int map_reader::word_index(const std::string& key,
                           const std::vector<std::string>& names) {
  const auto wanted = "one of " + listed(names);
  const auto x = scalar(key, wanted);
  if (!x)
    return -1;
  const auto i = std::find(names.begin(), names.end(), *x);
  if (i != names.end())
    return static_cast<int>(i - names.begin());
  complain(key, quoted(*x) + " must be " + wanted);
  return -1;
}

void map_reader::finish() {
  std::vector<std::string> met;
  for (const auto& entry : map_) {
    const auto key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    const auto line = line_of(entry.first);
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      out_.push_back({line, path_ + key,
                      "is no option here; these are: " + listed(known_)});
    else if (std::find(met.begin(), met.end(), key) != met.end())
      out_.push_back({line, path_ + key, "stands here twice; remove one"});
    met.push_back(key);
  }
}

} // namespace rota::sim
