#include "actors/domain/retry_after.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

timestamp utc(const char* text) {
  return parse_date(text).value();
}

std::string midnight(const char* text) {
  return to_string(next_pacific_midnight(utc(text)));
}

upstream_outcome with(header_list headers) {
  upstream_outcome x;
  x.status = 429;
  x.headers = std::move(headers);
  return x;
}

const timestamp noon = utc("2026-11-23T12:00:00Z");

} // namespace

TEST_CASE("durations as providers write them", "[retry_after]") {
  CHECK(parse_wait("20ms") == 20ms);
  CHECK(parse_wait("1s") == 1s);
  CHECK(parse_wait("6m0s") == 6min);
  CHECK(parse_wait("1h2m3s") == 1h + 2min + 3s);
  CHECK(parse_wait("1.4s") == 1'400ms);
  CHECK(parse_wait("34.07s") == 34'070ms);
  CHECK(parse_wait("44") == 44s);
  CHECK(parse_wait("0") == 0s);
  // Up, for a moment too early is refused again.
  CHECK(parse_wait("1500us") == 2ms);
  CHECK(parse_wait("20 seconds") == 20s);
  for (const auto* text : {"", "s", "-1", "1x", "1s2", "soon", "1 s x"}) {
    INFO(text);
    CHECK_FALSE(parse_wait(text));
  }
  CHECK(parse_wait("630ms. Thanks", false) == 630ms);
}

TEST_CASE("dates as providers write them", "[retry_after]") {
  CHECK(to_string(utc("2026-11-23T12:00:44Z")) == "2026-11-23T12:00:44.000Z");
  CHECK(to_string(utc("2026-11-23T12:00:44.25Z"))
        == "2026-11-23T12:00:44.250Z");
  CHECK(to_string(utc("2026-11-23T12:00:44+02:30"))
        == "2026-11-23T09:30:44.000Z");
  CHECK(to_string(utc("2026-11-23T12:00:44-01:00"))
        == "2026-11-23T13:00:44.000Z");
  CHECK(to_string(utc("Wed, 25 Nov 2026 07:28:00 GMT"))
        == "2026-11-25T07:28:00.000Z");
  for (const auto* text : {"", "2026-11-23", "2026-13-01T00:00:00Z",
                           "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z",
                           "2026-11-23T12:00:00",
                           "Wed, 25 Foo 2026 07:28:00 GMT",
                           "Wed, 25 Nov 2026 07:28:00 CET"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text));
  }
}

TEST_CASE("midnight in Los Angeles", "[retry_after]") {
  // Winter: eight hours behind.
  CHECK(midnight("2026-11-23T12:00:00Z") == "2026-11-24T08:00:00.000Z");
  CHECK(midnight("2026-11-24T07:59:59Z") == "2026-11-24T08:00:00.000Z");
  CHECK(midnight("2026-11-24T08:00:00Z") == "2026-11-25T08:00:00.000Z");
  // Summer: seven.
  CHECK(midnight("2026-07-01T12:00:00Z") == "2026-07-02T07:00:00.000Z");
  CHECK(midnight("2026-07-02T06:59:59Z") == "2026-07-02T07:00:00.000Z");
  // The clocks go forward on Sunday, 8 March 2026: a day of 23 hours.
  CHECK(midnight("2026-03-08T07:59:59Z") == "2026-03-08T08:00:00.000Z");
  CHECK(midnight("2026-03-08T08:00:00Z") == "2026-03-09T07:00:00.000Z");
  CHECK(midnight("2026-03-08T09:59:59Z") == "2026-03-09T07:00:00.000Z");
  CHECK(midnight("2026-03-08T10:00:00Z") == "2026-03-09T07:00:00.000Z");
  // And back on Sunday, 1 November 2026: a day of 25 hours.
  CHECK(midnight("2026-11-01T06:59:59Z") == "2026-11-01T07:00:00.000Z");
  CHECK(midnight("2026-11-01T07:00:00Z") == "2026-11-02T08:00:00.000Z");
  CHECK(midnight("2026-11-01T08:59:59Z") == "2026-11-02T08:00:00.000Z");
  CHECK(midnight("2026-11-01T09:00:00Z") == "2026-11-02T08:00:00.000Z");
  // Other years: 14 March and 7 November 2027.
  CHECK(midnight("2027-03-14T12:00:00Z") == "2027-03-15T07:00:00.000Z");
  CHECK(midnight("2027-11-07T12:00:00Z") == "2027-11-08T08:00:00.000Z");
}

TEST_CASE("the first of the next month", "[retry_after]") {
  CHECK(to_string(next_month(noon)) == "2026-12-01T00:00:00.000Z");
  CHECK(to_string(next_month(utc("2026-12-31T23:59:59Z")))
        == "2027-01-01T00:00:00.000Z");
  CHECK(to_string(next_month(utc("2026-12-01T00:00:00Z")))
        == "2027-01-01T00:00:00.000Z");
}

TEST_CASE("the most exact word about when to come back counts",
          "[retry_after]") {
  const header_list all{
    {"retry-after-ms", "120"},
    {"retry-after", "7"},
    {"x-ratelimit-remaining-requests", "0"},
    {"x-ratelimit-reset-requests", "3s"},
    {"x-ratelimit-remaining-tokens", "0"},
    {"x-ratelimit-reset-tokens", "6m0s"},
    {"anthropic-ratelimit-unified-reset", "1795438800"},
  };
  const auto message = "Please try again in 1m2s.";
  const auto from = [&](size_t i) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(i);
    return with({first, all.end()});
  };
  CHECK(retry_after(from(0), message, 34s, noon) == 120ms);
  CHECK(retry_after(from(1), message, 34s, noon) == 7s);
  CHECK(retry_after(from(2), message, 34s, noon) == 34s);
  // The latest of the dimensions that are used up.
  CHECK(retry_after(from(2), message, {}, noon) == 6min);
  CHECK(retry_after(from(6), message, {}, noon) == 62s);
  const auto window = timestamp{1'795'438'800'000} - noon;
  CHECK(retry_after(from(6), "", {}, noon) == window);
  CHECK(retry_after(with({}), "", {}, noon) == std::nullopt);
}

