#pragma once

#include "runtime/engine/hosted.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/upstream/upstream.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mini_server.hpp"
#include "tests/support/outcome_box.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <memory>
#include <optional>
#include <string>

namespace rota {

struct quiet_config : caf::actor_system_config {
  quiet_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{1});
  }
};

/// The real UPSTREAM on a loop of its own, and a server to talk to.
struct upstream_fixture {
  static constexpr account_id relay{1};
  static constexpr account_id dead{2};

  engine_loop loop;
  quiet_config cfg;
  caf::actor_system sys{cfg};
  mini_server server;
  std::shared_ptr<account_directory> directory
    = std::make_shared<account_directory>();
  std::shared_ptr<outcome_box> box = std::make_shared<outcome_box>();
  outcome_actor collector;
  upstream_actor upstream;
  uint64_t last_token = 0;

  explicit upstream_fixture(upstream_options options = {}) {
    options.own_http1 = GENERATE(true, false); // Whoever speaks.
    loop.attach(sys);
    loop.start();
    configure(relay, server.url());
    configure(dead, "http://127.0.0.1:"
                      + std::to_string(mini_server::free_port()));
    collector = spawn_hosted(sys, &loop, outcome_collector, box);
    upstream = spawn_upstream(sys, loop, options, directory);
  }

  ~upstream_fixture() {
    caf::anon_send_exit(upstream, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(collector, caf::exit_reason::user_shutdown);
    loop.await_actors();
  }

  void configure(account_id id, std::string url,
                 std::string_view key = "sk-secret-1") {
    account_options x;
    x.base_url = std::move(url);
    directory->set(id, upstream_target::of_account(x, key, {}));
  }

  /// A POST to the relay, to be changed at will before it is sent.
  std::shared_ptr<upstream_request> post(std::string path,
                                         std::string body = "{}") {
    auto owner = std::make_shared<std::string>(std::move(body));
    auto x = std::make_shared<upstream_request>();
    x->account = relay;
    x->path = std::move(path);
    x->headers = {{"content-type", "application/json"}};
    x->body = *owner;
    x->owner = std::move(owner);
    return x;
  }

  /// Starts a call. @returns Its token.
  uint64_t send(std::shared_ptr<upstream_request> x) {
    auto call = std::make_shared<upstream_call>(
      upstream_call{++last_token, std::move(x), collector});
    caf::anon_send(upstream, atom::send_v, upstream_call_ptr{std::move(call)});
    return last_token;
  }

  /// Makes a call and waits for what comes of it.
  upstream_outcome_ptr call(std::shared_ptr<upstream_request> x) {
    send(std::move(x));
    return wait();
  }

  upstream_outcome_ptr wait() {
    const auto result = box->take(std::chrono::seconds{20});
    if (!result)
      throw std::runtime_error{"no outcome came within 20 s"};
    return result->outcome;
  }
};

} // namespace rota
