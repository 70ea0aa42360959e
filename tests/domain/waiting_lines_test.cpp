#include "actors/domain/waiting_lines.hpp"

#include "tests/support/catch.hpp"

using namespace rota;

namespace {

line_key key(const std::string& model) {
  line_key x;
  x.model = model;
  return x;
}

/// Three lines: a1 a2, b1, c1 c2 c3.
waiting_lines<std::string> some() {
  waiting_lines<std::string> x;
  for (const auto* name : {"c1", "a1", "b1", "c2", "a2", "c3"})
    x.push(key(std::string{name, 1}), name);
  return x;
}

std::string all(const waiting_lines<std::string>& x) {
  std::string result;
  x.for_each([&](const std::string& y) { result += y; });
  return result;
}

} // namespace

TEST_CASE("jobs stand in their lines as they came", "[waiting_lines]") {
  const auto x = some();
  CHECK(x.size() == 6);
  CHECK(x.lines() == 3);
  CHECK(all(x) == "a1a2b1c1c2c3");
  REQUIRE(x.first_of(key("c")) != nullptr);
  CHECK(*x.first_of(key("c")) == "c1");
  CHECK(x.first_of(key("d")) == nullptr);
}

TEST_CASE("an empty line is none", "[waiting_lines]") {
  auto x = some();
  x.erase_if([](const std::string& y) { return y == "b1" || y == "c1"; });
  CHECK(x.size() == 4);
  CHECK(x.lines() == 2);
  CHECK(x.first_of(key("b")) == nullptr);
  CHECK(*x.first_of(key("c")) == "c2");
  x.erase_if([](const std::string&) { return true; });
  CHECK(x.empty());
  CHECK(x.lines() == 0);
}

TEST_CASE("one is taken out", "[waiting_lines]") {
  auto x = some();
  x.erase_first([](const std::string& y) { return y > "b"; });
  CHECK(all(x) == "a1a2c1c2c3");
  CHECK(x.lines() == 2);
  x.erase_first([](const std::string& y) { return y == "c2"; });
  x.erase_first([](const std::string& y) { return y == "d"; });
  CHECK(all(x) == "a1a2c1c3");
  CHECK(x.size() == 4);
}

TEST_CASE("each line in turn is visited first", "[waiting_lines]") {
  auto x = some();
  line_key last;
  std::string seen;
  const auto visit = [&](size_t most, bool moves) {
    seen.clear();
    x.visit(last, most, [&](auto& line) {
      seen += line.front();
      return moves;
    });
    return seen;
  };
  CHECK(visit(2, false) == "a1b1");
  CHECK(visit(2, true) == "a1b1");
  CHECK(visit(2, true) == "c1a1");
  CHECK(visit(9, true) == "b1c1a1"); // Each once.
  seen.clear();
  x.for_each_first(last, [&](const std::string& y) {
    seen += y;
    return true;
  });
  CHECK(seen == "b1c1a1");
  seen.clear();
  x.for_each_first(last, [&](const std::string& y) {
    seen += y;
    return y != "c1";
  });
  CHECK(seen == "b1c1");
}

TEST_CASE("visitors take jobs out", "[waiting_lines]") {
  auto x = some();
  line_key last;
  std::string seen;
  for (int i = 0; i < 6; ++i)
    x.visit(last, 1, [&](auto& line) {
      seen += line.front();
      line.pop_front();
      return true;
    });
  CHECK(seen == "a1b1c1a2c2c3");
  CHECK(x.empty());
  x.visit(last, 1, [](auto&) { return true; }); // Nobody to be visited.
  CHECK(x.empty());
}
