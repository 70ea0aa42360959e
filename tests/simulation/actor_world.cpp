#include "tests/simulation/black_box.hpp"
namespace rota::simulation { run_report run_actors(uint64_t) { return {}; } }