TEST_CASE("the window of a subscription says when it is reset",
          "[retry_after]") {
  const std::string unified = "anthropic-ratelimit-unified-";
  const auto in = [](int64_t seconds) {
    return std::to_string(noon.millis / 1'000 + seconds);
  };
  const header_list resets{{unified + "5h-reset", in(100)},
                           {unified + "7d-reset", in(5'000)}};
  const auto wait = [&](header_list more) {
    more.insert(more.end(), resets.begin(), resets.end());
    return retry_after(with(more), "", {}, noon);
  };
  CHECK(wait({{unified + "representative-claim", "five_hour"}}) == 100s);
  CHECK(wait({{unified + "representative-claim", "seven_day"}}) == 5'000s);
  CHECK(wait({{unified + "5h-status", "rejected"}}) == 100s);
  CHECK(wait({{unified + "representative-claim", "five_hour"},
              {unified + "7d-status", "rejected"}})
        == 5'000s);
  CHECK(wait({{unified + "reset", in(7)},
              {unified + "representative-claim", "five_hour"}})
        == 7s);
  CHECK(wait({{unified + "5h-status", "allowed"}}) == std::nullopt);
  CHECK(wait({{unified + "representative-claim", "overage"}}) == std::nullopt);
}

TEST_CASE("a limit that is not used up says nothing", "[retry_after]") {
  CHECK(retry_after(with({{"x-ratelimit-remaining-tokens", "1"},
                          {"x-ratelimit-reset-tokens", "6m0s"}}),
                    "", {}, noon)
        == std::nullopt);
}

TEST_CASE("dates and Unix times are relative to now", "[retry_after]") {
  CHECK(retry_after(with({{"retry-after", "Mon, 23 Nov 2026 12:01:00 GMT"}}),
                    "", {}, noon)
        == 60s);
  CHECK(retry_after(with({{"anthropic-ratelimit-requests-remaining", "0"},
                          {"anthropic-ratelimit-requests-reset",
                           "2026-11-23T12:00:31Z"},
                          {"anthropic-ratelimit-input-tokens-remaining", "0"},
                          {"anthropic-ratelimit-input-tokens-reset",
                           "2026-11-23T12:00:44Z"}}),
                    "", {}, noon)
        == 44s);
  const auto seconds = std::to_string(noon.millis / 1'000 + 90);
  for (const auto& reset : {seconds, seconds + "000", std::string{"90"}}) {
    INFO(reset);
    CHECK(retry_after(with({{"x-ratelimit-remaining", "0"},
                            {"x-ratelimit-reset", reset}}),
                      "", {}, noon)
          == 90s);
  }
}

TEST_CASE("words of a message", "[retry_after]") {
  const auto said = [](const char* message) {
    return retry_after(with({}), message, {}, noon);
  };
  CHECK(said("Please try again in 630ms.") == 630ms);
  CHECK(said("Limit 5. Please try again in 1m2s. More.") == 62s);
  CHECK(said("Please retry in 34.07s.") == 34'070ms);
  CHECK(said("Try again after 20 seconds") == 20s);
  CHECK(said("您已达到请求数限制：5分钟内最多请求10次") == 5min);
  CHECK(said("You will regain access on 2026-12-01 at 00:00 UTC.")
        == utc("2026-12-01T00:00:00Z") - noon);
  CHECK(said("Please try again later.") == std::nullopt);
  CHECK(said("请稍后再试") == std::nullopt);
}

TEST_CASE("an answer that served says that its limit is used up",
          "[retry_after]") {
  struct row {
    header_list headers;
    std::optional<milliseconds> wait;
  };
  // It came 2 s before its end.
  const row rows[] = {
    {{}, {}},
    {{{"content-length", "0"}, {"age", "0"}}, {}},
    {{{"x-ratelimit-remaining-requests", "12"},
      {"x-ratelimit-reset-requests", "9s"}},
     {}},
    {{{"x-ratelimit-remaining-requests", "0"},
      {"x-ratelimit-reset-requests", "9s"}},
     7s},
    {{{"x-ratelimit-remaining-requests", "0"}}, {}},
    {{{"x-ratelimit-remaining-requests", "0"},
      {"x-ratelimit-reset-requests", "9s"},
      {"x-ratelimit-remaining-tokens", "0"},
      {"x-ratelimit-reset-tokens", "1m0s"}},
     58s},
    {{{"anthropic-ratelimit-requests-remaining", "0"},
      {"anthropic-ratelimit-requests-reset", "2026-11-23T12:00:30Z"}},
     30s},
    {{{"anthropic-ratelimit-requests-remaining", "0"},
      {"anthropic-ratelimit-requests-reset", "2026-11-23T11:59:30Z"}},
     -30s},
  };
  for (const auto& x : rows) {
    upstream_outcome answer;
    answer.headers = x.headers;
    answer.first_byte = 500ms;
    answer.total = 2'500ms;
    CHECK(used_up_for(answer, parse_date("2026-11-23T12:00:00Z").value())
          == x.wait);
  }
}
