#include "config/load.hpp"

#include "config/schema.hpp"
#include "config/text_forms.hpp"
#include "config/tree.hpp"
#include "config/validate.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unordered_map>

namespace rota {

namespace {

struct line_fault {
  int line = 1;
  std::string text;
};

/// What is found out about a file while it is read.
struct findings {
  std::vector<line_fault> faults;
  /// Where each key stands that was read, as messages show it.
  key_lines lines;

  void push_back(line_fault x) {
    faults.push_back(std::move(x));
  }
};

/// @returns A key or name of the file as a message may show it.
std::string bare(const std::string& text) {
  const auto result = echoed(text);
  return result.substr(1, result.size() - 2);
}

/// The keys of `rows` one level below `prefix`: "routing." has "attempts".
template <class Root>
std::vector<std::string> keys_below(const std::string& prefix,
                                    const std::vector<option_row<Root>>& rows) {
  std::vector<std::string> result;
  const auto add = [&](std::string key) {
    if (std::find(result.begin(), result.end(), key) == result.end())
      result.push_back(std::move(key));
  };
  for (const auto& row : rows)
    if (row.key.starts_with(prefix))
      add(row.key.substr(prefix.size(),
                         row.key.find('.', prefix.size()) - prefix.size()));
  if constexpr (std::is_same_v<Root, options>)
    if (prefix.empty()) {
      add(accounts_key);
      add(clients_key);
    }
  return result;
}

/// Reads the keys of one `Root`: of the file, or of one account.
template <class Root>
class reader {
public:
  /// @param shown What stands before each key in messages:
  /// "accounts[relay-a].".
  reader(const std::vector<option_row<Root>>& rows, std::string shown, int line,
         findings& found)
      : rows_{rows}, shown_{std::move(shown)}, place_{shown_}, line_{line},
        found_{found} {
    // nop
  }

  ~reader() {
    for (const auto& [key, line] : lines_)
      found_.lines.emplace(place_ + key, line);
  }

  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  /// Where others look for the lines of the keys, if not as they are shown.
  void place(std::string x) {
    place_ = std::move(x);
  }

  void fault(int line, std::string_view key, const std::string& text) {
    found_.push_back({line, shown_ + std::string{key} + ": " + text});
  }

  /// Reads a map. Keys that `skip` returns true for are somebody else's.
  template <class Skip>
  void read(const tree_node& map, const std::string& prefix, Root& out,
            const Skip& skip) {
    for (const auto& child : map.children) {
      const auto key = prefix + child.key;
      const auto [first, added] = lines_.emplace(key, child.key_line);
      if (!added)
        fault(child.key_line, bare(key),
              "stands here twice, first on line "
                  + std::to_string(first->second) + "; remove one");
      else if (!skip(key))
        read_key(child, key, prefix, out, skip);
    }
  }

  /// Reports required keys that were not there.
  void check_required() {
    for (const auto& row : rows_)
      if (row.required && !lines_.contains(row.key)) {
        failed_.push_back(row.key);
        fault(line_, row.key, "is missing; write " + to_string(row.form));
      }
  }

  /// Reports what several options together get wrong, unless one of them could
  /// not be read: it is at its default then, which proves nothing.
  void check_together(const Root& x) {
    validate(x, [this](const auto& keys, const std::string& text) {
      for (const auto& key : keys)
        if (std::find(failed_.begin(), failed_.end(), key) != failed_.end())
          return;
      fault(line_of(keys.front()), keys.front(), text);
    });
  }

  /// The line of a key, else of the section that it belongs to.
  int line_of(const std::string& key) const {
    const auto line = rota::line_of(lines_, key);
    return line > 0 ? line : line_;
  }

private:
  template <class Skip>
  void read_key(const tree_node& x, const std::string& key,
                const std::string& prefix, Root& out, const Skip& skip) {
    const auto is_section = [&](const auto& row) {
      return row.key.starts_with(key) && row.key.size() > key.size()
             && row.key[key.size()] == '.';
    };
    const auto row =
        std::find_if(rows_.begin(), rows_.end(), [&](const auto& candidate) {
          return candidate.key == key;
        });
    if (x.is == tree_node::kind::refused) {
      failed_.push_back(key);
    } else if (row != rows_.end()) {
      const auto faults = row->read(out, x);
      if (!faults.empty())
        failed_.push_back(key);
      for (const auto& found : faults)
        fault(found.line, found.key, found.text);
    } else if (std::any_of(rows_.begin(), rows_.end(), is_section)) {
      if (x.is == tree_node::kind::map)
        read(x, key + ".", out, skip);
      else if (x.is != tree_node::kind::null) // An empty section is harmless.
        fault(x.key_line, key,
              "is no section; write its options below it: "
                  + joined(keys_below(key + ".", rows_)));
    } else {
      fault(x.key_line, bare(key), unknown(x.key, prefix));
    }
  }

  std::string unknown(const std::string& last,
                      const std::string& prefix) const {
    const auto here = keys_below(prefix, rows_);
    if (const auto guess = closest(last, here))
      return "is not known; did you mean " + *guess + "?";
    for (const auto& row : rows_)
      if (row.key.ends_with("." + last))
        return "is not known here; write it below "
               + row.key.substr(0, row.key.size() - last.size() - 1);
    return "is not known; remove it, or use one of " + joined(here);
  }

