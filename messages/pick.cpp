#include "messages/pick.hpp"

#include <array>

namespace rota {

namespace {

struct finding_words {
  const char* name;
  const char* why;
};

constexpr std::array<finding_words, 20> findings{{
  {"chosen", "it was chosen"},
  {"behind", "it could serve, but others stand before it"},
  {"bound", "what the request goes on from lies with another account"},
  {"tried", "the request has failed there already"},
  {"declined", "it was asked for a hold and declined"},
  {"other_surface", "it does not speak this route"},
  {"other_model", "it does not serve this model"},
  {"other_tags", "it lacks a tag that is asked for"},
  {"drained", "it is drained"},
  {"in_maintenance", "it is in maintenance"},
  {"ejected", "it is ejected"},
  {"cooling", "it cools down after a failure"},
  {"model_cooling", "this model cools down there after a failure"},
  {"exhausted", "its provider says that it has no money"},
  {"below_floor", "nothing is left above its floor"},
  {"too_little", "what is left above its floor is less than the hold"},
  {"balance_unknown", "its balance is not known yet"},
  {"reading_stale", "its last reading is too old"},
  {"busy", "it has as many requests or tokens as it may"},
  {"other_session", "the conversation stays with the account that served it"},
}};

} // namespace

std::string to_string(pick_finding x) {
  return findings.at(static_cast<size_t>(x)).name;
}

std::string explain(pick_finding x) {
  return findings.at(static_cast<size_t>(x)).why;
}

} // namespace rota
