// The provider on the other side of the upstream: it serves calls, charges
// them, and says what is left, a few of its answers lost on the way.

#include "tests/simulation/outside.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace rota::simulation {

namespace {

/// What a call costs at the list prices of actor_world.cpp.
constexpr int64_t nanos_per_input = 100'000;
constexpr int64_t nanos_per_output = 10'000'000;

/// Figures are in quota units of new-api's sites: 500,000 make a dollar.
constexpr int64_t nanos_per_unit = 2'000;

upstream_outcome broken(transport how) {
  upstream_outcome x;
  x.ended = how;
  x.error = "the connection broke";
  return x;
}

upstream_outcome reply(int status, std::string body, header_list headers = {}) {
  upstream_outcome x;
  x.status = status;
  x.body = std::move(body);
  x.headers = std::move(headers);
  x.headers.emplace_back("content-type", "application/json");
  x.first_byte = milliseconds{40};
  x.total = milliseconds{50};
  return x;
}

upstream_outcome refusal(int status, const std::string& type,
                         const std::string& message, header_list headers = {}) {
  return reply(status,
               R"({"error":{"message":")" + message + R"(","type":")" + type
                 + R"(","code":")" + type + R"("}})",
               std::move(headers));
}

struct served {
  upstream_outcome outcome;
  bool charges = false;
};

/// How a call fails; the first three, and a server error, leave open whether it was charged.
served failure(outside& world) {
  const auto kind = world.random.permille(world.world.doubt)
                      ? world.random.below(3)
                      : world.random.between(3, 9);
  const auto charges = world.random.permille(500);
  switch (kind) {
    case 0:
      return {broken(transport::broken), charges};
    case 1:
      return {broken(transport::timed_out), charges};
    case 2:
      return {refusal(504, "timeout", "the gateway gave up"), charges};
    case 3:
      return {refusal(429, "rate_limit_exceeded", "slow down",
                      {{"retry-after", "7"}})};
    case 4:
      return {refusal(500, "server_error", "oops"), charges};
    case 5:
      return {refusal(401, "invalid_api_key", "Incorrect API key provided")};
    case 6:
      return {refusal(429, "insufficient_quota", "You exceeded your quota")};
    case 7:
      return {refusal(404, "model_not_found", "The model does not exist")};
    case 8:
      return {refusal(400, "invalid_request_error", "no such thing")};
    default:
      return {broken(transport::not_sent)};
  }
}

upstream_outcome answer_of(const upstream_call& x, int64_t input,
                           int64_t output) {
  return reply(
    200, R"({"id":"r-)" + std::to_string(x.token)
           + R"(","object":"chat.completion","choices":[{"index":0,"message":)"
             R"({"role":"assistant","content":"hi"},"finish_reason":"stop"}],)"
             R"("usage":{"prompt_tokens":)"
           + std::to_string(input) + R"(,"completion_tokens":)"
           + std::to_string(output) + R"(,"total_tokens":)"
           + std::to_string(input + output) + "}}");
}

upstream_outcome balance(outside& world, account_id x) {
  if (world.fault(world.world.bad_probe))
    return world.random.permille(500) ? broken(transport::timed_out)
                                      : reply(502, "<html>bad gateway</html>");
  auto units = world.provider.reported(x, world.now).nanos / nanos_per_unit;
  if (world.fault(world.world.lie)) {
    units += world.random.between(-20, 20) * 500'000;
    world.accounts.at(x).lied();
  }
  world.figures[x].insert(units * nanos_per_unit);
  return reply(200, R"({"code":true,"message":"ok","data":{"object":)"
                    R"("token_usage","name":"k","total_granted":1,)"
                    R"("total_used":1,"total_available":)"
                      + std::to_string(units)
                      + R"(,"unlimited_quota":false,"expires_at":0}})");
}

void charge(outside& world, outside::call& call) {
  const auto& job = call.hold.job;
  const auto really
    = money{call.cost.nanos / 1'000'000 * world.world.price_ppm};
  world.provider.charge(call.account, {really, world.now, world.shown_at(),
                                       true, call.hold});
  if (call.hold.attempt / 256 == world.run && !call.hardly)
    world.batches.charged(job, world.run);
}

