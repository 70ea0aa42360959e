#include "tests/simulation/actor_swarm.hpp"

namespace rota::simulation {

actor_swarm::actor_swarm(dice& random) {
  const auto fault = [&random](int64_t most) {
    return random.permille(500) ? random.between(1, most) : 0;
  };
  accounts = random.between(1, 4);
  batches = random.between(1, 2);
  lines = random.between(5, 250);
  max_in_flight = static_cast<uint32_t>(random.between(1, 16));
  window = static_cast<uint32_t>(random.between(1, 64));
  account_in_flight = static_cast<uint32_t>(random.between(1, 8));
  lag = milliseconds{random.below(5) * 15'000};
  floor = money{random.below(3) * 1'000'000'000};
  balance = floor + money{random.between(1, 40) * 1'000'000'000};
  multiplier_ppm = 500'000 + random.below(4) * 333'333;
  doubt_grace = milliseconds{random.between(20'000, 200'000)};
  disk_most = milliseconds{random.permille(300) ? 3'000 : 10};
  answer_most = milliseconds{random.between(10, 20'000)};
  probe_interval = milliseconds{random.between(10'000, 90'000)};
  attempts = static_cast<uint32_t>(random.between(1, 6));
  billed_attempts = static_cast<uint32_t>(random.between(1, 3));
  queue_max = random.permille(100) ? 3 : 100'000;
  by = static_cast<strategy>(random.below(6));
  requests_per_minute
    = random.permille(200) ? static_cast<uint32_t>(random.between(5, 200)) : 0;
  tokens_per_minute = random.permille(200)
                        ? static_cast<uint32_t>(random.between(50, 20'000))
                        : 0;
  bad_line = random.permille(200) ? random.between(1, 300) : 0;
  crash = fault(400);
  jump = fault(1'000);
  failure = fault(500);
  doubt = fault(900);
  duplicate = fault(200);
  bias = fault(300);
  bad_probe = fault(300);
  lie = fault(200);
  stranger = fault(30);
  will = fault(30);
  late = random.permille(200) ? random.between(1, 500) : 0;
  once = fault(1'000);
  price_ppm = random.permille(300) ? random.between(700'000, 1'500'000)
                                   : 1'000'000;
}

} // namespace rota::simulation
