#include "actors/domain/retry_after.hpp"

#include "actors/domain/limit_headers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace rota {

namespace {

using namespace std::chrono;

/// Keeps sums far from overflowing, and above a Unix time in milliseconds that
/// is taken for seconds.
constexpr double wait_max_ms = 1e16;

timestamp at(sys_days day, milliseconds of_day) {
  return {duration_cast<milliseconds>(day.time_since_epoch()).count()
          + of_day.count()};
}

sys_days day_of(timestamp t) {
  return floor<days>(sys_time<milliseconds>{milliseconds{t.millis}});
}

/// @returns The digits at the front, which are taken away; nothing if there
/// are fewer or more than `size`.
std::optional<int> take_digits(std::string_view& text, size_t size) {
  int value = 0;
  if (text.size() < size)
    return std::nullopt;
  const auto [end, code]
    = std::from_chars(text.data(), text.data() + size, value);
  if (code != std::errc{} || end != text.data() + size || text[0] == '-')
    return std::nullopt;
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<sys_days> date_of(int y, unsigned m, unsigned d) {
  const year_month_day date{year{y}, month{m}, day{d}};
  return date.ok() ? std::optional{sys_days{date}} : std::nullopt;
}

std::optional<milliseconds> take_clock(std::string_view& text) {
  const auto h = take_digits(text, 2);
  if (!h || !take(text, ":"))
    return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !take(text, ":"))
    return std::nullopt;
  const auto s = take_digits(text, 2);
  if (!s || *h > 23 || *m > 59 || *s > 60)
    return std::nullopt;
  return hours{*h} + minutes{*m} + seconds{*s};
}

/// RFC 9110: "Wed, 25 Nov 2026 07:28:00 GMT".
std::optional<timestamp> parse_http_date(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto comma = text.find(", ");
  if (comma != 3)
    return std::nullopt;
  text.remove_prefix(5);
  const auto d = take_digits(text, 2);
  if (!d || !take(text, " "))
    return std::nullopt;
  const auto m = months.find(text.substr(0, 3));
  if (m == std::string_view::npos || m % 3 != 0 || text.size() < 4)
    return std::nullopt;
  text.remove_prefix(4);
  const auto y = take_digits(text, 4);
  if (!y || !take(text, " "))
    return std::nullopt;
  const auto day = date_of(*y, static_cast<unsigned>(m / 3 + 1),
                           static_cast<unsigned>(*d));
  const auto clock = take_clock(text);
  if (!day || !clock || text != " GMT")
    return std::nullopt;
  return at(*day, *clock);
}

std::optional<sys_days> take_date(std::string_view& text) {
  const auto y = take_digits(text, 4);
  if (!y || !take(text, "-"))
    return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !take(text, "-"))
    return std::nullopt;
  const auto d = take_digits(text, 2);
  return d ? date_of(*y, static_cast<unsigned>(*m), static_cast<unsigned>(*d))
           : std::nullopt;
}

/// RFC 3339: "2026-11-23T12:00:44.5+01:00".
std::optional<timestamp> parse_rfc3339(std::string_view text) {
  const auto day = take_date(text);
  if (!day || (!take(text, "T") && !take(text, " ")))
    return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock)
    return std::nullopt;
  milliseconds fraction{0};
  if (take(text, "."))
    for (int unit = 100; !text.empty() && text[0] >= '0' && text[0] <= '9';
         unit /= 10, text.remove_prefix(1))
      fraction += milliseconds{unit * (text[0] - '0')};
  const auto t = at(*day, *clock + fraction);
  if (text == "Z" || text == "z")
    return t;
  const auto east = text.starts_with('+');
  if (!take(text, "+") && !take(text, "-"))
    return std::nullopt;
  const auto h = take_digits(text, 2);
  if (!h || !take(text, ":"))
    return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !text.empty())
    return std::nullopt;
  const milliseconds offset = hours{*h} + minutes{*m};
  return east ? t - offset : t + offset;
}

std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9')
    return std::nullopt;
  double value = 0;
  const auto [end, code]
    = std::from_chars(text.data(), text.data() + text.size(), value,
                      std::chars_format::fixed);
  if (code != std::errc{})
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

struct unit {
  std::string_view name;
  double ms;
};

/// Longer names before their own beginnings.
constexpr unit units[] = {
  {" milliseconds", 1}, {" seconds", 1e3}, {" second", 1e3},
  {" minutes", 6e4},    {" minute", 6e4},  {" hours", 3.6e6},
  {" hour", 3.6e6},     {"ms", 1},         {"us", 1e-3},
  {"\xc2\xb5s", 1e-3},  {"ns", 1e-6},      {"s", 1e3},
  {"m", 6e4},           {"h", 3.6e6},      {"d", 8.64e7},
};

