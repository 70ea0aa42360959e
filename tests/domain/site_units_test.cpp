// In what new-api sites count and show money.

#include "actors/domain/dialect.hpp"
#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace rota;

namespace {

upstream_outcome_ptr answer(int status, std::string body) {
  return std::make_shared<upstream_outcome>(
    answer_of(status, std::move(body)));
}

balance_options asking(probe_kind kind) {
  balance_options x;
  x.probe = kind;
  return x;
}

std::optional<site_units> units(const std::string& data) {
  return read_units(*answer(200, R"({"success":true,"data":{)" + data + "}}"));
}

money billing(const site_units& site, const std::string& limit,
              const std::string& used,
              const balance_options& x = asking(probe_kind::newapi_billing)) {
  const std::vector<upstream_outcome_ptr> answers{
    answer(200, R"({"hard_limit_usd":)" + limit + "}"),
    answer(200, R"({"total_usage":)" + used + "}")};
  const auto result = read_probe(x, answers, site);
  INFO(result.error);
  REQUIRE(result.outcome == probe_outcome::ok);
  return result.balance;
}

constexpr int64_t dollar = 1'000'000'000;

} // namespace

TEST_CASE("a site is asked for its units where nobody wrote them", "[units]") {
  for (const auto kind : {probe_kind::newapi_console, probe_kind::newapi_token,
                          probe_kind::newapi_billing}) {
    auto x = asking(kind);
    CHECK(needs_units(x));
    x.units_per_usd = 1'000'000;
    CHECK(needs_units(x) == (kind == probe_kind::newapi_billing));
    x.scale = factor{500'000};
    CHECK_FALSE(needs_units(x));
  }
  CHECK_FALSE(needs_units(asking(probe_kind::none)));
  CHECK_FALSE(needs_units(asking(probe_kind::http_json)));
  const auto asked = compose_units(asking(probe_kind::newapi_console));
  CHECK(asked.method == "GET");
  CHECK(asked.path == "/api/status");
  CHECK(asked.secret == credential::console);
  CHECK(compose_units(asking(probe_kind::newapi_token)).secret
        == credential::api_key);
}

TEST_CASE("the units of the golden site are read", "[units]") {
  const auto x
    = read_units(*answer(200, golden_body("balance/newapi_status.json")));
  REQUIRE(x);
  CHECK(x->per_usd == 500'000);
  CHECK(billing(*x, "150", "2750").nanos == 122'500'000'000);
}

TEST_CASE("quota counts in the site's units", "[units]") {
  const auto quota = [](const std::optional<site_units>& site,
                        std::optional<int64_t> written = {}) {
    auto x = asking(probe_kind::newapi_token);
    x.units_per_usd = written;
    const std::vector<upstream_outcome_ptr> answers{
      answer(200, R"({"data":{"total_available":3000000}})")};
    return read_probe(x, answers, site.value()).balance.nanos;
  };
  CHECK(quota(units(R"("quota_per_unit":1000000)")) == 3 * dollar);
  CHECK(quota(units(R"("quota_per_unit":1000000.0)")) == 3 * dollar);
  CHECK(quota(units(R"("quota_per_unit":1000000)"), 500'000) == 6 * dollar);
  for (const auto* wrong : {"", R"("quota_per_unit":0)",
                            R"("quota_per_unit":-5)", R"("quota_per_unit":0.5)",
                            R"("quota_per_unit":"many")",
                            R"("quota_per_unit":1e300)",
                            R"("quota_per_unit":null)"}) {
    INFO(wrong);
    CHECK(quota(units(wrong)) == 6 * dollar);
  }
}

TEST_CASE("billing shows what the site's administrator chose", "[units]") {
  const auto usual = R"("quota_display_type":"USD","display_in_currency":true)";
  CHECK(billing(*units(usual), "10", "250").nanos == 7'500'000'000);
  const auto cny
    = units(R"("quota_display_type":"CNY","usd_exchange_rate":7.3)");
  CHECK(billing(*cny, "73", "1825").nanos == 7'500'000'000);
  // Rounded down, what is used up.
  CHECK(billing(*cny, "1", "0").nanos == 136'986'301);
  CHECK(billing(*cny, "1", "1").nanos == 135'616'437);
  const auto custom = units(
    R"("quota_display_type":"CUSTOM","custom_currency_exchange_rate":0.5)");
  CHECK(billing(*custom, "5", "125").nanos == 7'500'000'000);
  for (const auto* raw : {R"("quota_display_type":"TOKENS")",
                          R"("display_in_currency":false)"})
    CHECK(billing(*units(raw), "5000000", "125000000").nanos == 7'500'000'000);
  CHECK(billing(*units(R"("display_in_currency":false,"quota_per_unit":1000)"),
                "10000", "250000")
          .nanos
        == 7'500'000'000);
  // A rate that is none, and what the operator wrote.
  CHECK(billing(*units(R"("quota_display_type":"CNY","usd_exchange_rate":0)"),
                "10", "250")
          .nanos
        == 7'500'000'000);
  auto written = asking(probe_kind::newapi_billing);
  written.scale = factor{100'000};
  CHECK(billing(*cny, "100", "2500", written).nanos == 7'500'000'000);
}

TEST_CASE("a site that does not say counts as usual, one that fails does not",
          "[units]") {
  for (const auto status : {200, 401, 403, 404, 405}) {
    INFO(status);
    for (const auto* body : {"", "<html>", "[]", "{}", R"({"data":7})",
                             R"({"success":false,"message":"no"})"}) {
      const auto x = read_units(*answer(status, body));
      REQUIRE(x);
      CHECK(x->per_usd == 500'000);
      CHECK(x->shown.numerator == x->shown.denominator);
    }
  }
  for (const auto status : {429, 500, 502, 503})
    CHECK_FALSE(read_units(*answer(status, "{}")));
  auto broken = *answer(200, "{}");
  broken.ended = transport::timed_out;
  CHECK_FALSE(read_units(broken));
}
