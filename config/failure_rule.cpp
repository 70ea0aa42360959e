#include "config/failure_rule.hpp"

#include "config/failure_words.hpp"
#include "config/forms.hpp"
#include "config/text_forms.hpp"
#include "config/tree.hpp"

#include <algorithm>
#include <charconv>
#include <regex>
#include <set>

namespace rota {

namespace {

using namespace std::chrono_literals;

using fault_list = std::vector<std::string>;

void note(fault_list& faults, int line, const std::string& key,
          const std::string& text) {
  faults.push_back(std::to_string(line) + ": " + key + ": " + text);
}

/// Reads one rule; notes every fault.
class rule_reader {
public:
  rule_reader(const tree_node& node, fault_list& faults)
    : node_{node}, faults_{faults} {
    // nop
  }

  failure_rule read() {
    std::set<std::string> seen;
    for (const auto& x : node_.children) {
      if (!seen.insert(x.key).second)
        fault(x, "is set twice; keep one of them");
      else if (x.is != tree_node::kind::refused) // A fault already.
        take(x);
    }
    if (rule_.name.empty())
      note(faults_, node_.line, "name",
           "is missing; each rule has a name of its own");
    if (!seen.contains("class"))
      note(faults_, node_.line, "class",
           "is missing; say what the failure is, one of: "
             + joined(class_names()));
    complete(seen);
    return std::move(rule_);
  }

private:
  void take(const tree_node& x) {
    const auto& key = x.key;
    if (key == "name")
      rule_.name = one_text(x);
    else if (key == "providers")
      take_providers(x);
    else if (key == "statuses")
      take_statuses(x);
    else if (key == "codes")
      rule_.codes = texts(x, true);
    else if (key == "types")
      rule_.types = texts(x, false);
    else if (key == "text")
      rule_.text = one_text(x);
    else if (key == "empty_body")
      take_flag(x, rule_.empty_body);
    else if (key == "class")
      take_class(x);
    else if (key == "scope")
      choose(x, rule_.scope, parse_failure_scope, "scope",
             {"request", "account+model", "account", "host", "pool"});
    else if (key == "action")
      choose(x, rule_.action, parse_account_action, "action",
             {"none", "penalty", "cooldown", "low_balance", "exhausted",
              "disabled"});
    else if (key == "charged")
      choose(x, rule_.charged, parse_charge, "answer",
             {"\"no\"", "\"yes\"", "perhaps", "hardly"});
    else if (key == "until")
      choose(x, rule_.ends, parse_until, "end",
             {"pacific_midnight", "next_month"});
    else if (key == "failover")
      take_flag(x, rule_.failover);
    else if (key == "ignore_retry_after")
      take_flag(x, rule_.ignore_retry_after);
    else if (key == "needed_group")
      take_group(x);
    else if (key == "cooldown")
      take_cooldown(x);
    else
      unknown_key(x);
  }

  /// What the class implies, and what one field demands of another.
  void complete(const std::set<std::string>& seen) {
    const auto meaning = meaning_of(rule_.cls);
    if (!seen.contains("scope"))
      rule_.scope = meaning.scope;
    if (!seen.contains("action"))
      rule_.action = meaning.action;
    if (!seen.contains("failover"))
      rule_.failover = meaning.failover;
    if (rule_.cooldown && rule_.ends != failure_rule::until::none)
      note(faults_, line_of("cooldown"), "cooldown",
           "says another end than until; keep one of them");
    check_pattern();
  }

  void check_pattern() {
    if (rule_.needed_group > 0 && rule_.text.empty()) {
      note(faults_, line_of("needed_group"), "needed_group",
           "needs a text with that many groups; add one or remove this");
      return;
    }
    try {
      const std::regex pattern{rule_.text, std::regex::ECMAScript};
      if (rule_.needed_group > static_cast<int>(pattern.mark_count()))
        note(faults_, line_of("needed_group"), "needed_group",
             "is beyond the last group of text, "
               + std::to_string(pattern.mark_count())
               + "; groups count from 1");
    } catch (const std::regex_error&) {
      note(faults_, line_of("text"), "text",
           "is no regular expression (ECMAScript); put a backslash before "
           "signs that mean themselves, and the whole into single quotes");
    }
  }

  void take_providers(const tree_node& x) {
    static const auto names = names_of<provider>(
      [](auto y) { return to_string(y); }, parse_provider,
      static_cast<int>(provider::siliconflow));
    for (const auto* item : items(x))
      if (const auto who = parse_provider(item->text))
        rule_.providers.push_back(*who);
      else
        note(faults_, item->line, x.key,
             unknown_word(item->text, "provider", names));
  }

  /// 429 or 500-599.
  void take_statuses(const tree_node& x) {
    for (const auto* item : items(x)) {
      const auto& text = item->text;
      const auto hyphen = text.find('-');
      const auto first = status_of(text.substr(0, hyphen));
      const auto last = hyphen == std::string::npos
                          ? first
                          : status_of(text.substr(hyphen + 1));
      if (first == 0 || last < first) {
        note(faults_, item->line, x.key,
             echoed(text) + " is no HTTP status; write 100 to 599, or a range "
                            "such as 500-599");
        continue;
      }
      for (auto i = first; i <= last; ++i)
        rule_.statuses.push_back(i);
    }
  }

  static int status_of(std::string_view x) {
    int value = 0;
    const auto* const end = x.data() + x.size();
    const auto said = std::from_chars(x.data(), end, value);
    return said.ec == std::errc{} && said.ptr == end && value >= 100
               && value <= 599
             ? value
             : 0;
  }

