#include "actors/domain/price_names.hpp"

#include <algorithm>
#include <array>

namespace rota {

namespace {

/// What relays and routers put behind a model's name.
constexpr std::array<std::string_view, 6> decorations{
  "-thinking", "[1m]", "-high", "-low", "-medium", "-latest",
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts "-20250929", "-2025-08-07" or "@..." off the end.
/// @returns Whether there was something to cut.
bool strip_date(std::string_view& name) {
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    name = name.substr(0, at);
    return true;
  }
  const auto digits = [&](size_t from, size_t n) {
    return from + n <= name.size()
           && std::all_of(name.begin() + static_cast<ptrdiff_t>(from),
                          name.begin() + static_cast<ptrdiff_t>(from + n),
                          is_digit);
  };
  const auto size = name.size();
  if (size > 9 && name[size - 9] == '-' && digits(size - 8, 8)) {
    name.remove_suffix(9);
    return true;
  }
  if (size > 11 && name[size - 11] == '-' && digits(size - 10, 4)
      && name[size - 6] == '-' && digits(size - 5, 2) && name[size - 3] == '-'
      && digits(size - 2, 2)) {
    name.remove_suffix(11);
    return true;
  }
  return false;
}

bool strip_decoration(std::string_view& name) {
  for (const auto x : decorations)
    if (name.size() > x.size() && name.ends_with(x)) {
      name.remove_suffix(x.size());
      return true;
    }
  return false;
}

/// Routers write claude-sonnet-4.5 for claude-sonnet-4-5.
std::string spelling(std::string_view name) {
  std::string result{name};
  for (size_t i = 1; i + 1 < name.size(); ++i)
    if (name[i] == '.' && is_digit(name[i - 1]) && is_digit(name[i + 1]))
      result[i] = '-';
  return result;
}

/// Calls `f` with a name and what is left of it as its providers, its date and
/// its decorations are taken off, until `f` finds something.
/// @returns What `f` found, or nothing; `name` is as short as it came.
template <class F>
const std::string* each_shorter(std::string_view& name, F f) {
  for (auto whole = name;;) {
    name = whole;
    while (true) {
      if (const auto* x = f(name))
        return x;
      const auto slash = name.find('/');
      if (slash == std::string_view::npos)
        break;
      name.remove_prefix(slash + 1);
    }
    if (!strip_date(whole) && !strip_decoration(whole))
      return nullptr;
  }
}

const std::string*
found_in(const std::map<std::string, std::string, std::less<>>& names,
         std::string_view name) {
  const auto i = names.find(name);
  return i != names.end() ? &i->second : nullptr;
}

} // namespace

void price_names::add(const std::string& name) {
  exact_.insert_or_assign(name, name);
  spelt_.insert_or_assign(spelling(name), name);
  std::string_view rest = name;
  for (size_t slash; (slash = rest.find('/')) != std::string_view::npos;) {
    rest.remove_prefix(slash + 1);
    tails_.insert_or_assign(spelling(rest), name);
  }
}

void price_names::add_alias(const std::string& alias, const std::string& name) {
  aliases_.insert_or_assign(alias, name);
  aliases_.emplace(spelling(alias), name);
}

const std::string* price_names::known(std::string_view name) const {
  const auto alike = spelling(name);
  const std::array<std::pair<const map*, std::string_view>, 4> places{
    {{&exact_, name}, {&aliases_, name}, {&spelt_, alike}, {&aliases_, alike}}};
  for (const auto& [names, wanted] : places)
    if (const auto* x = found_in(*names, wanted))
      return x;
  return nullptr;
}

const std::string* price_names::tail(std::string_view name) const {
  return found_in(tails_, spelling(name));
}

std::optional<price_names::match>
price_names::find(std::string_view model) const {
  const auto by_name = [this](auto x) { return known(x); };
  const auto by_tail = [this](auto x) { return tail(x); };
  auto name = model;
  if (const auto* x = each_shorter(name, by_name))
    return match{*x};
  name = model;
  if (const auto* x = each_shorter(name, by_tail))
    return match{*x};
  for (auto size = name.size(); size > 0; --size) {
    if (size < name.size() && name[size] != '-' && name[size] != '.'
        && name[size] != ':')
      continue;
    for (const auto* x : {known(name.substr(0, size)),
                          tail(name.substr(0, size))})
      if (x != nullptr)
        return match{*x, true};
  }
  return std::nullopt;
}

} // namespace rota
