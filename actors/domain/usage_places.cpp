// Where in an answer its usage stands.

#include "actors/domain/usage_scanner.hpp"

namespace rota {

usage_scanner::place usage_scanner::inner(bool object) const {
  const auto key = key_.view();
  const auto of_items = !object && key == "output"
                        && route_ == surface::openai_responses;
  const auto of_figures = object && (key == "usage" || key == "usageMetadata");
  switch (here()) {
    case place::outside:
      return object ? place::root : place::list;
    case place::list:
      return object ? place::root : place::outside;
    case place::root:
      if (object && key == "response")
        return place::response;
      if (object && key == "message")
        return place::message;
      if (object && key == "meta" && route_ == surface::rerank)
        return place::meta;
      if (!object && key == "choices")
        return place::choices;
      if (of_items)
        return place::items;
      return of_figures ? place::figures : place::outside;
    case place::choices:
      return object ? place::choice : place::outside;
    case place::items:
      return object ? place::item : place::outside;
    case place::response:
      if (of_items)
        return place::items;
      [[fallthrough]];
    case place::message:
    case place::choice:
      return of_figures ? place::figures : place::outside;
    case place::meta:
      return object && (key == "tokens" || key == "billed_units")
               ? place::figures
               : place::outside;
    case place::figures:
      return object ? place::details : place::listed;
    case place::listed:
      return object ? place::entry : place::outside;
    case place::entry:
      return object ? place::details : place::outside;
    case place::details:
    case place::item:
      break;
  }
  return place::outside;
}

bool usage_scanner::in_entry() const {
  return here() == place::entry
         || (here() == place::details && stack_[depth_ - 2u] == place::entry);
}

} // namespace rota