  void take_class(const tree_node& x) {
    const auto cls = parse_failure_class(x.text);
    if (x.is != tree_node::kind::scalar || !cls || *cls == failure_class::none)
      fault(x, unknown_word(x.text, "class", class_names()));
    else
      rule_.cls = *cls;
  }

  void take_flag(const tree_node& x, bool& flag) {
    if (x.is == tree_node::kind::scalar && x.text == "true")
      flag = true;
    else if (x.is == tree_node::kind::scalar && x.text == "false")
      flag = false;
    else
      fault(x, "is neither true nor false; write one of them");
  }

  void take_group(const tree_node& x) {
    const auto value = count_form{1, 9, "groups"}.read(x);
    if (value.value)
      rule_.needed_group = static_cast<int>(*value.value);
    else
      fault(x, value.fault);
  }

  void take_cooldown(const tree_node& x) {
    const auto value = duration_form{1s, 24h}.read(x);
    if (value.value)
      rule_.cooldown = *value.value;
    else
      fault(x, value.fault);
  }

  template <class T, class Parse>
  void choose(const tree_node& x, T& value, Parse parse,
              const std::string& kind, const std::vector<std::string>& names) {
    const auto chosen = x.is == tree_node::kind::scalar
                          ? parse(x.text)
                          : decltype(parse(x.text)){};
    if (chosen)
      value = *chosen;
    else
      fault(x, unknown_word(x.text, kind, names));
  }

  static std::optional<charge> parse_charge(std::string_view x) {
    if (x == "no")
      return charge::no;
    if (x == "yes")
      return charge::yes;
    if (x == "perhaps")
      return charge::perhaps;
    if (x == "hardly")
      return charge::hardly;
    return std::nullopt;
  }

  static std::optional<failure_rule::until> parse_until(std::string_view x) {
    if (x == "pacific_midnight")
      return failure_rule::until::pacific_midnight;
    if (x == "next_month")
      return failure_rule::until::next_month;
    return std::nullopt;
  }

  std::string one_text(const tree_node& x) {
    if (x.is == tree_node::kind::scalar && !x.text.empty())
      return x.text;
    fault(x, "is empty or no text; write one, or remove this");
    return {};
  }

  std::vector<std::string> texts(const tree_node& x, bool may_be_empty) {
    std::vector<std::string> result;
    for (const auto* item : items(x))
      if (item->text.empty() && !may_be_empty)
        note(faults_, item->line, x.key, "holds an empty text; remove it");
      else
        result.push_back(item->text);
    return result;
  }

  /// The texts of a list. An empty one would match nothing or everything,
  /// depending on who reads it.
  std::vector<const tree_node*> items(const tree_node& x) {
    std::vector<const tree_node*> result;
    if (x.is != tree_node::kind::list || x.children.empty()) {
      fault(x, "is no list with something in it; write it like [a, b], or "
               "remove it to match everything");
      return result;
    }
    for (const auto& item : x.children)
      if (item.is == tree_node::kind::scalar)
        result.push_back(&item);
      else if (item.is != tree_node::kind::refused)
        note(faults_, item.line, x.key, "holds something that is no text");
    return result;
  }

  void unknown_key(const tree_node& x) {
    static const std::vector<std::string> keys{
      "name",   "providers", "statuses", "codes",    "types",
      "text",   "class",     "scope",    "action",   "failover",
      "charged", "cooldown", "until",    "ignore_retry_after",
      "needed_group", "empty_body",
    };
    const auto near = closest(x.key, keys);
    note(faults_, x.key_line, x.key,
         "is unknown; "
           + (near ? "did you mean " + *near + "?"
                   : "a rule knows: " + joined(keys)));
  }

  void fault(const tree_node& x, const std::string& text) {
    note(faults_, x.line, x.key, text);
  }

  int line_of(std::string_view key) const {
    for (const auto& x : node_.children)
      if (x.key == key)
        return x.line;
    return node_.line;
  }

  const tree_node& node_;
  fault_list& faults_;
  failure_rule rule_;
};

} // namespace

failure_rules_result parse_failure_rules(const std::string& yaml) {
  failure_rules_result result;
  const auto tree = parse_tree(yaml);
  for (const auto& x : tree.faults)
    note(result.faults, x.line, x.key, x.text);
  if (!tree.faults.empty() && tree.root.is == tree_node::kind::null)
    return result;
  const auto* list = &tree.root;
  if (tree.root.is == tree_node::kind::map && tree.root.children.size() == 1
      && tree.root.children[0].key == "rules")
    list = &tree.root.children[0];
  else
    list = nullptr;
  if (list == nullptr || list->is != tree_node::kind::list) {
    note(result.faults, tree.root.line, "rules",
         "is missing; the file holds one list of rules below \"rules:\"");
    return result;
  }
  std::set<std::string> names;
  for (const auto& x : list->children) {
    if (x.is != tree_node::kind::map) {
      note(result.faults, x.line, "rules",
           "holds something that is no rule; write it like - {name: ..., "
           "statuses: [...], class: ...}");
      continue;
    }
    auto rule = rule_reader{x, result.faults}.read();
    if (!rule.name.empty() && !names.insert(rule.name).second)
      note(result.faults, x.line, "name",
           rule.name + " names two rules; give each a name of its own");
    result.rules.push_back(std::move(rule));
  }
  return result;
}

} // namespace rota