  const std::vector<option_row<Root>>& rows_;
  std::string shown_;
  std::string place_;
  int line_;
  findings& found_;
  key_lines lines_;
  std::vector<std::string> failed_;
};

constexpr auto skip_nothing = [](const std::string&) { return false; };

/// A list of entries that have names of their own.
template <class T>
struct list_words {
  /// "account"; the list's key is that with an s.
  std::string noun;
  const std::vector<option_row<T>>& rows;
};

/// How messages call an entry of a list: by its name, or by its place from 1.
std::string label_of(const tree_node& x, size_t position) {
  for (const auto& child : x.children)
    if (child.key == "name" && child.is == tree_node::kind::scalar
        && !child.text.empty() && child.text.size() <= 64)
      return bare(child.text);
  return numbered(position);
}

template <class T>
T read_entry(const list_words<T>& words, const tree_node& x, size_t position,
             findings& faults, std::unordered_map<std::string, int>& names) {
  T result;
  const auto shown = words.noun + "s[" + label_of(x, position) + "]";
  if (x.is == tree_node::kind::refused)
    return result;
  if (x.is != tree_node::kind::map) {
    faults.push_back({x.line, shown + ": is no " + words.noun
                                  + "; write - name: NAME and the "
                                  + words.noun + "'s other options below it"});
    return result;
  }
  reader<T> in{words.rows, shown + ".", x.line, faults};
  in.read(x, {}, result, skip_nothing);
  in.check_required();
  const auto line = in.line_of("name");
  const auto [first, added] = names.emplace(result.name, line);
  if (!added && !result.name.empty())
    in.fault(line, "name",
             echoed(result.name) + " is also the name of the " + words.noun
                 + " on line " + std::to_string(first->second)
                 + "; give each its own");
  if (!added || result.name.empty())
    in.place(words.noun + "s[" + numbered(position) + "].");
  in.check_together(result);
  return result;
}

template <class T>
void read_list(const list_words<T>& words, const tree_node& x,
               std::vector<T>& out, findings& faults) {
  if (x.is == tree_node::kind::refused)
    return;
  const auto key = words.noun + "s";
  if (x.is != tree_node::kind::list) {
    faults.push_back({x.key_line, key + ": is no list; write - name: NAME "
                                        "below it for each " + words.noun});
    return;
  }
  if (x.children.empty())
    faults.push_back({x.key_line, key + ": the list is empty; name at "
                                        "least one " + words.noun});
  std::unordered_map<std::string, int> names;
  out.reserve(x.children.size());
  for (const auto& child : x.children)
    out.push_back(read_entry(words, child, out.size() + 1, faults, names));
}

void read_root(const tree_node& root, options& out, findings& faults) {
  if (root.is == tree_node::kind::null) {
    faults.push_back({1, "accounts: the file is empty; name at least one "
                         "account (config/rota.example.yaml shows how)"});
    return;
  }
  if (root.is != tree_node::kind::map) {
    faults.push_back({root.line, "syntax: the file is no map; write KEY: VALUE "
                                 "lines (config/rota.example.yaml shows how)"});
    return;
  }
  reader<options> in{option_rows(), {}, 1, faults};
  const tree_node* accounts = nullptr;
  const tree_node* clients = nullptr;
  in.read(root, {}, out, [](const std::string& key) {
    return key == accounts_key || key == clients_key;
  });
  for (const auto& x : root.children)
    if (auto& list = x.key == accounts_key ? accounts : clients;
        (x.key == accounts_key || x.key == clients_key) && list == nullptr)
      list = &x;
  if (accounts == nullptr)
    in.fault(1, accounts_key,
             "is missing; name at least one account "
             "(config/rota.example.yaml shows how)");
  else
    read_list({"account", account_rows()}, *accounts, out.accounts, faults);
  if (clients != nullptr)
    read_list({"client", client_rows()}, *clients, out.clients, faults);
  in.check_required();
  in.check_together(out);
}

load_result failed(const std::string& text) {
  load_result result;
  result.faults.push_back(text);
  return result;
}

} // namespace

std::string load_result::place_of(const std::string& key) const {
  const auto line = line_of(lines, key);
  return line > 0 ? ":" + std::to_string(line) : std::string{};
}

load_result parse_options(const std::string& yaml, const std::string& name) {
  load_result result;
  if (yaml.size() > config_bytes_max)
    return failed(name
                  + ": is larger than 16 MiB; that is no configuration "
                    "file");
  auto tree = parse_tree(yaml);
  findings found;
  bool readable = true;
  for (auto& fault : tree.faults) {
    readable = readable && fault.key != "syntax";
    found.push_back({fault.line, fault.key + ": " + fault.text});
  }
  if (readable)
    read_root(tree.root, result.opts, found);
  std::stable_sort(
      found.faults.begin(), found.faults.end(),
      [](const auto& x, const auto& y) { return x.line < y.line; });
  result.lines = std::move(found.lines);
  for (const auto& fault : found.faults)
    result.faults.push_back(name + ":" + std::to_string(fault.line) + ": "
                            + fault.text);
  return result;
}

load_result load_options(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return failed(path + ": is a directory; give a file with --config FILE");
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return failed(path + ": cannot be opened: " + std::strerror(errno)
                  + "; give a file that rotad may read with --config FILE");
  std::string text;
  std::vector<char> block(64 * 1'024);
  while (in && text.size() <= config_bytes_max) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad())
    return failed(path + ": cannot be read: " + std::strerror(errno)
                  + "; check the file and its disk");
  return parse_options(text, path);
}

} // namespace rota
