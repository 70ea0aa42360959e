#pragma once

#include <string>
#include <vector>

namespace rota::simulation {

/// One seeded bug; see mutants.txt.
struct mutant {
  std::string name;
  std::string file; // From the root.
  std::string find;
  std::string with;
  std::string what;
};

/// @throws std::runtime_error naming the line that is wrong.
std::vector<mutant> read_mutants(const std::string& path);

/// How often a mutant's text occurs in its file.
size_t occurrences(const mutant& x, const std::string& root);

/// The file's text with the bug in it.
std::string mutate(const mutant& x, const std::string& root);

} // namespace rota::simulation
