#include "tests/simulation/swarm.hpp"

#include <array>

namespace rota::simulation {

swarm::swarm(dice& random) {
  const auto fault = [&random](int64_t most) {
    return random.permille(500) ? random.between(1, most) : 0;
  };
  constexpr std::array<int64_t, 4> lags{0, 5'000, 60'000, 120'000};
  constexpr std::array<int64_t, 4> quanta{1, 2'000, 1'000'000, 10'000'000};
  accounts = random.between(1, 3);
  items = random.between(30, 700);
  parallel = random.between(1, 12);
  lag = milliseconds{lags[static_cast<size_t>(random.below(4))]};
  quantum = money{quanta[static_cast<size_t>(random.below(4))]};
  floor = money{random.below(3) * 500'000'000};
  call = money{random.between(1'000'000, 1'000'000'000)};
  balance = money{floor.nanos + random.between(1, 60) * call.nanos / 2};
  probe_interval = milliseconds{random.between(10'000, 300'000)};
  total_timeout = milliseconds{random.between(20'000, 300'000)};
  doubt_grace = milliseconds{random.between(60'000, 900'000)};
  disk_most = milliseconds{random.permille(300) ? 5'000 : 10};
  max_in_flight = static_cast<uint32_t>(random.between(1, 8));
  requests_per_minute
    = random.permille(300) ? static_cast<uint32_t>(random.between(3, 60)) : 0;
  drop = fault(60);
  delay = fault(200);
  duplicate = fault(300);
  crash = fault(40);
  jump = fault(1'000);
  lie = fault(200);
  top_up = fault(300);
  foreign = fault(300);
  bias = fault(300);
  failure = fault(700);
  doubt = fault(900);
  word = fault(500);
  will = fault(200);
  stale_after = random.permille(500) ? probe_interval * 3 : milliseconds{0};
  stale_percent = random.below(3) * 25;
  stale_stops = random.permille(300);
  silent = fault(800);
  late = random.permille(200) ? random.between(1, 500) : 0;
}

} // namespace rota::simulation
