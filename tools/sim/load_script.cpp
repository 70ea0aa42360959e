#include "tools/sim/load_script.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace rota::sim {

namespace {

constexpr int64_t huge = 1'000'000'000'000;

void read_counter(map_reader& in, const std::string& key, uint64_t& out) {
  int64_t value = 0;
  in.integer(key, 1, huge, value);
  out = static_cast<uint64_t>(value);
}

void check_names(map_reader& in, const rule_match& x, const options& known) {
  const auto& all = known.accounts;
  const auto has = [&all](auto member, const std::string& value) {
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& y) { return y.*member == value; });
  };
  if (!x.key.empty() && !has(&account_options::key, x.key))
    in.complain("key", "no account has it; give the key of one");
  if (!x.account.empty() && !has(&account_options::name, x.account))
    in.complain("account", "no account is called so; give the name of one");
}

void read_match(const YAML::Node& node, const std::string& path,
                const options& known, faults& out, rule_match& x) {
  map_reader in{node, path, out};
  in.text("key", x.key);
  in.text("account", x.account);
  in.text("model", x.model);
  in.text("path", x.path);
  if (!x.path.empty() && x.path[0] != '/')
    in.complain("path", "must begin with /, such as /v1/*");
  in.text("text", x.text);
  in.duration("after", x.after);
  if (in.child("until")) {
    x.until.emplace();
    in.duration("until", *x.until);
    if (*x.until <= x.after)
      in.complain("until", "must be later than `after`");
  }
  read_counter(in, "first", x.first);
  read_counter(in, "every", x.every);
  read_counter(in, "times", x.times);
  in.decimal("probability", 6, 0, 1'000'000, x.probability, "0.3");
  check_names(in, x, known);
  in.finish();
}

void read_body_file(map_reader& in, const options& known, rule_action& x) {
  std::string name;
  in.text("body_file", name);
  if (name.empty())
    return;
  if (x.body)
    in.complain("body_file", "stands beside `body`; remove one");
  std::ifstream file{name[0] == '/' ? name : known.directory + "/" + name,
                     std::ios::binary};
  if (!file)
    return in.complain("body_file",
                       "cannot read '" + name
                           + "'; give a file, relative to this one");
  x.body = std::string{std::istreambuf_iterator<char>{file}, {}};
}

void read_headers(map_reader& in, rule_action& x) {
  const auto node = in.child("headers");
  if (!node)
    return;
  if (!node->IsMap())
    return in.complain("headers", "must be a map such as {retry-after: 2}");
  for (const auto& entry : *node) {
    const auto good = entry.first.IsScalar() && entry.second.IsScalar();
    const auto bad = [](const std::string& text) {
      return text.empty() || text.find_first_of("\r\n") != text.npos;
    };
    if (!good || bad(entry.first.Scalar()) || bad(entry.second.Scalar()))
      in.out().push_back({line_of(entry.first), in.path() + "headers",
                          "must map names to one-line texts"});
    else
      x.headers.emplace_back(entry.first.Scalar(), entry.second.Scalar());
  }
}

/// Reads where a connection breaks: before_headers, after_headers, or
/// {at_byte: K}.
void read_place(map_reader& in, rule_action& x) {
  const auto node = in.child("reset");
  if (node->IsMap()) {
    map_reader inner{*node, in.path() + "reset.", in.out()};
    inner.require("at_byte", "a number of bytes");
    inner.integer("at_byte", 0, huge, x.at_byte);
    return inner.finish();
  }
  in.word<int64_t>("reset", {{"before_headers", -1}, {"after_headers", 0}},
                   x.at_byte);
}

void read_stall(map_reader& in, rule_action& x) {
  const auto node = in.child("stall");
  if (!node->IsScalar() || node->Scalar() != "forever") {
    x.stall.emplace();
    in.duration("stall", *x.stall);
  }
  in.integer("at_byte", 0, huge, x.at_byte);
}

void read_flag(map_reader& in, const std::string& key) {
  bool value = true;
  in.boolean(key, value);
  if (!value)
    in.complain(key, "can only be true; leave it out");
}

