#include "config/tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace rota {

namespace {

constexpr size_t depth_max = 16;

/// Ends the parsing at once; what was found so far stands.
struct refusal {
  tree_fault fault;
};

int line_of(const YAML::Mark& mark) {
  return std::max(mark.line + 1, 1);
}

/// Builds the tree from the parser's events, so that an alias is refused
/// before it could expand.
class builder : public YAML::EventHandler {
public:
  builder(std::string_view source, tree_result& result)
      : source_{source}, result_{result} {
    // nop
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw refusal{{line_of(mark), "syntax",
                     "a second document begins here; keep one document in a "
                     "file"}};
  }

  void OnDocumentEnd() override {
    // nop
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(make(tree_node::kind::null, mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "alias", "aliases are refused; write the value out");
    add(make(tree_node::kind::refused, mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    check_closed(mark);
    auto x = make(tree_node::kind::scalar, mark);
    x.text = value;
    add(std::move(x));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(make(tree_node::kind::list, mark));
  }

  void OnSequenceEnd() override {
    close();
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(make(tree_node::kind::map, mark));
  }

  void OnMapEnd() override {
    close();
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, "anchor", "anchors are refused; write the value out");
  }

private:
  struct frame {
    tree_node node;
    bool has_key = false;
    std::string key;
    int key_line = 1;
  };

  static tree_node make(tree_node::kind is, const YAML::Mark& mark) {
    tree_node result;
    result.is = is;
    result.line = line_of(mark);
    return result;
  }

  void refuse(const YAML::Mark& mark, std::string key, std::string text) {
    result_.faults.push_back({line_of(mark), std::move(key), std::move(text)});
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, "tag", "tags such as !!str are refused; leave it out");
  }

  /// yaml-cpp takes the end of the file for the end of a quoted text, so a
  /// file that was cut off would load.
  void check_closed(const YAML::Mark& mark) {
    const auto begin = static_cast<size_t>(std::max(mark.pos, 0));
    if (begin >= source_.size())
      return;
    const char quote = source_[begin];
    if (quote != '"' && quote != '\'')
      return;
    for (auto i = begin + 1; i < source_.size(); ++i)
      if (quote == '"' && source_[i] == '\\')
        ++i;
      else if (quote == '\'' && source_.substr(i).starts_with("''"))
        ++i;
      else if (source_[i] == quote)
        return;
    throw refusal{{line_of(mark), "syntax",
                   "a quoted text does not end; close its quotes"}};
  }

  void open(tree_node x) {
    if (stack_.size() == depth_max)
      throw refusal{{x.line, "syntax",
                     "nested deeper than 16 levels; no option needs that"}};
    frame next;
    next.node = std::move(x);
    stack_.push_back(std::move(next));
  }

  void close() {
    auto done = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(done));
  }

  void add(tree_node x) {
    if (stack_.empty()) {
      result_.root = std::move(x);
      return;
    }
    auto& top = stack_.back();
    if (top.node.is == tree_node::kind::map && !top.has_key) {
      top.has_key = true;
      top.key_line = x.line;
      top.key = x.text;
      if (x.is != tree_node::kind::scalar || x.text.empty())
        throw refusal{
            {x.line, "syntax", "a key is not plain text; write KEY: VALUE"}};
      return;
    }
    if (top.has_key) {
      x.key = std::move(top.key);
      x.key_line = top.key_line;
      top.has_key = false;
    }
    top.node.children.push_back(std::move(x));
  }

  std::string_view source_;
  tree_result& result_;
  std::vector<frame> stack_;
  int documents_ = 0;
};

/// @returns The length of the UTF-8 sequence at the front, 0 if there is none.
/// Overlong forms, surrogates and values beyond U+10FFFF are none (RFC 3629).
size_t utf8_length(std::string_view text) {
  const auto at = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const auto lead = at(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    return tail(1) ? 2 : 0;
  if ((lead & 0xF0) == 0xE0) {
    if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F))
      return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F))
      return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// @returns The first fault of the bytes themselves.
std::optional<tree_fault> check_bytes(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const auto c = static_cast<uint8_t>(text.front());
    if (c == '\n')
      ++line;
    else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F)
      return tree_fault{line, "syntax",
                        "a control character; the file must be plain text"};
    const auto length = utf8_length(text);
    if (length == 0)
      return tree_fault{line, "syntax",
                        "not UTF-8; save the file in that encoding"};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

/// Whether a line, from 1 on, is indented with a tab.
bool has_tab(std::string_view text, int line) {
  for (; line > 1; --line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto first = text.find_first_not_of(" \t");
  return text.substr(0, std::min(first, text.size())).find('\t')
         != std::string_view::npos;
}

std::string advice(const std::string& message, bool tab) {
  if (tab || message.find("tab") != std::string::npos)
    return message + "; YAML takes no tabs here: indent with spaces";
  return message
         + "; check indentation, brackets, quotes and colons here and just "
           "above";
}

} // namespace

tree_result parse_tree(const std::string& yaml) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (yaml.starts_with(byte_order_mark))
    return parse_tree(yaml.substr(byte_order_mark.size()));
  tree_result result;
  if (auto fault = check_bytes(yaml)) {
    result.faults.push_back(std::move(*fault));
    return result;
  }
  try {
    std::istringstream in{yaml};
    YAML::Parser parser{in};
    builder handler{yaml, result};
    while (parser.HandleNextDocument(handler)) {
      // A second document throws.
    }
  } catch (refusal& x) {
    result.root = {};
    result.faults.push_back(std::move(x.fault));
  } catch (const YAML::Exception& x) {
    result.root = {};
    const auto line = line_of(x.mark);
    result.faults.push_back({line, "syntax",
                             advice(x.msg, has_tab(yaml, line))});
  }
  return result;
}

std::string echoed(std::string_view text) {
  constexpr size_t most = 60;
  std::string result = "\"";
  auto length = std::min(text.size(), most);
  while (length < text.size() && length > 0
         && (static_cast<uint8_t>(text[length]) & 0xC0) == 0x80)
    --length; // Never cuts a character in two.
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<uint8_t>(c);
    result += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return result + (length < text.size() ? "...\"" : "\"");
}

} // namespace rota
