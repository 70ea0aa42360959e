#pragma once

#include "tests/actors/pool_fixture.hpp"

namespace rota {

/// A pool whose accounts answer well unless told otherwise.
struct dispatcher_fixture : pool_fixture {
  dispatcher_fixture() {
    script->answer = [](const auto&) { return good(); };
  }

  void use(strategy by) {
    auto fresh = std::make_shared<routing_setup>(*setup);
    fresh->routing.by = by;
    self->send(pool, atom::configure_v, routing_setup_ptr{fresh});
    run();
  }

  std::string name_of(account_id id) const {
    for (const auto& [name, x] : ids)
      if (x == id)
        return name;
    return "?";
  }

  /// Runs jobs one after another; the accounts that served them.
  std::string serve(int jobs, milliseconds pause = milliseconds{0}) {
    std::string result;
    for (int i = 0; i < jobs; ++i) {
      start(line(next++));
      run();
      result += name_of(script->calls.back()->request->account);
      if (pause > milliseconds{0})
        advance(pause);
    }
    return result;
  }

  uint64_t next = 0;
};

} // namespace rota
