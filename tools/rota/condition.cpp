#include "tools/rota/condition.hpp"

#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

/// "gpt-5-mini back in 12 s: HTTP 503".
std::string of_model(const json& x, int64_t now_s) {
  const auto why = text(x, "reason");
  return text(x, "model") + " back "
         + relative(x.value("until", json{}), now_s)
         + (why.empty() ? "" : ": " + why);
}

/// Whether the account's reason is only that of its first model to come back.
bool is_of_model(const json& account) {
  const auto& models = list(account, "cooling");
  return !models.empty()
         && text(account, "reason")
              == text(models.front(), "model") + ": "
                   + text(models.front(), "reason");
}

} // namespace

std::string note(const json& account, int64_t now_s) {
  const auto& models = list(account, "cooling");
  if (is_of_model(account))
    return of_model(models.front(), now_s)
           + (models.size() > 1
                ? fmt::format(" (and {})",
                              counted(models.size() - 1, "other model"))
                : "");
  const auto why = text(account, "reason");
  const auto until = account.value("cooldown_until", json{});
  if (until.is_null())
    return why.empty() ? text(account, "probe_error") : why;
  return "back " + relative(until, now_s) + (why.empty() ? "" : ": " + why);
}

std::vector<std::pair<std::string, cell>> condition_lines(const json& account,
                                                          int64_t now_s) {
  std::vector<std::pair<std::string, cell>> result;
  if (!is_of_model(account)) {
    result.push_back({"reason", {text(account, "reason"), colour::yellow}});
    if (const auto until = account.value("cooldown_until", json{});
        !until.is_null())
      result.push_back({"back", {relative(until, now_s), colour::yellow}});
  }
  for (const auto& x : list(account, "cooling"))
    result.push_back({"not now", {of_model(x, now_s), colour::yellow}});
  return result;
}

} // namespace rota::cli