/// Checks what must hold before anything leaves.
void judge_send(outside& world, const upstream_call& x) {
  const auto i = world.held.find(x.token);
  require(i != world.held.end(), "I10", "a call leaves without a hold");
  const auto& [hold, account] = i->second;
  require(world.disk.holds.contains(hold), "I7",
          "a call leaves before its hold is on disk");
  require(account == x.request->account, "I8",
          "a call leaves for another account than holds its money");
  require(!world.calls.contains(x.token), "I10", "a call leaves twice");
  world.batches.sent(hold.job, world.run);
  world.calls[x.token] = {hold, account, false, false, false, {}};
}

} // namespace

upstream_outcome serve(outside& world, const upstream_call& x) {
  if (x.request->method == "GET")
    return balance(world, x.request->account);
  auto& call = world.calls.at(x.token);
  const auto input = world.random.between(1, 3);
  auto output = world.random.between(0, 100);
  if (world.fault(world.world.bias))
    output = world.random.between(100, 130);
  const auto list = input * nanos_per_input + output * nanos_per_output;
  call.cost
    = money{(list * world.world.multiplier_ppm + 999'999) / 1'000'000};
  auto result = served{answer_of(x, input, output), true};
  if (world.fault(world.world.failure))
    result = failure(world);
  call.charges = result.charges;
  call.succeeds = result.outcome.status == 200;
  call.hardly = result.outcome.status == 500;
  black_box::instance().note(
    "%s reaches account %u: %s %d%s", to_string(call.hold).c_str(),
    call.account.value, to_string(result.outcome.ended).c_str(),
    result.outcome.status, call.charges ? ", charged" : "");
  if (call.charges)
    charge(world, call);
  if (result.outcome.ended != transport::not_sent
      && call.hold.attempt / 256 == world.run)
    world.batches.arrived(call.hold.job, world.run);
  if (call.succeeds)
    world.batches.answered(call.hold.job, result.outcome.body, call.cost);
  return result.outcome;
}

simulated_upstream_actor::behavior_type
simulated_upstream(simulated_upstream_actor::pointer self, outside_ptr world) {
  const auto run = world->run;
  const auto delay = [world] {
    return world->ms(1, world->world.answer_most.count());
  };
  const auto give_back = [world](const upstream_call& x,
                                 const upstream_outcome_ptr& outcome) {
    if (const auto i = world->calls.find(x.token); i != world->calls.end())
      world->batches.returned(i->second.hold.job);
    caf::anon_send(x.reply_to, atom::outcome_v, call_outcome{x.token, outcome});
  };
  return {
    [=](atom::send, const upstream_call_ptr& x) {
      if (world->run != run)
        return;
      if (x->request->method == "GET")
        world->asked[x->request->account].insert(world->now + world->ahead);
      else
        world->watch([&] { judge_send(*world, *x); });
      const auto key = world->next_call++;
      world->there[key] = x;
      self->delayed_send(self, delay(), atom::tick_v, key);
    },
    [=](atom::cancel, uint64_t token) {
      if (world->run != run)
        return;
      for (auto* calls : {&world->there, &world->back})
        for (const auto& [key, x] : *calls)
          if (x->token == token) {
            give_back(*x, std::make_shared<upstream_outcome>(
                            broken(transport::cancelled)));
            calls->erase(key);
            return;
          }
    },
    [=](atom::tick, uint64_t key) {
      const auto node = world->run == run ? world->there.extract(key)
                                          : decltype(world->there)::node_type{};
      if (!node)
        return;
      world->watch([&] {
        auto outcome
          = std::make_shared<upstream_outcome>(serve(*world, *node.mapped()));
        world->back[key] = node.mapped();
        self->delayed_send(self, delay(), atom::outcome_v,
                           call_outcome{key, std::move(outcome)});
      });
    },
    [=](atom::outcome, const call_outcome& x) {
      const auto node = world->run == run ? world->back.extract(x.token)
                                          : decltype(world->back)::node_type{};
      if (!node)
        return;
      give_back(*node.mapped(), x.outcome);
      if (world->fault(world->world.duplicate))
        caf::anon_send(node.mapped()->reply_to, atom::outcome_v,
                       call_outcome{node.mapped()->token, x.outcome});
    },
  };
}

} // namespace rota::simulation