std::string lower(std::string_view x) {
  std::string result{x};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// "Please try again in 630ms", "Please retry in 34.07s", "You will regain
/// access on 2026-12-01 at 00:00 UTC", and new-api's limit per N minutes.
std::optional<milliseconds> of_message(std::string_view message,
                                       timestamp now) {
  const auto text = lower(message);
  for (const std::string_view words :
       {"try again in ", "retry in ", "try again after ", "retry after "})
    if (const auto i = text.find(words); i != std::string::npos)
      if (const auto wait
          = parse_wait(std::string_view{text}.substr(i + words.size()), false))
        return wait;
  constexpr std::string_view regain = "regain access on ";
  if (const auto i = text.find(regain); i != std::string::npos) {
    auto rest = std::string_view{text}.substr(i + regain.size());
    if (const auto day = take_date(rest)) {
      milliseconds clock{0};
      if (take(rest, " at "))
        if (const auto h = take_digits(rest, 2); h && take(rest, ":"))
          if (const auto m = take_digits(rest, 2))
            clock = hours{*h} + minutes{*m};
      return at(*day, clock) - now;
    }
  }
  if (const auto i = text.find("分钟内"); i != std::string::npos) {
    auto begin = i;
    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9')
      --begin;
    auto number = std::string_view{text}.substr(begin, i - begin);
    if (const auto count = take_number(number); count && *count <= 1'440)
      return milliseconds{static_cast<int64_t>(*count * 6e4)};
  }
  return std::nullopt;
}

} // namespace

std::optional<milliseconds> parse_wait(std::string_view text, bool whole) {
  double sum = 0;
  bool some = false;
  for (;;) {
    auto rest = text;
    const auto number = take_number(rest);
    if (!number)
      break;
    const auto* found
      = std::find_if(std::begin(units), std::end(units),
                     [&](const auto& x) { return rest.starts_with(x.name); });
    if (found == std::end(units)) {
      if (some || (whole && !rest.empty()))
        break;
      sum = *number * 1e3; // Plain seconds.
      some = true;
      text = rest;
      break;
    }
    sum += *number * found->ms;
    some = true;
    rest.remove_prefix(found->name.size());
    text = rest;
  }
  if (!some || (whole && !text.empty()))
    return std::nullopt;
  // Up, for a moment too early is refused again; but not for what a double
  // adds of its own.
  return milliseconds{
    static_cast<int64_t>(std::ceil(std::min(sum, wait_max_ms) - 1e-6))};
}

std::optional<timestamp> parse_date(std::string_view text) {
  if (auto date = parse_rfc3339(text))
    return date;
  return parse_http_date(text);
}

std::optional<milliseconds>
retry_after(const upstream_outcome& x, std::string_view message,
            std::optional<milliseconds> said_in_body, timestamp now) {
  auto ms = x.header("retry-after-ms");
  if (const auto number = take_number(ms); number && ms.empty())
    return milliseconds{static_cast<int64_t>(std::min(*number, wait_max_ms))};
  if (const auto said = x.header("retry-after"); !said.empty()) {
    if (const auto wait = parse_wait(said))
      return wait;
    if (const auto date = parse_date(said))
      return *date - now;
  }
  if (said_in_body)
    return said_in_body;
  if (const auto wait = reset_of_limits(x, now))
    return wait;
  if (const auto wait = of_message(message, now))
    return wait;
  return reset_of_windows(x, now);
}

std::optional<milliseconds> used_up_for(const upstream_outcome& x,
                                        timestamp now) {
  // Nearly all answers end here.
  if (std::none_of(x.headers.begin(), x.headers.end(), [](const auto& header) {
        return header.second == "0"
               && header.first.find("ratelimit-") != std::string::npos;
      }))
    return std::nullopt;
  const auto since = x.total - x.first_byte;
  const auto wait = reset_of_limits(x, now - since);
  return wait ? std::optional{*wait - since} : std::nullopt;
}

timestamp next_pacific_midnight(timestamp t) {
  const auto is_summer = [](timestamp x) {
    const auto y = year_month_day{day_of(x)}.year();
    const auto begin = at(sys_days{y / March / Sunday[2]}, hours{10});
    const auto end = at(sys_days{y / November / Sunday[1]}, hours{9});
    return begin <= x && x < end;
  };
  const auto local = t - (is_summer(t) ? hours{7} : hours{8});
  const auto next = day_of(local) + days{1};
  // Clocks change at two, so the day begins in the time of the day before.
  const auto summer = at(next, hours{7});
  return is_summer(summer) ? summer : at(next, hours{8});
}

timestamp next_month(timestamp t) {
  const year_month_day date{day_of(t)};
  return at(sys_days{(date.year() / date.month() + months{1}) / 1},
            milliseconds{0});
}

} // namespace rota
