#include "runtime/routing_files.hpp"

#include "config/failure_rule.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace rota {

namespace {

/// No table of prices or rules is as large.
constexpr uintmax_t file_bytes_max = 16 << 20;

/// Reads the file that an option names; says so if it cannot.
std::optional<std::string> read_named(const std::string& path,
                                      const std::string& option,
                                      std::vector<std::string>& unreadable) {
  // What is no file may never end, or never begin.
  std::error_code err;
  const auto size = std::filesystem::file_size(path, err);
  errno = err.value();
  if (!err && size > file_bytes_max)
    errno = EFBIG;
  if (errno == 0) {
    std::ifstream in{path, std::ios::binary};
    std::ostringstream out;
    if (in && (in.peek() == std::ifstream::traits_type::eof()
               || out << in.rdbuf()))
      return out.str();
  }
  unreadable.push_back(option + ": " + path + " cannot be read: "
                       + (errno == ENOTSUP ? "it is no file"
                                           : std::strerror(errno))
                       + "; correct the path, or remove the option to use"
                         " what is built in");
  return std::nullopt;
}

class reader {
public:
  reader(routing_files& result, routing_setup& setup)
    : result_{result}, setup_{setup} {
    // nop
  }

  void prices(const std::string& path,
              const std::map<std::string, std::string>& aliases) {
    const auto text = path.empty()
                        ? std::optional{built_in_prices()}
                        : read_named(path, "prices", result_.unreadable);
    if (!text)
      return;
    setup_.prices_text = std::hash<std::string>{}(*text);
    auto parsed = parse_price_table(*text);
    note(path, parsed.faults);
    if (parsed.faults.empty())
      for (const auto& [alias, name] : aliases)
        add_alias(parsed.table, alias, name);
    setup_.prices
      = std::make_shared<const price_table>(std::move(parsed.table));
  }

  void rules(const std::string& path) {
    std::vector<failure_rule> all;
    if (!path.empty())
      if (const auto text
          = read_named(path, "failure_rules", result_.unreadable)) {
        setup_.rules_text = std::hash<std::string>{}(*text);
        add_rules(path, *text, all);
      }
    add_rules("failure_rules.yaml", built_in_failure_rules(), all);
    if (!result_.faults.empty())
      return;
    try {
      setup_.rules = std::make_shared<const failure_rules>(std::move(all));
    } catch (const std::runtime_error& e) {
      result_.faults.push_back(path + ": " + e.what());
    }
  }

private:
  void add_alias(price_table& table, const std::string& alias,
                 const std::string& name) {
    if (table.knows(name))
      table.alias(alias, name);
    else
      result_.unreadable.push_back(
        "routing.price_aliases: " + alias + " is to cost what " + name
        + " does, which has no price in the table; write a name that has one");
  }

  void add_rules(const std::string& file, const std::string& text,
                 std::vector<failure_rule>& all) {
    auto parsed = parse_failure_rules(text);
    note(file, parsed.faults);
    std::move(parsed.rules.begin(), parsed.rules.end(),
              std::back_inserter(all));
  }

  void note(const std::string& file, const std::vector<std::string>& more) {
    for (const auto& fault : more)
      result_.faults.push_back(file + ":" + fault);
  }

  routing_files& result_;
  routing_setup& setup_;
};

} // namespace

routing_files load_routing(const options& x) {
  routing_files result;
  auto setup = std::make_shared<routing_setup>();
  setup->routing = x.routing;
  setup->upstream = x.upstream;
  setup->records = x.records.on();
  reader in{result, *setup};
  in.prices(x.prices, x.routing.price_aliases);
  in.rules(x.failure_rules);
  if (result.faults.empty() && result.unreadable.empty())
    result.setup = std::move(setup);
  return result;
}

} // namespace rota
