#include "config/failure_rule.hpp"

#include "tests/support/catch.hpp"

#include <fstream>
#include <set>
#include <sstream>

using namespace rota;
using namespace std::chrono_literals;

namespace {

std::string file(const std::string& path) {
  std::ifstream in{ROTA_SOURCE_DIR "/" + path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("the built-in files are those of the tree", "[failure_rule]") {
  CHECK(built_in_failure_rules() == file("config/failure_rules.yaml"));
  CHECK(built_in_prices() == file("config/prices.json"));
  CHECK(built_in_prices().size() > 1'000);
}

TEST_CASE("the built-in rules are without fault", "[failure_rule]") {
  const auto x = parse_failure_rules(built_in_failure_rules());
  CHECK(x.faults == lines{});
  CHECK(x.rules.size() > 80);
  // No status is left without a judgement.
  std::set<int> statuses;
  for (const auto& rule : x.rules)
    if (rule.providers.empty() && rule.codes.empty() && rule.types.empty()
        && rule.text.empty())
      statuses.insert(rule.statuses.begin(), rule.statuses.end());
  for (int i = 300; i < 600; ++i)
    CHECK(statuses.contains(i));
}

TEST_CASE("a rule says everything", "[failure_rule]") {
  const auto x = parse_failure_rules(R"(rules:
- name: everything
  providers: [new_api, sub2api]
  statuses: [429, 500-502]
  codes: [a, ""]
  types: [t]
  text: 'need (\d+)'
  class: rate_limited
  scope: host
  action: exhausted
  failover: false
  charged: perhaps
  cooldown: 90s
  ignore_retry_after: true
  needed_group: 1
- {name: till, class: quota_exhausted, until: next_month}
)");
  REQUIRE(x.faults == lines{});
  REQUIRE(x.rules.size() == 2);
  const auto& rule = x.rules[0];
  CHECK(rule.name == "everything");
  CHECK(rule.providers
        == std::vector{provider::new_api, provider::sub2api});
  CHECK(rule.statuses == std::vector{429, 500, 501, 502});
  CHECK(rule.codes == lines{"a", ""});
  CHECK(rule.types == lines{"t"});
  CHECK(rule.text == "need (\\d+)");
  CHECK(rule.cls == failure_class::rate_limited);
  CHECK(rule.scope == failure_scope::host);
  CHECK(rule.action == account_action::exhausted);
  CHECK_FALSE(rule.failover);
  CHECK(rule.charged == charge::perhaps);
  CHECK(rule.cooldown == 90s);
  CHECK(rule.ignore_retry_after);
  CHECK(rule.needed_group == 1);
  CHECK(rule.ends == failure_rule::until::none);
  CHECK(x.rules[1].ends == failure_rule::until::next_month);
}

TEST_CASE("the class implies the rest", "[failure_rule]") {
  const auto of = [](const std::string& cls) {
    const auto x
      = parse_failure_rules("rules: [{name: x, class: " + cls + "}]");
    REQUIRE(x.faults == lines{});
    const auto& rule = x.rules.at(0);
    return to_string(rule.scope) + ' ' + to_string(rule.action) + ' '
           + (rule.failover ? "yes" : "no");
  };
  CHECK(of("client_error") == "request none no");
  CHECK(of("context_too_long") == "request none no");
  CHECK(of("content_policy") == "request none no");
  CHECK(of("session_bound") == "request none no");
  CHECK(of("client_restricted") == "request none yes");
  CHECK(of("model_unavailable") == "account+model none yes");
  CHECK(of("auth_invalid") == "account disabled yes");
  CHECK(of("auth_forbidden") == "account disabled yes");
  CHECK(of("account_banned") == "account disabled yes");
  CHECK(of("quota_exhausted") == "account exhausted yes");
  CHECK(of("key_quota_exhausted") == "account exhausted yes");
  CHECK(of("low_balance") == "account low_balance yes");
  CHECK(of("rate_limited") == "account+model cooldown yes");
  CHECK(of("overloaded") == "account+model cooldown yes");
  CHECK(of("upstream_error") == "account penalty yes");
  CHECK(of("waf_challenge") == "host cooldown yes");
  CHECK(of("stream_broken") == "account penalty no");
}

TEST_CASE("every fault is reported at once, with its line", "[failure_rule]") {
  const auto x = parse_failure_rules(R"(rules:
- name: a
  providers: [newapi, openai]
  statuses: [42, 500-499,
             abc]
  class: rate_limitd
  scope: account_model
  cooldown: soon
- name: a
  class: overloaded
  text: '('
  failover: maybe
  shape: round
- class: none
  needed_group: 2
- name: b
  class: overloaded
  text: x
  needed_group: 1
  cooldown: 5s
  until: next_month
- just text
- name: c
  codes: a
  types: [""]
  charged: never
  name: d
)");
  const lines expected{
    "3: providers: \"newapi\" is no provider; did you mean new_api?",
    "4: statuses: \"42\" is no HTTP status; write 100 to 599, or a range "
    "such as 500-599",
    "4: statuses: \"500-499\" is no HTTP status; write 100 to 599, or a "
    "range such as 500-599",
    "5: statuses: \"abc\" is no HTTP status; write 100 to 599, or a range "
    "such as 500-599",
    "6: class: \"rate_limitd\" is no class; did you mean rate_limited?",
    "7: scope: \"account_model\" is no scope; did you mean "
    "account+model?",
  };
  for (const auto& fault : expected)
    CHECK(std::count(x.faults.begin(), x.faults.end(), fault) == 1);
  const auto has = [&](const std::string& begin) {
    INFO(begin);
    CHECK(std::count_if(x.faults.begin(), x.faults.end(),
                        [&](const auto& y) { return y.starts_with(begin); })
          == 1);
  };
  has("8: cooldown: ");
  has("9: name: a names two rules");
  has("11: text: is no regular expression");
  has("12: failover: is neither true nor false");
  has("13: shape: is unknown");
  has("14: name: is missing");
  has("14: class: \"none\" is no class");
  has("15: needed_group: needs a text");
  has("19: needed_group: is beyond the last group");
  has("20: cooldown: says another end than until");
  has("22: rules: holds something that is no rule");
  has("24: codes: is no list");
  has("25: types: holds an empty text");
  has("26: charged: \"never\" is no answer");
  has("27: name: is set twice");
  has("23: class: is missing");
  CHECK(x.faults.size() == 22);
}

TEST_CASE("a file that is no rule file", "[failure_rule]") {
  for (const auto* text : {"", "rules", "[]", "rules: {}", "rule: []",
                           "rules: []\nmore: 1", "- {name: x}"}) {
    INFO(text);
    const auto x = parse_failure_rules(text);
    REQUIRE(x.faults.size() == 1);
    CHECK_THAT(x.faults[0], ContainsSubstring("rules: is missing"));
  }
  const auto x = parse_failure_rules("rules:\n- {name: x, class: [}\n");
  REQUIRE(x.faults.size() == 1);
  CHECK_THAT(x.faults[0], ContainsSubstring("2: syntax: "));
  CHECK(parse_failure_rules("rules: []").faults == lines{});
}

TEST_CASE("patterns take no single byte of a sign for the sign",
          "[failure_rule]") {
  // Texts are matched byte by byte: "总?" makes its last byte optional alone.
  const auto is_part = [](char c) { return (c & 0x80) != 0; };
  for (const auto& x : parse_failure_rules(built_in_failure_rules()).rules) {
    INFO(x.name);
    bool in_class = false;
    for (size_t i = 0; i < x.text.size(); ++i) {
      in_class = x.text[i] == '[' || (in_class && x.text[i] != ']');
      CHECK_FALSE((in_class && is_part(x.text[i])));
      if (i > 0 && is_part(x.text[i - 1]))
        CHECK(std::string_view{"?*+{"}.find(x.text[i])
              == std::string_view::npos);
    }
  }
}
