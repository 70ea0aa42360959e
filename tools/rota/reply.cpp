#include "tools/rota/reply.hpp"

#include "tools/rota/print.hpp"

#include <fmt/format.h>

namespace rota::cli {

namespace {

[[noreturn]] void misfit(const char* key) {
  throw std::runtime_error{fmt::format(
    "rotad's reply has no fitting \"{}\"; `rota version` shows whether rota and"
    " rotad are of one version.",
    key)};
}

const json* find(const json& x, const char* key) {
  if (!x.is_object())
    return nullptr;
  const auto i = x.find(key);
  return i != x.end() && !i->is_null() ? &*i : nullptr;
}

} // namespace

const json& field(const json& x, const char* key) {
  const auto* found = find(x, key);
  if (found == nullptr)
    misfit(key);
  return *found;
}

std::string text(const json& x, const char* key) {
  const auto* found = find(x, key);
  if (found == nullptr)
    return {};
  if (!found->is_string())
    misfit(key);
  return printable(found->get<std::string>());
}

uint64_t count(const json& x, const char* key) {
  const auto& found = field(x, key);
  if (!found.is_number_integer() || found < 0)
    misfit(key);
  return found.get<uint64_t>();
}

double number(const json& x, const char* key) {
  const auto& found = field(x, key);
  if (!found.is_number())
    misfit(key);
  return found.get<double>();
}

bool flag(const json& x, const char* key) {
  const auto& found = field(x, key);
  if (!found.is_boolean())
    misfit(key);
  return found.get<bool>();
}

const json& list(const json& x, const char* key) {
  static const json nothing = json::array();
  const auto* found = find(x, key);
  if (found == nullptr)
    return nothing;
  if (!found->is_array())
    misfit(key);
  return *found;
}

std::string usd(const json& x, const char* key) {
  const auto& found = field(x, key);
  if (!found.is_string())
    misfit(key);
  return short_money(printable(found.get<std::string>())) + " USD";
}

} // namespace rota::cli
