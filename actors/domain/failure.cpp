#include "actors/domain/failure.hpp"

#include "actors/domain/answer.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/domain/failure_wait.hpp"
#include "actors/domain/json_text.hpp"
#include "actors/domain/retry_after.hpp"
#include "actors/domain/rule_set.hpp"

#include <algorithm>

namespace rota {

namespace {

using namespace std::chrono_literals;

/// A challenge is met by whole sites at once; a person may have to help.
constexpr milliseconds challenge_wait = 60s;

std::string status_words(int status) {
  return status > 0 ? "HTTP " + std::to_string(status) : "no status";
}

/// Structured codes are names; anything else may hold what is nobody's
/// business.
bool is_name(std::string_view x) {
  return !x.empty() && x.size() <= 64
         && std::all_of(x.begin(), x.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                     || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'
                     || c == '.' || c == ':';
            });
}

std::string words_for(const upstream_outcome& x, const answer& said,
                      const std::string& rule) {
  auto result = status_words(x.status);
  for (const auto* list : {&said.codes, &said.types})
    if (!list->empty() && is_name(list->front())) {
      result += ", " + list->front();
      break;
    }
  if (!rule.empty())
    result += " (rule " + rule + ")";
  return result;
}

verdict success() {
  verdict x;
  x.charged = charge::yes;
  return x;
}

verdict upstream_fault(charge charged, std::string reason,
                       failure_scope scope = failure_scope::account) {
  verdict x;
  x.cls = failure_class::upstream_error;
  x.scope = scope;
  x.action = account_action::penalty;
  x.charged = charged;
  x.failover = true;
  x.reason = std::move(reason);
  return x;
}

/// Step 1: the transfer itself failed.
verdict of_transport(const upstream_outcome& x) {
  auto reason = to_string(x.ended);
  std::replace(reason.begin(), reason.end(), '_', ' ');
  if (!x.error.empty())
    reason = head_of(x.error, 200);
  auto result = upstream_fault(x.ended == transport::not_sent
                                 ? charge::no
                                 : charge::perhaps,
                               std::move(reason));
  if (x.ended == transport::too_large || x.ended == transport::cancelled) {
    // Not the account's doing, and the same anywhere else.
    result.scope = failure_scope::request;
    result.action = account_action::none;
    result.failover = false;
  }
  return result;
}

/// Part of the answer has reached its caller: nobody else can serve it now.
verdict of_passed(const upstream_outcome& x) {
  if (x.passed->whole)
    return success();
  if (x.ended == transport::cancelled)
    return of_transport(x); // The caller went away.
  auto result = upstream_fault(charge::perhaps, "the stream broke off");
  result.cls = failure_class::stream_broken;
  result.failover = false;
  return result;
}

/// Whether somebody in front of the provider gave up waiting, or the provider
/// failed at the request; it may have charged by then.
charge charge_of(int status) {
  if (status == 504 || status == 524)
    return charge::perhaps;
  return status >= 500 ? charge::hardly : charge::no;
}

/// Step 2: a web page instead of an answer.
/// What a web server says of a request by itself, in a page: it is too large.
bool is_refused_unread(int status) {
  return status == 413 || status == 414 || status == 431;
}

verdict of_html(const upstream_outcome& x, const answer& said,
                timestamp now) {
  const auto words = status_words(x.status);
  if (!said.challenge && is_refused_unread(x.status)) {
    verdict result;
    result.cls = failure_class::client_error;
    result.reason = words + " from the site's front";
    return result;
  }
  if (!said.challenge && x.status != 429)
    return upstream_fault(charge_of(x.status),
                          words + " with a web page instead of JSON",
                          failure_scope::account_model);
  verdict result;
  result.cls = said.challenge ? failure_class::waf_challenge
                              : failure_class::rate_limited;
  result.scope = failure_scope::host;
  result.action = account_action::cooldown;
  result.failover = true;
  const auto wait = retry_after(x, {}, {}, now).value_or(challenge_wait);
  result.cooldown = std::clamp(wait, wait_min, wait_max);
  result.reason = said.challenge
                    ? words + " with a web firewall's challenge"
                    : words + " from the site's front";
  return result;
}

/// Whether it hands on what others answer, their limits included.
bool is_relay(provider who) {
  return who == provider::new_api || who == provider::one_api
         || who == provider::sub2api || who == provider::anyrouter;
}

/// Whoever serves may say that this was the last for a while. Less than a
/// second has passed before anybody is asked again.
void note_limits(provider who, const upstream_outcome& said, timestamp now,
                 verdict& x) {
  if (is_relay(who))
    return; // It speaks of one of its suppliers.
  if (const auto wait = used_up_for(said, now); wait && *wait >= wait_min) {
    x.scope = failure_scope::account_model;
    x.cooldown = std::min(*wait, wait_max);
  }
}

/// Whether the provider said, in a failure, that it counted tokens all the
/// same.
bool counted(surface route, const upstream_outcome& x) {
  if (x.body.find("sage") == std::string::npos)
    return false;
  const auto used = read_usage(route, x.body);
  return used && used->source == usage_source::upstream;
}

/// Whether a failure comes of the account's key or money.
bool is_of_account(failure_class x) {
  switch (x) {
    case failure_class::auth_invalid:
    case failure_class::auth_forbidden:
    case failure_class::account_banned:
    case failure_class::quota_exhausted:
    case failure_class::key_quota_exhausted:
    case failure_class::low_balance:
      return true;
    default:
      return false;
  }
}

/// A site without such a call or thing: that says nothing about a model.
bool lacks_call(const upstream_outcome& x) {
  return x.ended == transport::ok && !x.passed
         && (x.status == 404 || x.status == 405 || x.status == 501);
}

verdict not_there(const upstream_outcome& x) {
  verdict result;
  result.cls = failure_class::client_error;
  result.reason = status_words(x.status);
  return result;
}

} // namespace

