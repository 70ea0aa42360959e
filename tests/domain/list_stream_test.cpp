// Gemini's stream as an array: whole elements pass, so that one that breaks
// can be brought to an end.

#include "actors/domain/list_scanner.hpp"
#include "actors/domain/stream_gate.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string word
  = R"({"candidates":[{"content":{"parts":[{"text":"a ]}\\\" [{"}]}}]})";
const std::string last
  = R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":)"
    R"({"promptTokenCount":9,"candidatesTokenCount":5}})";
const std::string fault = R"({"error":{"code":402,"message":"no money"}})";

struct passage {
  std::string text;
  bool open, complete, fault, cut;
};

passage pass(const std::string& body, size_t step, bool ends = true) {
  stream_gate gate{surface::gemini_generate, 262'144, false};
  gate.hide([](std::string_view x) { return x == fault; });
  passage x;
  for (size_t i = 0; i < body.size(); i += step)
    x.text += gate.feed(std::string_view{body}.substr(i, step));
  if (ends)
    x.text += gate.finish();
  x.open = gate.is_open();
  x.complete = gate.complete();
  x.fault = gate.fault();
  x.cut = gate.is_cut();
  CHECK(gate.is_list());
  return x;
}

} // namespace

TEST_CASE("elements of an array are told apart, however it is cut", "[list]") {
  const std::vector<std::string> parts{
    "\r\n[" + word, ",\r\n" + last, " , [[1], 2]", ",{}", "\n]\n"};
  std::string body;
  for (const auto& x : parts)
    body += x;
  for (size_t step = 1; step <= body.size(); ++step) {
    list_scanner list;
    std::vector<std::string> got(1);
    for (size_t i = 0; i < body.size(); i += step)
      for (auto x = std::string_view{body}.substr(i, step); !x.empty();) {
        const auto size = list.take(x);
        got.back() += x.substr(0, size);
        x.remove_prefix(size);
        if (list.at_end())
          got.emplace_back();
        CHECK(list.is_over() == (got.size() == 5 && got[4].find(']') != std::string::npos));
      }
    CHECK(got == parts);
  }
}

TEST_CASE("an array passes in whole elements", "[stream_gate]") {
  const auto step = GENERATE(size_t{1}, 5, 64, 1'000'000);
  const auto begun = "[" + word;
  const auto whole = begun + ",\r\n" + last + "\n]\n";
  SECTION("to its end") {
    const auto x = pass(whole, step);
    CHECK(x.text == whole);
    CHECK(x.complete);
    CHECK_FALSE(x.fault);
  }
  SECTION("until it breaks") {
    for (const std::string rest : {"", ",", ",\r\n{\"cand", "]"}) {
      const auto x = pass(begun + rest, step, rest.empty());
      CHECK(x.text == begun);
      CHECK_FALSE(x.complete);
    }
    // What it said last does not make up for its end.
    const auto x = pass(begun + "," + last, step);
    CHECK(x.text == begun + "," + last);
    CHECK_FALSE(x.complete);
  }
  SECTION("not at all before the first is whole") {
    const auto x = pass(begun.substr(0, begun.size() - 1), step);
    CHECK_FALSE(x.open);
    CHECK(x.text.empty());
  }
  SECTION("or a fault comes first") {
    const auto x = pass("[" + fault + "," + word + "]", step);
    CHECK_FALSE(x.open);
    CHECK(x.fault);
  }
  SECTION("until a private fault") {
    const auto x = pass(begun + "," + fault + "," + last + "]", step);
    CHECK(x.text == begun);
    CHECK(x.cut);
  }
  SECTION("other faults included") {
    const auto body = begun + R"(,{"error":{"code":503,"message":"x"}}])";
    const auto x = pass(body, step);
    CHECK(x.text == body);
    CHECK(x.fault);
    CHECK_FALSE(x.cut);
  }
}

TEST_CASE("a very long element passes as it comes", "[stream_gate]") {
  stream_gate gate{surface::gemini_generate, 262'144, false};
  std::string text{gate.feed(R"([{"candidates":[{"content":")")};
  for (int i = 0; i < 300; ++i)
    text += gate.feed(std::string(1'000, 'x'));
  CHECK(text.size() > 300'000 - 65'536);
  text += gate.feed(R"(","finishReason":"STOP"}]}])");
  text += gate.finish();
  CHECK(text.ends_with("\"STOP\"}]}]"));
  CHECK(text.size() > 300'000);
  CHECK(gate.complete());
}
