// Writes a source file with one bug in it: `mutate LIST NAME ROOT OUT`.

#include "tests/simulation/mutant_list.hpp"

#include <cstdio>
#include <exception>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: mutate LIST NAME ROOT OUT\n", stderr);
    return 2;
  }
  try {
    for (const auto& x : rota::simulation::read_mutants(argv[1]))
      if (x.name == argv[2]) {
        std::ofstream out{argv[4]};
        out << rota::simulation::mutate(x, argv[3]);
        return out.flush() ? 0 : 1;
      }
    std::fprintf(stderr, "mutate: there is no mutant %s\n", argv[2]);
  } catch (const std::exception& x) {
    std::fprintf(stderr, "mutate: %s\n", x.what());
  }
  return 1;
}