// -- rules --------------------------------------------------------------------

struct failure_rules::impl {
  rule_set all;

  verdict apply(const rule_set::compiled& found, const symptom& x,
                const upstream_outcome& outcome, timestamp now) const {
    const auto& rule = found.rule;
    verdict result;
    result.cls = rule.cls;
    result.scope = rule.scope;
    result.action = rule.action;
    result.charged = rule.charged;
    result.failover = rule.failover;
    result.cooldown = wait_of(rule, outcome, x.said, now);
    if (rule.needed_group > 0)
      if (const auto text = found.pattern->group(x.text, rule.needed_group))
        result.needed = parse_money(head_of(*text, 30));
    result.reason = words_for(outcome, x.said, rule.name);
    return result;
  }

  /// Steps 3 to 5.
  verdict of_rules(provider who, const upstream_outcome& outcome,
                   const answer& said, timestamp now) const {
    const auto good = outcome.status >= 200 && outcome.status < 300;
    const auto text = text_pattern::prepared(said.message);
    const symptom x{who, good && said.status != 0 ? said.status
                                                  : outcome.status,
                    said, text};
    if (const auto* rule = all.find(x))
      return apply(*rule, x, outcome, now);
    return upstream_fault(charge::no, words_for(outcome, said, ""));
  }

  verdict judge(provider who, surface route, const upstream_outcome& x,
                timestamp now) const;

  /// Step 6: what came with a 2xx, but is no plain answer.
  verdict of_body(provider who, surface route, const upstream_outcome& x,
                  const answer& said, timestamp now) const;
};

verdict failure_rules::impl::of_body(provider who, surface route,
                                     const upstream_outcome& x,
                                     const answer& said, timestamp now) const {
  const auto stream = said.is == answer::form::stream;
  if (!said.fault) {
    if ((said.content || said.concluded) && said.complete)
      return success();
    if (!stream || !said.content) {
      const auto* const what
        = said.is == answer::form::empty   ? " without a body"
          : said.is == answer::form::other ? " with a body that is no JSON"
                                           : " without an answer in it";
      return upstream_fault(counted(route, x) ? charge::yes : charge::perhaps,
                            status_words(x.status) + what);
    }
  } else if (!said.content || !stream) {
    auto result = of_rules(who, x, said, now);
    if (counted(route, x))
      result.charged = charge::yes;
    return result;
  }
  auto result = upstream_fault(counted(route, x) ? charge::yes
                                                 : charge::perhaps,
                               "the stream broke off");
  result.cls = failure_class::stream_broken;
  result.failover = false;
  return result;
}

failure_rules::failure_rules(std::vector<failure_rule> rules)
  : impl_{std::make_unique<impl>(impl{rule_set{std::move(rules)}})} {
  // nop
}

failure_rules::~failure_rules() = default;

verdict failure_rules::judge(provider who, surface route,
                             const upstream_outcome& x, timestamp now) const {
  if (!is_free(route)) {
    auto result = impl_->judge(who, route, x, now);
    if (result.cls == failure_class::none)
      note_limits(who, x, now, result);
    return result;
  }
  auto result = lacks_call(x) ? not_there(x) : impl_->judge(who, route, x, now);
  result.charged = charge::no;
  if (counts_tokens(route) && !is_of_account(result.cls)) {
    // Counting has limits of its own, and our estimate is at hand.
    result.scope = failure_scope::request;
    result.action = account_action::none;
    result.failover = false;
    result.cooldown.reset();
  }
  return result;
}

bool failure_rules::is_private(provider who, surface route,
                               std::string_view event) const {
  answer said;
  read_event(route, event, said);
  if (!said.fault)
    return false;
  const auto text = text_pattern::prepared(said.message);
  const symptom x{who, said.status != 0 ? said.status : 200, said, text};
  const auto* const first = impl_->all.find(x);
  // What concerns the request alone is its caller's to know.
  return first && first->rule.scope != failure_scope::request
         && impl_->all.tells(x, is_of_account);
}

verdict failure_rules::impl::judge(provider who, surface route,
                                   const upstream_outcome& x,
                                   timestamp now) const {
  if (x.passed)
    return of_passed(x);
  if (x.ended != transport::ok)
    return of_transport(x);
  const auto good = x.status >= 200 && x.status < 300;
  if (good && is_plain_answer(route, x.body))
    return success();
  auto said = read_answer(route, x);
  if (said.is == answer::form::html)
    return of_html(x, said, now);
  if (x.header("anthropic-ratelimit-unified-status") == "rejected")
    said.codes.emplace_back("unified_rejected");
  if (good)
    return of_body(who, route, x, said, now);
  auto result = of_rules(who, x, said, now);
  if (counted(route, x))
    result.charged = charge::yes;
  return result;
}

} // namespace rota
