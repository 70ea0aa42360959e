#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rota::sim {

/// One thing that is wrong with a file.
struct fault {
  int line = 1;
  std::string key;
  /// What is wrong; what would be right.
  std::string text;
};

using faults = std::vector<fault>;

/// Reads a duration: "250ms", "1.5s", "2m", or a bare 0.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

/// @returns The line of a node, from 1.
int line_of(const YAML::Node& x);

/// Reads one map of a file key by key. What is absent keeps its default; what
/// is wrong becomes a fault; what nobody asked for becomes one in finish().
class map_reader {
public:
  /// @param path What stands before each key in messages: "accounts[0].".
  map_reader(const YAML::Node& map, std::string path, faults& out);

  /// @returns The value of a key, which is known from now on; or nothing.
  std::optional<YAML::Node> child(const std::string& key);

  void text(const std::string& key, std::string& out);
  void boolean(const std::string& key, bool& out);
  void integer(const std::string& key, int64_t min, int64_t max, int64_t& out);
  void decimal(const std::string& key, int places, int64_t min, int64_t max,
               int64_t& out, const std::string& example);
  void duration(const std::string& key, std::chrono::microseconds& out);
  void texts(const std::string& key, std::vector<std::string>& out);

  template <class T>
  void word(const std::string& key,
            const std::vector<std::pair<std::string, T>>& words, T& out) {
    std::vector<std::string> names;
    for (const auto& x : words)
      names.push_back(x.first);
    if (const auto i = word_index(key, names); i >= 0)
      out = words[static_cast<size_t>(i)].second;
  }

  /// Reports what is wrong with a key's value.
  void complain(const std::string& key, const std::string& text);

  /// Reports that a key is missing unless it is there.
  void require(const std::string& key, const std::string& what);

  /// Reports unknown and repeated keys.
  void finish();

  const std::string& path() const {
    return path_;
  }

  int line() const {
    return line_;
  }

  faults& out() {
    return out_;
  }

private:
  int word_index(const std::string& key, const std::vector<std::string>& names);

  /// @returns The text of a scalar; anything else is a fault.
  std::optional<std::string> scalar(const std::string& key,
                                    const std::string& wanted);

  YAML::Node map_;
  std::string path_;
  int line_;
  faults& out_;
  std::vector<std::string> known_;
};

} // namespace rota::sim
