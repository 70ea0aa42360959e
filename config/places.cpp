#include "config/places.hpp"

#include <string_view>
#include <unordered_set>

namespace rota {

namespace {

template <class T>
std::vector<std::string> labels(const std::vector<T>& entries) {
  std::vector<std::string> result;
  std::unordered_set<std::string_view> taken{""};
  for (const auto& x : entries)
    result.push_back(taken.insert(x.name).second ? x.name
                                                 : numbered(result.size() + 1));
  return result;
}

} // namespace

int line_of(const key_lines& lines, std::string key) {
  while (!key.empty()) {
    if (const auto i = lines.find(key); i != lines.end())
      return i->second;
    const auto dot = key.rfind('.');
    key.resize(dot == std::string::npos ? 0 : dot);
  }
  return 0;
}

std::string numbered(size_t position) {
  return "#" + std::to_string(position);
}

std::vector<std::string> labels_of(const std::vector<account_options>& x) {
  return labels(x);
}

std::vector<std::string> labels_of(const std::vector<client_options>& x) {
  return labels(x);
}

} // namespace rota
