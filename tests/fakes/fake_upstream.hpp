#pragma once

#include "messages/envelopes.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rota {

/// What a fake upstream was asked, and what it is to answer. Shared by the
/// test and the actor, which run on one thread.
struct upstream_script {
  /// Answers a call at once, or with nothing: then it stays open until
  /// `finish`, a cancel, or the end of its time.
  std::function<std::optional<upstream_outcome>(const upstream_request&)>
    answer = [](const upstream_request&) { return std::nullopt; };

  /// Whether an account is configured.
  std::function<bool(account_id)> knows = [](account_id) { return true; };

  /// Every call, in order.
  std::vector<upstream_call_ptr> calls;

  /// Those without an outcome yet.
  std::vector<upstream_call_ptr> open;

  /// Ends an open call. @returns Whether there was one with that token.
  bool finish(uint64_t token, upstream_outcome x) {
    const auto i = find(token);
    if (i == open.end())
      return false;
    const auto call = *i;
    open.erase(i);
    deliver(*call, std::move(x));
    return true;
  }

  /// The time of an open call is up.
  void expire(uint64_t token) {
    const auto i = find(token);
    if (i == open.end())
      return;
    const auto& x = *(*i)->request;
    auto end = failure(transport::timed_out, "no answer came in time");
    end.total = time_of(x);
    end.late = end.total == x.caller_timeout;
    finish(token, std::move(end));
  }

  static milliseconds time_of(const upstream_request& x) {
    return std::min({x.first_byte_timeout, x.total_timeout, x.caller_timeout});
  }

  static void deliver(const upstream_call& call, upstream_outcome x) {
    auto result = std::make_shared<upstream_outcome>(std::move(x));
    caf::anon_send(call.reply_to, atom::outcome_v,
                   call_outcome{call.token, std::move(result)});
  }

  static upstream_outcome failure(transport how, std::string why) {
    upstream_outcome result;
    result.ended = how;
    result.error = std::move(why);
    return result;
  }

  static upstream_outcome reply(int status, std::string body,
                                header_list headers = {}) {
    upstream_outcome result;
    result.status = status;
    result.body = std::move(body);
    result.headers = std::move(headers);
    return result;
  }

private:
  std::vector<upstream_call_ptr>::iterator find(uint64_t token) {
    return std::find_if(open.begin(), open.end(), [token](const auto& x) {
      return x->token == token;
    });
  }
};

using upstream_script_ptr = std::shared_ptr<upstream_script>;

/// The fake's own interface: a timeout is a message to itself.
using fake_upstream_actor
  = upstream_actor::extend<caf::reacts_to<atom::tick, uint64_t>>;

/// Stands in for the UPSTREAM on the deterministic scheduler. Pass the result
/// of `sys.spawn(fake_upstream, script)` wherever an upstream_actor is wanted.
inline fake_upstream_actor::behavior_type
fake_upstream(fake_upstream_actor::pointer self, upstream_script_ptr script) {
  using how = upstream_script;
  return {
    [self, script](atom::send, const upstream_call_ptr& x) {
      const auto& request = *x->request;
      script->calls.push_back(x);
      if (!script->knows(request.account))
        return how::deliver(*x, how::failure(transport::not_sent,
                                             "this account is unknown"));
      if (auto now = script->answer(request))
        return how::deliver(*x, std::move(*now));
      script->open.push_back(x);
      self->delayed_send(self, how::time_of(request), atom::tick_v, x->token);
    },
    [script](atom::cancel, uint64_t token) {
      script->finish(token, how::failure(transport::cancelled,
                                         "the call was given up"));
    },
    [script](atom::tick, uint64_t token) {
      script->expire(token);
    },
  };
}

} // namespace rota
