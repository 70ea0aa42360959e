#include "runtime/account_pool.hpp"

#include "actors/dispatcher.hpp"
#include "config/failure_rule.hpp"
#include "runtime/engine/hosted.hpp"
#include "tests/fakes/fake_journal.hpp"
#include "tests/support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <cstdlib>
#include <future>
#include <string>

using namespace rota;

namespace {

struct config : caf::actor_system_config {
  config() {
    add_message_types<caf::id_block::rota_types>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

routing_setup_ptr routing() {
  auto result = std::make_shared<routing_setup>();
  result->prices = std::make_shared<const price_table>();
  result->rules = std::make_shared<const failure_rules>(
    parse_failure_rules(built_in_failure_rules()).rules);
  return result;
}

account_options named(const std::string& name) {
  account_options x;
  x.name = name;
  x.base_url = "http://" + name + ".test";
  return x;
}

/// Accounts as the daemon has them, and the first death that is told.
struct fixture {
  engine_loop loop;
  config cfg;
  caf::actor_system sys{cfg};
  std::promise<std::string> told;
  bool is_told = false; // Of the watchdog's thread.
  watchdog dog{sys, [this](const std::string& why) {
    if (!std::exchange(is_told, true))
      told.set_value(why);
  }};
  wiring all{sys, loop, wall_clock{timestamp{1'795'000'000'000}, {}}, dog};
  options opts;
  uint32_t numbers = 0;
  std::shared_ptr<account_directory> directory
    = std::make_shared<account_directory>();
  account_pool pool{all, directory,
                    [this](const std::string& name) {
    account_memory result;
    result.head.account = {++numbers};
    result.head.name = name;
    return result;
  }};

  fixture() {
    loop.attach(sys);
    loop.start();
    all.setup(routing());
    all.journal = spawn_hosted(sys, &loop, fake_journal,
                               std::make_shared<journal_log>());
    all.dispatcher
      = spawn_hosted(sys, &loop, dispatcher, all.clock, all.setup());
    for (const auto* name : {"a", "b", "c"})
      opts.accounts.push_back(named(name));
    pool.apply(opts, opts.accounts);
  }

  ~fixture() {
    dog.stop();
    pool.stop();
    caf::anon_send_exit(all.dispatcher, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(all.journal, caf::exit_reason::user_shutdown);
    all.dispatcher = dispatcher_actor();
    all.journal = journal_actor();
    loop.await_actors();
  }

  void fail(const account_actor& x) {
    caf::anon_send_exit(x, caf::exit_reason::unhandled_exception);
  }

  std::string death() {
    auto result = told.get_future();
    REQUIRE(result.wait_for(std::chrono::seconds{30})
            == std::future_status::ready);
    return result.get();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "an account that fails is told of", "[accounts]") {
  const auto b = pool.find("b")->actor;
  SECTION("in the pool") {
    // One that was told to go did what it should.
    caf::anon_send_exit(pool.find("a")->actor,
                        caf::exit_reason::user_shutdown);
  }
  SECTION("on its way out of it") {
    pool.remove({"a", "b"});
  }
  fail(b);
  CHECK(death() == "The actor of account b died; rotad stops.");
}

TEST_CASE_METHOD(fixture, "the secrets of an account go with it",
                 "[accounts]") {
  const auto b = pool.find("b")->id;
  REQUIRE(directory->find(b) != nullptr);
  pool.remove({"b"});
  CHECK(directory->find(b) == nullptr);
  pool.apply(opts, {opts.accounts[1]});
  CHECK(pool.find("b")->id == b);
  CHECK(directory->find(b) != nullptr);
}

TEST_CASE_METHOD(fixture, "a pool offers what its accounts do together",
                 "[accounts]") {
  auto x = named("d");
  x.kind = provider::anthropic;
  x.models = {"claude-1"};
  x.tags = {"eu"};
  const auto before = pool.offers();
  pool.apply(opts, {x});
  const std::vector<std::string> none;
  const auto models = [&](const account_offers& of, const auto& tags) {
    return of.models(surface::anthropic_messages, tags, none, none);
  };
  CHECK(models(*pool.offers(), x.tags) == x.models);
  CHECK(pool.offers()->serves(surface::anthropic_messages, "claude-2", x.tags)
        == ec::no_such_model);
  CHECK(pool.offers()->tag_fault({"us"})
        == "No account has the tag us. The accounts' tags are: eu.");
  CHECK(models(*before, x.tags).empty());
  pool.remove({"d"});
  CHECK(models(*pool.offers(), none).empty());
}

TEST_CASE_METHOD(fixture, "an account whose secret went away says so",
                 "[accounts]") {
  ::setenv("ROTA_POOL_KEY", "sk-pool-1", 1);
  auto b = opts.accounts[1];
  b.api_key = {secret_ref::source::env, "ROTA_POOL_KEY"};
  pool.apply(opts, {b});
  ::setenv("ROTA_POOL_KEY", "sk-pool-2", 1);
  CHECK(pool.renew_secrets().changed == std::vector<std::string>{"b"});
  for (const auto* bad : {"", "sk-\xE2\x80\x8B"}) {
    ::setenv("ROTA_POOL_KEY", bad, 1);
    const auto x = pool.renew_secrets();
    CHECK(x.changed.empty());
    REQUIRE(x.faults.size() == 1);
    CHECK(x.faults[0].starts_with("accounts[b].api_key: the environment "));
    CHECK(x.faults[0].ends_with("; it goes on with the secret that it had"));
  }
  ::unsetenv("ROTA_POOL_KEY");
}

TEST_CASE_METHOD(fixture, "an account that an earlier run left is watched",
                 "[accounts]") {
  account_head left;
  left.account = {9};
  left.name = "z";
  left.holds.push_back({{{{1}, 1}, 0x101}, money{1}, {}, {}, false});
  pool.settle_left(opts, {left});
  REQUIRE(pool.left().size() == 1);
  fail(pool.left().front().actor);
  CHECK(death() == "The actor of account z died; rotad stops.");
}
