#include "tools/rota/commands.hpp"

int main(int argc, char** argv) {
  return rota::cli::main_of(argc, argv);
}
