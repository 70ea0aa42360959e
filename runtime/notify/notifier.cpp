#include "runtime/notify/notifier.hpp"

#include "runtime/engine/hosted.hpp"
#include "runtime/notify/payload.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

namespace rota {

namespace {

constexpr std::array pauses{milliseconds{1'000}, milliseconds{5'000},
                            milliseconds{30'000}};

/// The longest pause that a receiver may ask for.
constexpr milliseconds pause_max{120'000};

/// Deliveries under way at most; beyond, an edge is only logged.
constexpr size_t deliveries_max = 256;

/// The notifier's own interface: it makes calls and waits between tries.
using webhook_actor = notifier_actor::extend<
  caf::reacts_to<atom::outcome, call_outcome>,
  caf::reacts_to<atom::tick, uint64_t>>;

struct notifier_state {
  static constexpr const char* name = "notifier";

  explicit notifier_state(webhook_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers ---------------------------------------------------------------

  void notify(const alert& x);
  void outcome(const call_outcome& x);
  void send(uint64_t token);

  // -- data -------------------------------------------------------------------

  struct delivery {
    upstream_request_ptr request;
    std::string event;
    std::string account;
    size_t tries = 0;
    bool under_way = false;

    bool is_about_the_same(const delivery& x) const {
      return event == x.event && account == x.account;
    }
  };

  using delivery_map = std::map<uint64_t, delivery>;

  /// Whoever reads the latest word on something must not read an earlier one
  /// after it.
  bool is_overtaken(delivery_map::const_iterator i) const;
  bool must_wait(delivery_map::const_iterator i) const;

  /// It was taken, or will not be: the next word on the same is due.
  void end(delivery_map::iterator i);

  webhook_actor::pointer self;
  upstream_actor upstream;
  notifier_setup setup;
  delivery_map deliveries; // In the order of alerts.
  uint64_t last_token = 0;
};

spdlog::level::level_enum level_of(const alert& x) {
  if (x.state == alert_state::resolved)
    return spdlog::level::info;
  switch (x.level) {
    case severity::info:
      return spdlog::level::info;
    case severity::warning:
      return spdlog::level::warn;
    case severity::error:
      return spdlog::level::err;
    case severity::critical:
      break;
  }
  return spdlog::level::critical;
}

void notifier_state::notify(const alert& x) {
  spdlog::log(level_of(x), "alert {} is {}: {}", to_string(x.kind),
              to_string(x.state), x.text);
  if (!setup.webhook)
    return;
  if (deliveries.size() >= deliveries_max) {
    spdlog::error("the webhook does not keep up; alert {} was only logged",
                  to_string(x.kind));
    return;
  }
  const auto body = std::make_shared<std::string>(
    webhook_body(x, setup.host, new_event_id(x.at)));
  auto request = std::make_shared<upstream_request>();
  request->account = webhook_account;
  request->secret = credential::none;
  request->path = "/";
  request->headers = {{"content-type", "application/json"}};
  if (setup.signing_key != nullptr)
    request->headers.emplace_back(
      "x-signature", webhook_signature(setup.signing_key->reveal(), *body));
  request->body = *body;
  request->owner = body;
  request->first_byte_timeout = setup.timeout;
  request->idle_timeout = setup.timeout;
  request->total_timeout = setup.timeout;
  const auto token = ++last_token;
  deliveries.emplace(
    token, delivery{std::move(request), to_string(x.kind), x.account});
  send(token);
}

bool notifier_state::is_overtaken(delivery_map::const_iterator i) const {
  return std::any_of(std::next(i), deliveries.end(), [i](const auto& x) {
    return x.second.is_about_the_same(i->second);
  });
}

bool notifier_state::must_wait(delivery_map::const_iterator i) const {
  return std::any_of(deliveries.begin(), i,
                     [i](const auto& x) {
                       return x.second.under_way
                              && x.second.is_about_the_same(i->second);
                     });
}

void notifier_state::end(delivery_map::iterator i) {
  const auto ended = i->second;
  const auto next = std::find_if(
    deliveries.erase(i), deliveries.end(), [&ended](const auto& x) {
      return x.second.is_about_the_same(ended);
    });
  if (next != deliveries.end() && next->second.tries == 0)
    send(next->first);
}

void notifier_state::send(uint64_t token) {
  const auto i = deliveries.find(token);
  if (i == deliveries.end() || must_wait(i))
    return;
  if (is_overtaken(i))
    return end(i);
  ++i->second.tries;
  i->second.under_way = true;
  auto call = std::make_shared<upstream_call>(
    upstream_call{token, i->second.request, outcome_actor{self}});
  self->send(upstream, atom::send_v, upstream_call_ptr{std::move(call)});
}

void notifier_state::outcome(const call_outcome& x) {
  const auto i = deliveries.find(x.token);
  if (i == deliveries.end())
    return;
  i->second.under_way = false;
  const auto& answer = *x.outcome;
  if (was_taken(answer) || is_overtaken(i))
    return end(i);
  const auto why = answer.ended == transport::ok
                     ? "it answered with status "
                         + std::to_string(answer.status)
                     : answer.error;
  if (!may_try_again(answer) || i->second.tries > pauses.size()) {
    spdlog::error("the webhook did not take alert {} after {} tries: {}",
                  i->second.event, i->second.tries, why);
    return end(i);
  }
  const auto pause = std::max(pauses[i->second.tries - 1],
                              wanted_pause(answer).value_or(milliseconds{0}));
  spdlog::warn("the webhook did not take alert {} yet: {}", i->second.event,
               why);
  self->delayed_send(self, std::min(pause, pause_max), atom::tick_v, x.token);
}

webhook_actor::behavior_type
notifier(webhook_actor::stateful_pointer<notifier_state> self,
         upstream_actor upstream, notifier_setup setup) {
  const auto st = &self->state;
  st->upstream = std::move(upstream);
  st->setup = std::move(setup);
  return {
    [st](atom::notify, const alert& x) { st->notify(x); },
    [st](atom::outcome, const call_outcome& x) { st->outcome(x); },
    [st](atom::tick, uint64_t token) { st->send(token); },
  };
}

/// @throws std::invalid_argument if there is a reference but no secret.
std::shared_ptr<const secret> read(const secret_ref& x, const char* what) {
  if (x.from == secret_ref::source::none)
    return nullptr;
  auto result = resolve(x);
  if (!result.value)
    throw std::invalid_argument{std::string{"alerts."} + what + ": "
                                + result.fault};
  return std::make_shared<const secret>(std::move(*result.value));
}

} // namespace

notifier_setup set_up_notifier(const alert_options& x,
                               account_directory& directory) {
  notifier_setup result;
  result.timeout = x.webhook_timeout;
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) == 0)
    result.host = host;
  const auto url = read(x.webhook, "webhook");
  if (url == nullptr) {
    directory.erase(webhook_account);
    return result;
  }
  try {
    directory.set(webhook_account, upstream_target::of_url(url->reveal()));
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument{
      std::string{"alerts.webhook: the secret is no URL to post to: "}
      + e.what()};
  }
  result.webhook = true;
  result.signing_key = read(x.webhook_secret, "webhook_secret");
  return result;
}

notifier_actor spawn_notifier(caf::actor_system& sys, caf::execution_unit* unit,
                              upstream_actor upstream, notifier_setup setup) {
  return spawn_hosted(sys, unit, notifier, std::move(upstream),
                      std::move(setup));
}

} // namespace rota