struct named_deed {
  std::string name;
  deed is;
};

const std::vector<named_deed> deeds{
    {"status", deed::status},   {"reset", deed::reset},
    {"stall", deed::stall},     {"truncate", deed::truncate},
    {"html", deed::html},       {"empty", deed::empty},
    {"balance", deed::balance}, {"top_up", deed::top_up},
};

/// Finds the one thing that an action does.
void read_deed(map_reader& in, rule_action& x) {
  std::string found;
  for (const auto& y : deeds) {
    // {status: 502, html: true} is a page with that status.
    if (!in.child(y.name) || (y.is == deed::html && found == "status")) {
      if (in.child(y.name))
        x.is = deed::html;
      continue;
    }
    if (!found.empty())
      in.complain(y.name,
                  "stands beside `" + found + "`; an action does one thing");
    found = y.name;
    x.is = y.is;
  }
  if (found.empty() && !in.child("delay") && !in.child("headers"))
    in.out().push_back({in.line(), in.path().substr(0, in.path().size() - 1),
                        "does nothing; give one of status, reset, stall, "
                        "truncate, html, empty, balance, top_up, delay"});
}

void read_action(const YAML::Node& node, const std::string& path,
                 const options& known, faults& out, rule_action& x) {
  map_reader in{node, path, out};
  read_deed(in, x);
  int64_t status = 0;
  in.integer("status", 200, 599, status);
  x.status = static_cast<int>(status);
  if (in.child("body"))
    in.text("body", x.body.emplace());
  read_body_file(in, known, x);
  in.text("content_type", x.content_type);
  read_headers(in, x);
  if (in.child("charge"))
    in.boolean("charge", x.charge.emplace());
  in.duration("delay", x.delay);
  if (in.child("reset"))
    read_place(in, x);
  if (in.child("stall"))
    read_stall(in, x);
  in.integer("truncate", 0, huge, x.at_byte);
  read_flag(in, "html");
  read_flag(in, "empty");
  in.decimal("balance", 9, -huge * 1'000, huge * 1'000, x.amount, "0.50");
  in.decimal("top_up", 9, 0, huge * 1'000, x.amount, "5.00");
  if (x.body && x.is != deed::status && x.is != deed::html)
    in.complain("body", "has no meaning without `status` or `html`");
  in.finish();
}

/// A rule about money takes place once, at a time.
void check_payment(map_reader& in, const rule& x) {
  const auto& match = x.match;
  if (x.moves_money()
      && (!match.model.empty() || !match.path.empty() || !match.text.empty()
          || match.until
          || match.first > 0 || match.every > 0 || match.times > 0
          || match.probability < 1'000'000))
    in.complain("match",
                "a rule that moves money takes place once, at `after`; "
                "besides it takes `key` or `account` only");
}

} // namespace

void read_script(const YAML::Node& list, const options& known, faults& out,
                 std::vector<rule>& rules) {
  if (!list.IsSequence()) {
    out.push_back({line_of(list), "script",
                   "must be a list of {match: {...}, action: {...}}"});
    return;
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const auto where = "script[" + std::to_string(i) + "]";
    const auto& node = list[i];
    if (!node.IsMap()) {
      out.push_back({line_of(node), where,
                     "must be a map {match: {...}, action: {...}}"});
      continue;
    }
    map_reader in{node, where + ".", out};
    rule x;
    x.line = line_of(node);
    x.name = "#" + std::to_string(i + 1);
    in.text("name", x.name);
    in.require("action", "what happens, such as {status: 500}");
    const auto match = in.child("match");
    if (match && match->IsMap())
      read_match(*match, where + ".match.", known, out, x.match);
    else if (match)
      in.complain("match", "must be a map such as {model: gpt-5-mini}");
    const auto action = in.child("action");
    if (action && action->IsMap())
      read_action(*action, where + ".action.", known, out, x.action);
    else if (action)
      in.complain("action", "must be a map such as {status: 500}");
    check_payment(in, x);
    in.finish();
    rules.push_back(std::move(x));
  }
}

} // namespace rota::sim
