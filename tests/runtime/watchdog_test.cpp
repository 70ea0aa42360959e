#include "runtime/watchdog.hpp"

#include "actors/support.hpp"
#include "runtime/engine/hosted.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/event_based_actor.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace rota;

namespace {

/// Fails at a number and goes at a text.
caf::behavior mortal(caf::event_based_actor* self) {
  guard(self);
  return {
    [](int) { throw std::runtime_error{"a test has it fail"}; },
    [self](const std::string&) { self->quit(); },
  };
}

struct fixture : deterministic_system {
  std::vector<std::string> deaths;
  watchdog dog{sys, [this](const std::string& x) { deaths.push_back(x); }};
  caf::actor it = spawn_hosted(sys, nullptr, mortal);

  ~fixture() {
    dog.stop();
    end(it);
  }

  void watch(bool is_mortal) {
    const auto whom = caf::actor_cast<caf::strong_actor_ptr>(it);
    if (is_mortal)
      dog.watch_mortal("actor of account a", whom);
    else
      dog.watch("journal", whom);
    run();
  }

  template <class T>
  void tell(T x) {
    self->send(it, std::move(x));
    run();
  }

  void expect(bool death, const std::string& name) {
    if (death)
      CHECK(deaths
            == std::vector<std::string>{"The " + name
                                        + " died; rotad stops."});
    else
      CHECK(deaths.empty());
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "an actor that may end must not fail", "[watchdog]") {
  const auto before = GENERATE(true, false); // Or is it dead when it is watched?
  if (before)
    watch(true);
  auto failed = false;
  SECTION("it goes by itself") {
    tell(std::string{"go"});
  }
  SECTION("it is told to go") {
    self->send_exit(it, caf::exit_reason::user_shutdown);
  }
  SECTION("it fails") {
    tell(1);
    failed = true;
  }
  SECTION("it is killed") {
    self->send_exit(it, caf::exit_reason::kill);
    failed = true;
  }
  run();
  if (!before)
    watch(true);
  expect(failed, "actor of account a");
}

TEST_CASE_METHOD(fixture, "an actor that the daemon needs must not end",
                 "[watchdog]") {
  watch(false);
  SECTION("by itself") {
    tell(std::string{"go"});
  }
  SECTION("when it is told to") {
    self->send_exit(it, caf::exit_reason::user_shutdown);
  }
  SECTION("by a failure") {
    tell(1);
  }
  run();
  expect(true, "journal");
}

TEST_CASE_METHOD(fixture, "once all stops deaths are wanted", "[watchdog]") {
  watch(true);
  dog.stop();
  run();
  tell(1);
  CHECK(deaths.empty());
}
