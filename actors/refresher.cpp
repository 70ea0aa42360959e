#include "actors/refresher.hpp"

#include "actors/domain/dialect.hpp"
#include "actors/support.hpp"

#include <algorithm>

namespace rota {

namespace {

/// How often the refresher looks for what is due.
constexpr auto look = std::chrono::seconds{1};

/// A probe that fails is asked again later and later, up to so many times the
/// interval.
constexpr uint32_t patience = 6;

/// What a probe says against the account itself. The console's credential is
/// another than the key that serves.
failure_class against(const balance_options& asked, probe_outcome x) {
  if (x == probe_outcome::banned)
    return failure_class::account_banned;
  return x == probe_outcome::auth_failed
             && asked.probe != probe_kind::newapi_console
           ? failure_class::auth_invalid
           : failure_class::none;
}

/// A site's administrator may change its units, but hardly ever does.
constexpr auto units_last = std::chrono::hours{24};

/// A balance is some hundred bytes; whoever sends much more means harm, for the
/// answer is parsed whole, on the engine's thread.
constexpr uint64_t answer_bytes = 256 << 10;

constexpr auto left_text = "The account is not asked for its balance.";
constexpr auto stop_text = "rotad stops, and has not waited for the answer.";

} // namespace

// -- handlers -----------------------------------------------------------------

void refresher_state::enlist(const probe_target& x) {
  auto& it = probes[x.account];
  end(it); // It may have asked somebody else, or for something else.
  it.target = x;
  // The first figure is wanted soon, but not from all accounts at once.
  it.due = now() + spread(milliseconds{500});
}

void refresher_state::dismiss(account_id x) {
  if (const auto i = probes.find(x); i != probes.end()) {
    end(i->second);
    tell(i->second, left_text);
    probes.erase(i);
  }
}

caf::result<probe_report> refresher_state::refresh(account_id x) {
  const auto i = probes.find(x);
  if (i == probes.end())
    return probe_report{now(), left_text};
  if (stopping)
    return probe_report{now(), stop_text};
  auto& it = i->second;
  auto answer = self->make_response_promise<probe_report>();
  it.asking.push_back(answer);
  it.due = now();
  if (it.token == 0 && per_host[it.target.host] < options.per_host)
    begin(it, now());
  return answer;
}

void refresher_state::drain() {
  stopping = true;
  for (auto& [id, it] : probes)
    tell(it, stop_text);
}

void refresher_state::outcome(const call_outcome& x) {
  const auto i = under_way.find(x.token);
  if (i == under_way.end())
    return;
  const auto account = i->second;
  under_way.erase(i);
  auto* it = find(account, x.token);
  if (it == nullptr)
    return;
  if (std::exchange(it->asks_units, false))
    return learn_units(*it, *x.outcome);
  it->answers.push_back(x.outcome);
  const auto good
    = x.outcome->ended == transport::ok && x.outcome->status < 300;
  if (good && it->answers.size() < it->requests.size())
    ask(*it);
  else
    conclude(*it);
}

void refresher_state::tick() {
  if (stopping)
    return;
  const auto t = now();
  for (auto& [id, it] : probes)
    if (it.token == 0 && it.due <= t
        && per_host[it.target.host] < options.per_host)
      begin(it, t);
  self->delayed_send(self, look, atom::tick_v);
}

// -- helpers ------------------------------------------------------------------

timestamp refresher_state::now() const {
  return clock.at(self->clock().now());
}

void refresher_state::begin(probe& x, timestamp t) {
  x.requests = compose_probe(x.target.balance, t);
  x.answers.clear();
  x.asks_units = needs_units(x.target.balance)
                 && units[x.target.host].until <= t;
  x.due = t + options.interval;
  if (x.requests.empty())
    return tell(x, left_text);
  x.host = x.target.host;
  ++per_host[x.host];
  x.token = next_token++;
  const auto account = x.target.account;
  const auto token = x.token;
  // The question leaves once the account has marked the moment, so whatever it
  // books from then on is known to be no older.
  self->request(x.target.actor, options.timeout, atom::cut_v)
    .then(
      [this, account, token](const reading_cut& cut) {
        if (auto* it = find(account, token)) {
          it->cut = cut;
          ask(*it);
        }
      },
      [this, account, token](const caf::error&) {
        if (auto* it = find(account, token))
          fail(*it, "The account did not answer in time.");
      });
}

void refresher_state::ask(probe& x) {
  x.token = next_token++;
  under_way.emplace(x.token, x.target.account);
  auto request = std::make_shared<upstream_request>(
    x.asks_units ? compose_units(x.target.balance)
                 : x.requests[x.answers.size()]);
  request->account = x.target.account;
  request->body_bytes_max = answer_bytes;
  request->first_byte_timeout = options.timeout;
  request->idle_timeout = options.timeout;
  request->total_timeout = options.timeout;
  auto call = std::make_shared<upstream_call>();
  call->token = x.token;
  call->request = std::move(request);
  call->reply_to = outcome_actor{self};
  self->send(upstream, atom::send_v, upstream_call_ptr{std::move(call)});
}

void refresher_state::learn_units(probe& x, const upstream_outcome& said) {
  const auto found = read_units(said);
  if (!found)
    return fail(x, "The site does not say in what units it counts"
                   " (GET /api/status: "
                     + (said.error.empty()
                          ? "HTTP " + std::to_string(said.status)
                          : said.error)
                     + ").");
  units[x.host] = {*found, now() + units_last};
  ask(x);
}

void refresher_state::conclude(probe& x) {
  const auto said
    = read_probe(x.target.balance, x.answers, units[x.host].units);
  if (said.outcome != probe_outcome::ok)
    return fail(x, said.error, against(x.target.balance, said.outcome));
  end(x);
  x.failures = 0;
  self->send(x.target.actor, atom::reading_v,
             balance_reading{said.balance, x.cut});
  rest(x);
  tell(x, {});
}

void refresher_state::fail(probe& x, const std::string& why,
                           failure_class against) {
  end(x);
  x.failures = std::min(x.failures + 1, patience);
  self->send(x.target.actor, atom::outcome_v,
             probe_report{now(), why, against});
  rest(x);
  tell(x, why);
}

void refresher_state::rest(probe& x) {
  x.due = now() + options.interval * (1 + x.failures)
          + spread(options.interval * options.jitter_percent / 100);
}

void refresher_state::tell(probe& x, const std::string& error) {
  for (auto& each : std::exchange(x.asking, {}))
    each.deliver(probe_report{now(), error});
}

void refresher_state::end(probe& x) {
  if (x.token == 0)
    return;
  x.token = 0;
  --per_host[x.host];
  x.answers.clear();
}

refresher_state::probe* refresher_state::find(account_id account,
                                              uint64_t token) {
  const auto i = probes.find(account);
  return i != probes.end() && i->second.token == token ? &i->second : nullptr;
}

milliseconds refresher_state::spread(milliseconds x) {
  return milliseconds{static_cast<int64_t>(
    uniform(random) * static_cast<double>(x.count()))};
}

refresher_actor::behavior_type
refresher(refresher_actor::stateful_pointer<refresher_state> self,
          wall_clock clock, upstream_actor upstream, refresh_options options) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->upstream = std::move(upstream);
  st->options = options;
  st->tick();
  return {
    [st](atom::enlist, const probe_target& x) { st->enlist(x); },
    [st](atom::dismiss, account_id x) { st->dismiss(x); },
    [st](atom::refresh, account_id x) { return st->refresh(x); },
    [st](atom::drain) { st->drain(); },
    [st](atom::outcome, const call_outcome& x) { st->outcome(x); },
    [st](atom::tick) { st->tick(); },
  };
}

} // namespace rota
