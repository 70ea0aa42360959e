// The price factor: r = (U' - U) / D between two readings, where D is what was
// booked meanwhile, both ends moved back by half the lag.

#include "actors/domain/calibration.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr money cent{dollar / 100};
constexpr timestamp start{1'000'000'000};

/// A window is an hour: a dollar is booked at its beginning, and read at its
/// end, long after any lag.
struct fixture {
  calibration it{120s, start - 1h, {}};
  timestamp now = start;
  money figure{1'000 * dollar};

  fixture() {
    CHECK_FALSE(read());
  }

  bool read() {
    return it.reading(figure, now, cent);
  }

  /// @returns Whether the window was learnt from.
  bool window(int64_t ppm, money booked = money{dollar}) {
    it.charged(booked, now);
    figure -= money{booked.nanos / 1'000'000 * ppm};
    now = now + 1h;
    return read();
  }

  int64_t ppm() const {
    return it.price_factor().ppm;
  }

  std::vector<int64_t> ratios() const {
    account_row row;
    it.store(row);
    std::vector<int64_t> result;
    for (const auto& x : row.price_ratios)
      result.push_back(x.ppm);
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "three windows make a factor", "[calibration]") {
  CHECK(window(1'250'000));
  CHECK(ppm() == 1'000'000);
  CHECK(window(1'250'000));
  CHECK(ppm() == 1'000'000);
  CHECK(window(1'250'000));
  CHECK(ppm() == 1'250'000);
  CHECK(ratios() == std::vector<int64_t>{1'250'000, 1'250'000, 1'250'000});
}

TEST_CASE_METHOD(fixture, "the factor is a median", "[calibration]") {
  for (const auto x : {900'000, 1'900'000, 1'100'000})
    window(x);
  CHECK(ppm() == 1'100'000);
  // Of an even number the greater of the two in the middle.
  window(1'200'000);
  CHECK(ppm() == 1'200'000);
  // One wild window moves nothing far.
  window(50'000'000);
  CHECK(ppm() == 1'200'000);
}

TEST_CASE_METHOD(fixture, "21 windows are remembered", "[calibration]") {
  for (int i = 0; i < 21; ++i)
    window(1'500'000);
  CHECK(ppm() == 1'500'000);
  for (int i = 0; i < 10; ++i)
    window(800'000);
  CHECK(ppm() == 1'500'000);
  window(800'000);
  CHECK(ppm() == 800'000);
  CHECK(ratios().size() == price_ratios::windows_max);
}

TEST_CASE("the factor stays between a half and two", "[calibration]") {
  const auto [charged, factor] = GENERATE(table<int64_t, int64_t>({
    {-5'000'000, 500'000},
    {0, 500'000},
    {499'999, 500'000},
    {500'000, 500'000},
    {500'001, 500'001},
    {1'999'999, 1'999'999},
    {2'000'000, 2'000'000},
    {2'000'001, 2'000'000},
    {900'000'000, 2'000'000},
  }));
  CAPTURE(charged);
  fixture f;
  for (int i = 0; i < 3; ++i)
    REQUIRE(f.window(charged));
  CHECK(f.ppm() == factor);
}

TEST_CASE("a ratio is rounded to the nearest millionth", "[calibration]") {
  const auto [missing, booked, ppm] = GENERATE(table<int64_t, int64_t, int64_t>({
    {1, 3, 333'333},
    {2, 3, 666'667},
    {1, 2'000'000, 1},
    {1, 2'000'001, 0},
    {-1, 3, -333'333},
    {-2, 3, -666'667},
    {-1, 2'000'000, 0}, // Halves go up.
    {-3, 2'000'000, -1},
    {9'000'000'000'000'000'000, 1, 1'000'000'000},
    {-9'000'000'000'000'000'000, 1, -1'000'000'000},
  }));
  CAPTURE(missing, booked);
  calibration it{0s, start - 1h, {}};
  it.reading({}, start, {});
  it.charged(money{booked}, start);
  REQUIRE(it.reading(money{-missing}, start + 1s, {}));
  account_row row;
  it.store(row);
  REQUIRE(row.price_ratios.size() == 1);
  CHECK(row.price_ratios[0].ppm == ppm);
}

TEST_CASE_METHOD(fixture, "a window stays open until it is 100 steps",
                 "[calibration]") {
  CHECK_FALSE(window(1'000'000, money{dollar / 2}));
  CHECK_FALSE(window(1'000'000, money{dollar / 4}));
  CHECK_FALSE(window(1'000'000, {}));
  CHECK(ratios().empty());
  CHECK(window(2'000'000, money{dollar / 4}));
  CHECK(ratios() == std::vector<int64_t>{1'250'000});
}

TEST_CASE_METHOD(fixture, "doubts spoil a window from one per cent on",
                 "[calibration]") {
  it.unsure(cent);
  CHECK(window(1'100'000));
  it.unsure(cent);
  it.unsure(money{-1}); // A correction may go either way.
  CHECK_FALSE(window(1'100'000));
  CHECK(window(1'200'000));
  CHECK(ratios() == std::vector<int64_t>{1'100'000, 1'200'000});
}

TEST_CASE_METHOD(fixture, "money that came in voids the window",
                 "[calibration]") {
  it.charged(money{dollar}, now);
  figure += money{100 * dollar};
  it.restart();
  now = now + 1h;
  CHECK_FALSE(read()); // The next one begins here.
  CHECK(window(1'300'000));
  CHECK(ratios() == std::vector<int64_t>{1'300'000});
}

TEST_CASE_METHOD(fixture, "charges count half a lag before the question",
                 "[calibration]") {
  // Of two charges one is 61 s old, the other 59 s.
  it.charged(money{2 * dollar}, now + 1h - 61s);
  it.charged(money{3 * dollar}, now + 1h - 59s);
  now = now + 1h;
  figure -= money{2 * dollar};
  CHECK(read());
  now = now + 1h;
  figure -= money{3 * dollar};
  CHECK(read());
  CHECK(ratios() == std::vector<int64_t>{1'000'000, 1'000'000});
}

TEST_CASE_METHOD(fixture, "three windows off are told, one on ends it",
                 "[calibration]") {
  for (int i = 0; i < 4; ++i) {
    window(1'021'000);
    CHECK_FALSE(it.is_off());
  }
  window(1'021'000); // The factor exists since the third.
  CHECK(it.is_off());
  for (int i = 0; i < 4; ++i)
    window(1'020'000);
  CHECK(it.is_off());
  window(1'020'000);
  CHECK(ppm() == 1'021'000); // Ten windows, half of each.
  window(1'020'000);
  CHECK(ppm() == 1'020'000);
  CHECK_FALSE(it.is_off());
}

TEST_CASE_METHOD(fixture, "cheaper than believed is off, too",
                 "[calibration]") {
  for (int i = 0; i < 5; ++i)
    window(979'999);
  CHECK(it.is_off());
}

TEST_CASE_METHOD(fixture, "what was learnt outlives a restart",
                 "[calibration]") {
  for (int i = 0; i < 5; ++i)
    window(1'400'000);
  account_row row;
  it.store(row);
  calibration next{120s, now, row};
  CHECK(next.price_factor().ppm == 1'400'000);
  CHECK(next.is_off());
  // Charges of the run before may show up for a lag.
  CHECK_FALSE(next.reading(figure, now + 119s, cent));
  next.charged(money{dollar}, now + 119s);
  CHECK_FALSE(next.reading(figure - money{dollar}, now + 1h, cent));
  next.charged(money{dollar}, now + 1h);
  CHECK(next.reading(figure - money{2 * dollar}, now + 2h, cent));
  account_row after;
  next.store(after);
  REQUIRE(after.price_ratios.size() == 6);
  CHECK(after.price_ratios.back() == factor{});
}

TEST_CASE("a factor is found among rounding, random lag and other spenders",
          "[calibration][property]") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int64_t n) {
      return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
    };
    const auto truth = 600'000 + below(1'200'000);
    calibration it{120s, start - 1h, {}};
    money left{10'000 * dollar};
    std::multimap<timestamp, money> unseen;
    auto now = start;
    for (int window = 0; window < 25; ++window) {
      unseen.erase(unseen.begin(), unseen.upper_bound(now));
      auto figure = left;
      for (const auto& [at, cost] : unseen)
        figure += cost;
      it.reading(money{figure.nanos - figure.nanos % cent.nanos}, now, cent);
      for (int i = 0; i < 600; ++i) {
        now = now + 1s;
        const auto booked = money{1 + below(cent.nanos)};
        const auto cost = money{booked.nanos * truth / 1'000'000};
        it.charged(booked, now);
        left -= cost;
        unseen.emplace(now + milliseconds{below(120'000)}, cost);
      }
      if (below(6) == 0)
        left -= money{below(5 * dollar)};
    }
    const auto off = it.price_factor().ppm - truth;
    REQUIRE(off <= truth / 20);
    REQUIRE(off >= -truth / 20);
  }
}

TEST_CASE_METHOD(fixture, "a window of one model names the wrong price",
                 "[calibration]") {
  const auto window_of = [this](int64_t ppm,
                                const std::vector<std::string>& models) {
    for (const auto& model : models)
      it.charged(money{dollar}, now, model);
    const auto booked = dollar * static_cast<int64_t>(models.size());
    figure -= money{booked / 1'000'000 * ppm};
    now = now + 1h;
    return read();
  };
  for (int i = 0; i < 5; ++i) {
    CHECK(window_of(1'000'000, {"good"}));
    CHECK(window_of(1'500'000, {"dear"}));
    CHECK(window_of(1'250'000, {"good", "dear"})); // It says of neither.
    CHECK(window_of(1'900'000, {""}));             // Nor does this.
    CHECK(it.models_off().size() == (i >= 4 ? 1 : 0));
  }
  const auto off = it.models_off();
  REQUIRE(off.size() == 1);
  CHECK(off[0].model == "dear");
  CHECK(off[0].price_factor == factor{1'500'000});
  for (int i = 0; i < 6; ++i)
    CHECK(window_of(1'000'000, {"dear"}));
  CHECK(it.models_off().empty()); // It was corrected.
}

TEST_CASE_METHOD(fixture, "any number of models blames none", "[calibration]") {
  for (int i = 0; i < 5; ++i) {
    for (int model = 0; model < 100; ++model)
      it.charged(money{dollar}, now, "m" + std::to_string(model));
    figure -= money{150 * dollar};
    now = now + 1h;
    CHECK(read());
  }
  CHECK(it.models_off().empty());
}
