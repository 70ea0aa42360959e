#include "tools/sim/run.hpp"

int main(int argc, char** argv) {
  return rota::sim::run(argc, argv);
}
