#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// A YAML document as a plain tree. Unlike the one of yaml-cpp it keeps a
/// map's order and its duplicate keys, and knows the line of each key.
struct tree_node {
  /// `refused` stands for an alias, which is a fault already.
  enum class kind { null, scalar, list, map, refused };

  kind is = kind::null;
  /// From 1.
  int line = 1;
  /// The text of a scalar, quotes resolved.
  std::string text;
  /// Where the parent is a map: this value's key and its line.
  std::string key;
  int key_line = 1;
  /// The items of a list or the values of a map, in the order of the file.
  std::vector<tree_node> children;
};

/// One thing that is wrong with a file.
struct tree_fault {
  int line = 1;
  /// "syntax", "anchor" ...: stands where other faults name their key.
  std::string key;
  /// What is wrong; what would be right.
  std::string text;
};

struct tree_result {
  tree_node root;
  std::vector<tree_fault> faults;
};

/// Reads one YAML document. Anchors, aliases, tags, several documents, depths
/// beyond 16, control characters and text that is not UTF-8 are faults: no
/// configuration needs them, and each is a way to hide something.
/// After a syntax error `root` is empty.
tree_result parse_tree(const std::string& yaml);

/// @returns `text` in quotes for a message: at most 60 bytes of it, control
/// characters replaced.
std::string echoed(std::string_view text);

} // namespace rota
