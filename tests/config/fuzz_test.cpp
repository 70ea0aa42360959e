#include "config/listing.hpp"
#include "tests/config/parsing.hpp"

#include <random>

using namespace rota;

namespace {

using engine = std::mt19937_64;

size_t below(engine& random, size_t n) {
  return n == 0 ? 0 : random() % n;
}

/// Pieces that mean something to YAML or to an option.
const std::vector<std::string> pieces{
    "\n",
    "  ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!x ",
    "|",
    ">",
    "---\n",
    "...\n",
    "#",
    "%",
    "\t",
    "? ",
    "<<: ",
    "~",
    "null",
    "\\",
    "\xFF",
    "\x01",
    "-1",
    "1e9",
    "9999999999999999999999",
    "env:X",
    "file:/x",
    "0",
    "accounts:\n",
    "routing:\n",
    "@",
    "`",
    "\r\n",
    "\xEF\xBB\xBF",
    "\"\\u0000\"",
};

std::string mutated(std::string text, engine& random) {
  for (auto n = 1 + below(random, 6); n > 0; --n) {
    const auto at = below(random, text.size() + 1);
    const auto length = below(random, 40);
    switch (below(random, 6)) {
    case 0: // A piece more.
      text.insert(at, pieces[below(random, pieces.size())]);
      break;
    case 1: // Something less.
      text.erase(at, length);
      break;
    case 2: // A byte changed.
      if (at < text.size())
        text[at] = static_cast<char>(random() & 0xFF);
      break;
    case 3: // A part twice.
      text.insert(below(random, text.size() + 1), text.substr(at, length));
      break;
    case 4: // Cut off.
      if (below(random, 8) == 0)
        text.resize(at);
      break;
    default: { // A line elsewhere.
      const auto begin = text.find('\n', at);
      const auto end = begin == std::string::npos ? std::string::npos
                                                  : text.find('\n', begin + 1);
      if (end == std::string::npos)
        break;
      const auto line = text.substr(begin, end - begin);
      text.erase(begin, end - begin);
      text.insert(below(random, text.size() + 1), line);
      break;
    }
    }
  }
  return text;
}

/// Comments make up most of the example and would soak up the mutations.
std::string without_comments(const std::string& text) {
  std::string result;
  for (size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    const auto line = text.substr(begin, end + 1 - begin);
    const auto first = line.find_first_not_of(' ');
    if (first != std::string::npos && line[first] != '#' && line != "\n")
      result += line;
    begin = end + 1;
  }
  return result;
}

bool well_formed(const std::string& fault) {
  constexpr std::string_view start = "x.yaml:";
  if (!fault.starts_with(start))
    return false;
  const auto digits = fault.find_first_not_of("0123456789", start.size());
  return digits > start.size() && fault.substr(digits, 2) == ": "
         && fault.find(": ", digits + 2) != std::string::npos
         && fault.find('\n') == std::string::npos;
}

} // namespace

TEST_CASE("a mutated example loads or has faults, and never crashes",
          "[fuzz]") {
  const auto example = without_comments(example_listing());
  REQUIRE(parse_options(example, "x.yaml").faults.empty());
  size_t loaded = 0;
  size_t refused = 0;
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    engine random{seed};
    const auto text = mutated(example, random);
    const auto result = parse_options(text, "x.yaml");
    if (result.faults.empty()) {
      ++loaded;
      if (result.opts.accounts.empty())
        FAIL("seed " << seed << " loads without accounts");
      for (const auto& account : result.opts.accounts)
        if (account.name.empty() || account.base_url.empty()
            || account.api_key.from == secret_ref::source::none)
          FAIL("seed " << seed << " loads an account without its options");
    } else {
      ++refused;
    }
    for (const auto& fault : result.faults)
      if (!well_formed(fault))
        FAIL("seed " << seed << " gives the fault " << fault);
  }
  CHECK(loaded > 30);
  CHECK(refused > 300);
}

TEST_CASE("noise loads or has faults, and never crashes", "[fuzz]") {
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    engine random{seed};
    std::string text;
    for (auto n = below(random, 60); n > 0; --n)
      text += pieces[below(random, pieces.size())];
    const auto result = parse_options(text, "x.yaml");
    if (result.faults.empty())
      FAIL("seed " << seed << " loads: " << text);
    for (const auto& fault : result.faults)
      if (!well_formed(fault))
        FAIL("seed " << seed << " gives the fault " << fault);
  }
}
