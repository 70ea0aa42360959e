// When a model costs what.

#include "actors/domain/price_calendar.hpp"

#include <chrono>

namespace rota {

namespace {

/// "06:30" in minutes; "24:00" ends a day.
std::optional<int32_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':')
    return std::nullopt;
  const auto h = parse_digits(text.substr(0, 2));
  const auto m = parse_digits(text.substr(3, 2));
  if (!h || !m || *m > 59 || *h * 60 + *m > 24 * 60)
    return std::nullopt;
  return *h * 60 + *m;
}

} // namespace

std::optional<timestamp> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-')
    return std::nullopt;
  const auto y = parse_digits(text.substr(0, 4));
  const auto m = parse_digits(text.substr(5, 2));
  const auto d = parse_digits(text.substr(8, 2));
  if (!y || !m || !d)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)},
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok())
    return std::nullopt;
  return timestamp{milliseconds{sys_days{date}.time_since_epoch()}.count()};
}

void read_peak(price_reader& in, model_price& x) {
  const auto peak = in.row().find("x_peak");
  if (!peak)
    return;
  x.peak = in.ratio(*peak, "factor");
  if (const auto windows = peak->find("utc_windows"))
    for (const auto& window : windows->children) {
      const auto& ends = window.children;
      const auto from
        = ends.size() == 2 ? parse_minute(ends[0].text) : std::nullopt;
      const auto to
        = ends.size() == 2 ? parse_minute(ends[1].text) : std::nullopt;
      if (!from || !to || *to <= *from)
        in.fault(window, "x_peak",
              "has a window that is not [\"HH:MM\", \"HH:MM\"] in rising"
              " order.");
      else
        x.peak_minutes.emplace_back(*from, *to);
    }
  if (const auto days = peak->find("weekdays")) {
    x.peak_days = 0;
    for (const auto& day : days->children) {
      const auto n = parse_digits(day.text);
      if (n && *n >= 1 && *n <= 7)
        x.peak_days = static_cast<uint8_t>(x.peak_days | 1 << (*n - 1));
      else
        in.fault(day, "x_peak", "has a weekday that is not 1 (Monday) to 7.");
    }
  }
}

} // namespace rota
