// Which rule of a script meets which call.

#include "tests/support/catch.hpp"

#include "tools/sim/script.hpp"

#include <string>

using namespace rota::sim;
using namespace std::chrono_literals;

namespace {

rule failing(rule_match match, std::string name = "x") {
  rule result;
  result.name = std::move(name);
  result.match = std::move(match);
  result.action.is = deed::status;
  result.action.status = 500;
  return result;
}

const call_facts usual{"key-a", "relay-a", "gpt-5-mini", "/v1/chat/completions",
                       true};

/// @returns One letter for each of `n` equal calls: `x` where a rule applied.
std::string pattern(rule_match match, int n, uint64_t seed = 1) {
  script x{{failing(std::move(match))}, seed};
  std::string result;
  for (int i = 0; i < n; ++i)
    result += x.decide(usual, 0s) != nullptr ? 'x' : '.';
  return result;
}

bool meets(rule_match match, const call_facts& call, microseconds at = 0s) {
  script x{{failing(std::move(match))}, 1};
  return x.decide(call, at) != nullptr;
}

} // namespace

TEST_CASE("an empty match is every paid call", "[sim]") {
  CHECK(meets({}, usual));
  auto probe = usual;
  probe.paid = false;
  probe.path = "/api/user/self";
  CHECK_FALSE(meets({}, probe));
  rule_match match;
  match.path = "/api/*";
  CHECK(meets(match, probe));
  CHECK_FALSE(meets(match, usual));
}

TEST_CASE("a rule looks at key, account, model and path", "[sim]") {
  const auto with = [](auto member, const char* value) {
    rule_match match;
    match.*member = value;
    return match;
  };
  CHECK(meets(with(&rule_match::key, "key-a"), usual));
  CHECK_FALSE(meets(with(&rule_match::key, "key-b"), usual));
  CHECK(meets(with(&rule_match::account, "relay-a"), usual));
  CHECK_FALSE(meets(with(&rule_match::account, "relay"), usual));
  CHECK(meets(with(&rule_match::model, "gpt-5-mini"), usual));
  CHECK_FALSE(meets(with(&rule_match::model, "gpt-5"), usual));
  CHECK(meets(with(&rule_match::path, "/v1/chat/completions"), usual));
  CHECK(meets(with(&rule_match::path, "/v1/*"), usual));
  CHECK_FALSE(meets(with(&rule_match::path, "/v1"), usual));
}

TEST_CASE("a rule looks for a text in the body", "[sim]") {
  rule_match match;
  match.text = "stream_options";
  auto call = usual;
  CHECK_FALSE(meets(match, call));
  call.body = R"({"stream_options":{}})";
  CHECK(meets(match, call));
  call.body = "{\"stream\":true}";
  CHECK_FALSE(meets(match, call));
}

TEST_CASE("a rule holds from one time to before another", "[sim]") {
  rule_match match;
  match.after = 2s;
  match.until = 5s;
  CHECK_FALSE(meets(match, usual, 1'999ms));
  CHECK(meets(match, usual, 2s));
  CHECK(meets(match, usual, 4'999ms));
  CHECK_FALSE(meets(match, usual, 5s));
}

TEST_CASE("rules count the calls that are theirs", "[sim]") {
  rule_match match;
  match.every = 3;
  CHECK(pattern(match, 9) == "..x..x..x");
  match.times = 2;
  CHECK(pattern(match, 9) == "..x..x...");
  match.first = 5;
  CHECK(pattern(match, 9) == "..x......");
  match = {};
  match.first = 2;
  CHECK(pattern(match, 4) == "xx..");
  match = {};
  match.times = 1;
  CHECK(pattern(match, 3) == "x..");
}

TEST_CASE("other calls do not count", "[sim]") {
  rule_match match;
  match.every = 2;
  match.key = "key-a";
  script x{{failing(match)}, 1};
  auto other = usual;
  other.key = "key-b";
  CHECK(x.decide(usual, 0s) == nullptr);
  CHECK(x.decide(other, 0s) == nullptr);
  CHECK(x.decide(usual, 0s) != nullptr);
}

TEST_CASE("chance is drawn from the seed", "[sim]") {
  rule_match match;
  match.probability = 300'000;
  const auto once = pattern(match, 2'000);
  CHECK(once == pattern(match, 2'000));
  CHECK(once != pattern(match, 2'000, 2));
  const auto n = std::count(once.begin(), once.end(), 'x');
  CHECK(n > 530); // 600 expected, deviation 20.
  CHECK(n < 670);
  match.probability = 0;
  CHECK(pattern(match, 100) == std::string(100, '.'));
}

TEST_CASE("the first rule that applies wins", "[sim]") {
  rule_match second;
  second.every = 2;
  script x{{failing(second, "even"), failing({}, "any")}, 1};
  CHECK(x.decide(usual, 0s)->name == "any");
  CHECK(x.decide(usual, 0s)->name == "even");
}

TEST_CASE("money moves once, in the order of time", "[sim]") {
  const auto payment = [](microseconds after, nanos amount) {
    rule result;
    result.match.after = after;
    result.action.is = deed::top_up;
    result.action.amount = amount;
    return result;
  };
  script x{{payment(3s, 3), payment(1s, 1), payment(2s, 2)}, 1};
  CHECK(x.decide(usual, 10s) == nullptr);
  CHECK(x.due(0s) == nullptr);
  CHECK(x.due(2s)->action.amount == 1);
  CHECK(x.due(2s)->action.amount == 2);
  CHECK(x.due(2s) == nullptr);
  CHECK(x.due(9s)->action.amount == 3);
  CHECK(x.due(9s) == nullptr);
}
