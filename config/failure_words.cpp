#include "config/failure_words.hpp"

#include "config/text_forms.hpp"
#include "config/tree.hpp"

namespace rota {

class_meaning meaning_of(failure_class x) {
  using scope = failure_scope;
  using action = account_action;
  switch (x) {
  case failure_class::none:
  case failure_class::client_error:
  case failure_class::context_too_long:
  case failure_class::content_policy:
  case failure_class::session_bound:
    return {scope::request, action::none, false};
  case failure_class::client_restricted:
    return {scope::request, action::none, true};
  case failure_class::model_unavailable:
    return {scope::account_model, action::none, true};
  case failure_class::auth_invalid:
  case failure_class::auth_forbidden:
  case failure_class::account_banned:
    return {scope::account, action::disabled, true};
  case failure_class::quota_exhausted:
  case failure_class::key_quota_exhausted:
    return {scope::account, action::exhausted, true};
  case failure_class::low_balance:
    return {scope::account, action::low_balance, true};
  case failure_class::rate_limited:
  case failure_class::overloaded:
    return {scope::account_model, action::cooldown, true};
  case failure_class::waf_challenge:
    return {scope::host, action::cooldown, true};
  case failure_class::upstream_error:
    return {scope::account, action::penalty, true};
  case failure_class::stream_broken:
    return {scope::account, action::penalty, false};
  }
  return {scope::account, action::penalty, true};
}

std::string unknown_word(const std::string& text, const std::string& kind,
                         const std::vector<std::string>& names) {
  const auto near = closest(text, names);
  return echoed(text) + " is no " + kind + "; "
         + (near ? "did you mean " + *near + "?"
                 : "write one of: " + joined(names));
}

const std::vector<std::string>& class_names() {
  static const auto result = [] {
    auto names = names_of<failure_class>(
        [](auto x) { return to_string(x); }, parse_failure_class,
        static_cast<int>(failure_class::stream_broken));
    names.erase(names.begin()); // "none" is no failure.
    return names;
  }();
  return result;
}

} // namespace rota
