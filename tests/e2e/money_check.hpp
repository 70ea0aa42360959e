#pragma once

#include "messages/money.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

namespace rota {

inline money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

/// Waits until nothing is held any more, then compares the books.
inline void check_books(stage& on) {
  wait_until("all calls are settled", [&on] {
    for (const auto& x : on.ask({"accounts"}))
      if (x["in_flight"] != 0)
        return false;
    return true;
  });
  const auto books = on.books();
  for (const auto& x : on.ask({"accounts"}))
    for (const auto& y : books["accounts"])
      if (x["name"] == y["name"]) {
        CAPTURE(x.dump(), y.dump());
        CHECK(usd(x["spent"]) == usd(y["charged"]));
        CHECK(usd(x["held"]) == money{});
      }
}

} // namespace rota
