#pragma once

#include "actors/domain/failure.hpp"
#include "actors/domain/retry_after.hpp"
#include "config/failure_rule.hpp"

#include <string>

// Answers, and the built-in rules that judge them at one fixed time.

namespace rota {

inline const timestamp noon = parse_date("2026-11-23T12:00:00Z").value();

inline upstream_outcome answer_of(int status, std::string body,
                                  header_list headers = {}) {
  upstream_outcome x;
  x.status = status;
  x.body = std::move(body);
  x.headers = std::move(headers);
  return x;
}

/// The same with a type.
inline upstream_outcome answered(int status, std::string body,
                                 std::string type = "application/json") {
  return answer_of(status, std::move(body),
                   {{"content-type", std::move(type)}});
}

inline verdict judge(provider who, surface route, const upstream_outcome& x) {
  static const failure_rules rules{
    parse_failure_rules(built_in_failure_rules()).rules};
  return rules.judge(who, route, x, noon);
}

inline verdict judge(provider who, int status, const std::string& body,
                     header_list headers = {}) {
  return judge(who, surface::openai_chat,
               answer_of(status, body, std::move(headers)));
}

} // namespace rota
