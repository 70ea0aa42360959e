#pragma once

#include "actors/account.hpp"
#include "actors/dispatcher.hpp"
#include "actors/runner.hpp"
#include "config/failure_rule.hpp"
#include "tests/fakes/fake_journal.hpp"
#include "tests/fakes/fake_upstream.hpp"
#include "tests/support/deterministic_system.hpp"

#include <map>

namespace rota {

/// What a runner's owner was told.
struct owner_log {
  std::vector<item_result_ptr> finished;
  std::vector<uint64_t> durable;
  std::vector<job_id> dismissed;
};

/// Stands in for the BATCH that owns a runner.
inline batch_actor::behavior_type fake_owner(batch_actor::pointer,
                                             std::shared_ptr<owner_log> log) {
  const auto no = []() -> caf::result<batch_view> { return ec::wrong_state; };
  return {
    [log](atom::durable, uint64_t x) { log->durable.push_back(x); },
    [log](atom::finish, const item_result_ptr& x) {
      log->finished.push_back(x);
    },
    [log](atom::dismiss, const job_id& x) { log->dismissed.push_back(x); },
    [](atom::publish, const job_stage&) {},
    [no](atom::drain) { return no(); },
    [no](atom::pause) { return no(); },
    [no](atom::resume) { return no(); },
    [no](atom::cancel) { return no(); },
    [](atom::configure, const batch_setup_ptr&) {},
    [](atom::tick) {},
    [no](atom::status) { return no(); },
  };
}

/// A pool of real accounts and a real dispatcher over a fake journal and a
/// fake upstream, on the deterministic scheduler.
struct pool_fixture : deterministic_system {
  journal_log_ptr log = std::make_shared<journal_log>();
  journal_actor journal = sys.spawn(fake_journal, log);
  upstream_script_ptr script = std::make_shared<upstream_script>();
  upstream_actor upstream = sys.spawn(fake_upstream, script);
  std::shared_ptr<routing_setup> setup = make_setup();
  dispatcher_actor pool
    = sys.spawn(dispatcher, clock, routing_setup_ptr{setup});
  std::shared_ptr<owner_log> owned = std::make_shared<owner_log>();
  batch_actor owner = sys.spawn(fake_owner, owned);
  std::map<std::string, account_actor> accounts;
  std::map<std::string, account_id> ids;
  uint32_t next_account = 1;

  explicit pool_fixture(uint32_t seed = 0) : deterministic_system{seed} {
    run();
  }

  ~pool_fixture() {
    for (const auto& [name, x] : accounts)
      self->send_exit(x, caf::exit_reason::user_shutdown);
    end(pool, upstream, journal, owner);
  }

  static std::shared_ptr<routing_setup> make_setup() {
    auto result = std::make_shared<routing_setup>();
    // One dollar per million tokens of input, ten of output.
    auto parsed = parse_price_table(
      R"({"m": {"input_cost_per_token": 1e-06,
                "output_cost_per_token": 1e-05},
          "n": {"input_cost_per_token": 1e-06,
                "output_cost_per_token": 1e-05}})");
    result->prices
      = std::make_shared<const price_table>(std::move(parsed.table));
    result->rules = std::make_shared<const failure_rules>(
      parse_failure_rules(built_in_failure_rules()).rules);
    return result;
  }

  static account_setup options(const std::string& name, money initial) {
    account_setup x;
    x.account.name = name;
    x.account.kind = provider::openai;
    x.account.base_url = "http://" + name + ".test";
    x.account.balance.initial = initial;
    return x;
  }

  account_actor add(const account_setup& x, account_memory memory = {}) {
    const auto id = account_id{next_account++};
    if (memory.head.account.value == 0)
      memory.head.account = id;
    memory.head.name = x.account.name;
    const auto actor
      = sys.spawn(account, clock, journal, pool,
                  std::make_shared<const account_setup>(x), memory);
    accounts[x.account.name] = actor;
    ids[x.account.name] = id;
    self->send(pool, atom::enlist_v,
               enlistment{id, x.account.name, x.account.kind,
                          x.account.base_url, x.account.models, x.account.tags,
                          actor});
    run();
    return actor;
  }

  account_actor add(const std::string& name, int64_t dollars) {
    return add(options(name, money{dollars * 1'000'000'000}));
  }

  account_view view(const std::string& name) {
    return std::get<account_view>(
      ask<account_view>(accounts.at(name), atom::status_v));
  }

  pool_view figures() {
    return std::get<pool_view>(ask<pool_view>(pool, atom::status_v));
  }

  static job_ptr line(uint64_t item, const std::string& model = "m") {
    static const std::string body
      = R"({"model":"m","messages":[{"role":"user","content":"x"}]})";
    auto x = std::make_shared<job>();
    x->id = {{1}, item};
    x->model = model;
    x->body = body;
    x->custom_id = "line-" + std::to_string(item);
    x->estimate = {100, 100}; // 0.0011 USD.
    return x;
  }

  /// A request that somebody waits for.
  static job_ptr interactive(uint64_t item, timestamp deadline) {
    auto x = std::make_shared<job>(*line(item));
    x->id = {{}, item};
    x->deadline = deadline;
    return x;
  }

  runner_actor start(job_ptr work) {
    return sys.spawn(runner, clock, runner_peers{pool, upstream, journal},
                     routing_setup_ptr{setup}, std::move(work), owner);
  }

  /// An answer that used ten tokens of input, and `output`: by default 0.00021
  /// USD.
  static upstream_outcome good(int output = 20) {
    auto x = upstream_script::reply(
      200, R"({"id":"r","object":"chat.completion","choices":[{"index":0,)"
           R"("message":{"role":"assistant","content":"hi"},)"
           R"("finish_reason":"stop"}],"usage":{"prompt_tokens":10,)"
           R"("completion_tokens":)" + std::to_string(output) + "}}");
    x.headers = {{"content-type", "application/json"}};
    x.first_byte = milliseconds{40};
    x.total = milliseconds{50};
    return x;
  }

  static upstream_outcome bad(int status, const std::string& body,
                              header_list headers = {}) {
    auto x = upstream_script::reply(status, body, std::move(headers));
    x.headers.emplace_back("content-type", "application/json");
    return x;
  }
};

} // namespace rota
