#include "tests/simulation/mutant_list.hpp"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rota::simulation {

namespace {

std::string unescaped(std::string x) {
  for (size_t i = 0; (i = x.find("\\n", i)) != std::string::npos; ++i)
    x.replace(i, 2, "\n");
  return x;
}

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  if (!in)
    throw std::runtime_error{path + " cannot be read"};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

} // namespace

std::vector<mutant> read_mutants(const std::string& path) {
  std::ifstream in{path};
  if (!in)
    throw std::runtime_error{path + " cannot be read"};
  std::vector<mutant> result;
  static constexpr std::array<const char*, 5> keys{"name: ", "file: ",
                                                   "find: ", "with: ",
                                                   "what: "};
  std::array<std::string, 5> values;
  size_t next = 0;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (next == 0 && (line.empty() || line[0] == '#'))
      continue;
    // An editor may have trimmed the blank of an empty value.
    if (!(line + ' ').starts_with(keys[next]))
      throw std::runtime_error{path + ':' + std::to_string(number)
                               + " does not begin with \"" + keys[next]
                               + '"'};
    values[next] = line.size() > 6 ? unescaped(line.substr(6)) : "";
    next = (next + 1) % keys.size();
    if (next == 0)
      result.push_back(
        {values[0], values[1], values[2], values[3], values[4]});
  }
  return result;
}

size_t occurrences(const mutant& x, const std::string& root) {
  const auto text = text_of(root + '/' + x.file);
  size_t result = 0;
  for (size_t i = 0; (i = text.find(x.find, i)) != std::string::npos;
       i += x.find.size())
    ++result;
  return result;
}

std::string mutate(const mutant& x, const std::string& root) {
  auto text = text_of(root + '/' + x.file);
  const auto i = text.find(x.find);
  if (i == std::string::npos)
    throw std::runtime_error{x.name + ": " + x.file + " does not contain "
                             + x.find};
  return text.replace(i, x.find.size(), x.with);
}

} // namespace rota::simulation
