#include "messages/time.hpp"

#include <cstdio>

namespace rota {

std::string to_string(timestamp t) {
  if (t.millis == 0)
    return {};
  using namespace std::chrono;
  const auto point = sys_time<milliseconds>{milliseconds{t.millis}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss time{point - day};
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return buffer;
}

} // namespace rota
