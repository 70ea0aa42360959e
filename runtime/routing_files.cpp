#include "runtime/routing_files.hpp"

#include "config/failure_rule.hpp"

#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace rota {

namespace {

std::optional<std::string> text_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Reads the file that an option names; says so if it cannot.
std::string read_named(const std::string& path, const char* option,
                       std::vector<std::string>& faults) {
  auto text = text_of(path);
  if (!text)
    faults.push_back(path + ": " + option
                     + ": cannot be read; correct the path or remove the"
                       " option to use the built-in file.");
  return text.value_or("");
}

} // namespace

routing_files load_routing(const options& x) {
  routing_files result;
  auto& faults = result.faults;
  const auto note = [&faults](const std::string& file,
                              const std::vector<std::string>& more) {
    for (const auto& fault : more)
      faults.push_back(file + ": " + fault);
  };
  auto setup = std::make_shared<routing_setup>();
  setup->routing = x.routing;
  setup->upstream = x.upstream;
  const auto prices = x.prices.empty()
                        ? built_in_prices()
                        : read_named(x.prices, "prices", faults);
  if (!prices.empty()) {
    auto parsed = parse_price_table(prices);
    note(x.prices, parsed.faults);
    setup->prices
      = std::make_shared<const price_table>(std::move(parsed.table));
  }
  std::vector<failure_rule> rules;
  const auto add_rules = [&](const std::string& file, const std::string& text) {
    auto parsed = parse_failure_rules(text);
    note(file, parsed.faults);
    std::move(parsed.rules.begin(), parsed.rules.end(),
              std::back_inserter(rules));
  };
  if (!x.failure_rules.empty())
    add_rules(x.failure_rules,
              read_named(x.failure_rules, "failure_rules", faults));
  add_rules("failure_rules.yaml", built_in_failure_rules());
  try {
    setup->rules = std::make_shared<const failure_rules>(std::move(rules));
  } catch (const std::runtime_error& e) {
    faults.push_back(x.failure_rules + ": " + e.what());
  }
  if (faults.empty())
    result.setup = std::move(setup);
  return result;
}

} // namespace rota
