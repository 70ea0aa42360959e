#include "tools/sim/rule.hpp"

namespace rota::sim {

bool fails(const rule& x) {
  switch (x.action.is) {
    case deed::answer:
      return false;
    case deed::stall:
      return !x.action.stall;
    default:
      return true;
  }
}

bool replaces_answer(const rule& x) {
  const auto is = x.action.is;
  return is == deed::status || is == deed::html || is == deed::empty;
}

bool charged_under(const rule& x) {
  const auto decided = !replaces_answer(x)
                       && (x.action.is != deed::reset || x.action.at_byte >= 0);
  return x.action.charge.value_or(decided);
}

} // namespace rota::sim
