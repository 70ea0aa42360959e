#include "actors/domain/api_route.hpp"
#include "actors/domain/dialect.hpp"

#include "actors/domain/retry_after.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <cmath>
#include <set>

using namespace rota;

namespace {

const timestamp noon = parse_date("2026-11-23T12:00:00Z").value();

upstream_outcome_ptr answer(int status, std::string body) {
  auto x = std::make_shared<upstream_outcome>();
  x->status = status;
  x->body = std::move(body);
  return x;
}

balance_options asking(probe_kind kind) {
  balance_options x;
  x.probe = kind;
  return x;
}

balance_options pointer_options(std::string pointer, factor scale = {}) {
  auto x = asking(probe_kind::http_json);
  x.path = "/my/balance?x=1";
  x.pointer = std::move(pointer);
  x.scale = scale;
  return x;
}

probe_reading read(const balance_options& x, int status, std::string body) {
  const std::vector<upstream_outcome_ptr> answers{
    answer(status, std::move(body))};
  return read_probe(x, answers);
}

std::optional<probe_kind> kind_named(const std::string& x) {
  if (x == "newapi_console")
    return probe_kind::newapi_console;
  if (x == "newapi_token")
    return probe_kind::newapi_token;
  if (x == "newapi_billing")
    return probe_kind::newapi_billing;
  return std::nullopt;
}

money usd(double x) {
  return money{static_cast<int64_t>(std::llround(x * 1e9))};
}

constexpr provider all_providers[] = {
  provider::openai,     provider::anthropic, provider::gemini,
  provider::new_api,    provider::one_api,   provider::sub2api,
  provider::anyrouter,  provider::deepseek,  provider::openrouter,
  provider::moonshot,   provider::siliconflow,
};

} // namespace

TEST_CASE("what a provider speaks agrees with its bits", "[dialect]") {
  for (const auto who : all_providers) {
    INFO(to_string(who));
    CHECK(surfaces_of(who) != 0);
    for (size_t i = 0; i < surface_count; ++i)
      CHECK(speaks(who, static_cast<surface>(i))
            == ((surfaces_of(who) >> i & 1u) != 0));
  }
  CHECK(speaks(provider::new_api, surface::gemini_generate));
  CHECK(speaks(provider::openrouter, surface::anthropic_messages));
  CHECK_FALSE(speaks(provider::anthropic, surface::openai_chat));
  CHECK_FALSE(speaks(provider::moonshot, surface::openai_embeddings));
  // Most relays lack what is not sold.
  CHECK(speaks(provider::anthropic, surface::anthropic_count));
  CHECK(speaks(provider::sub2api, surface::anthropic_count));
  CHECK_FALSE(speaks(provider::new_api, surface::anthropic_count));
  CHECK_FALSE(speaks(provider::new_api, surface::openai_stored));
  CHECK(speaks(provider::openai, surface::openai_stored));
  CHECK_FALSE(speaks(provider::one_api, surface::openai_image_edits));
  CHECK(speaks(provider::siliconflow, surface::rerank));
}

TEST_CASE("keys go into the header that the provider reads", "[dialect]") {
  CHECK(key_header_of(provider::anthropic).name == "x-api-key");
  CHECK(key_header_of(provider::anthropic).prefix.empty());
  CHECK(key_header_of(provider::gemini).name == "x-goog-api-key");
  for (const auto who : all_providers)
    if (who != provider::anthropic && who != provider::gemini) {
      CHECK(key_header_of(who).name == "authorization");
      CHECK(key_header_of(who).prefix == "Bearer ");
    }
}

TEST_CASE("a request has a path, two or three headers and its body",
          "[dialect]") {
  const std::string body = "{ \"model\": \"m\" }";
  job work;
  work.model = "m";
  work.body = body;
  const header_list plain{{"content-type", "application/json"},
                          {"accept", "application/json"}};
  std::set<std::string> paths;
  // Those that a line of a batch may want.
  for (size_t i = 0; i <= static_cast<size_t>(surface::gemini_generate); ++i) {
    work.route = static_cast<surface>(i);
    const auto x = compose(provider::new_api, work);
    CHECK(x.method == "POST");
    CHECK(x.secret == credential::api_key);
    CHECK(x.body.data() == body.data());
    CHECK(x.body.size() == body.size());
    CHECK(route_of("POST", x.path, {}).route == work.route);
    auto headers = plain;
    if (work.route == surface::anthropic_messages)
      headers.emplace_back("anthropic-version", "2023-06-01");
    CHECK(x.headers == headers);
    paths.insert(x.path);
  }
  CHECK(paths
        == std::set<std::string>{
          "/v1/chat/completions", "/v1/completions", "/v1/responses",
          "/v1/embeddings", "/v1/moderations", "/v1/messages",
          "/v1beta/models/m:generateContent"});
  work.route = surface::openai_completions;
  CHECK(compose(provider::deepseek, work).path == "/beta/completions");
}

TEST_CASE("what a client asks about travels by its own method and target",
          "[dialect]") {
  job work;
  work.route = surface::openai_stored;
  work.method = "DELETE";
  work.target = "/v1/responses/resp_1?include=a";
  work.headers = {{"X-Odd", "1"}};
  const auto x = compose(provider::openai, work);
  CHECK(x.method == "DELETE");
  CHECK(x.path == work.target);
  CHECK(x.headers == work.headers);
  CHECK(x.body.empty());
  // Of Anthropic, counting needs the version, too.
  work.route = surface::anthropic_count;
  CHECK(compose(provider::anthropic, work).headers.size() == 2);
}

TEST_CASE("Gemini's model stands in the path, encoded", "[dialect]") {
  const auto path = [](const char* model) {
    job work;
    work.route = surface::gemini_generate;
    work.model = model;
    return compose(provider::gemini, work).path;
  };
  CHECK(path("gemini-2.5-flash")
        == "/v1beta/models/gemini-2.5-flash:generateContent");
  CHECK(path("models/gemini-2.5-flash")
        == "/v1beta/models/gemini-2.5-flash:generateContent");
  CHECK(path("tunedModels/mine") == "/v1beta/tunedModels/mine:generateContent");
  CHECK(path("a/../b?c d#é")
        == "/v1beta/models/a%2F..%2Fb%3Fc%20d%23%C3%A9:generateContent");
}

TEST_CASE("the provider's name for a call", "[dialect]") {
  upstream_outcome x;
  CHECK(request_id_of(x).empty());
  x.headers = {{"x-oneapi-request-id", "one"}};
  CHECK(request_id_of(x) == "one");
  x.headers.emplace_back("request-id", "two");
  CHECK(request_id_of(x) == "two");
  x.headers.emplace_back("x-request-id", "three");
  CHECK(request_id_of(x) == "three");
}

TEST_CASE("balance probes ask what the index says", "[probe]") {
  CHECK(compose_probe(asking(probe_kind::none), noon).empty());
  auto x = compose_probe(asking(probe_kind::newapi_console), noon);
  REQUIRE(x.size() == 1);
  CHECK(x[0].method == "GET");
  CHECK(x[0].path == "/api/user/self");
  CHECK(x[0].secret == credential::console);
  x = compose_probe(asking(probe_kind::newapi_token), noon);
  REQUIRE(x.size() == 1);
  CHECK(x[0].path == "/api/usage/token/");
  CHECK(x[0].secret == credential::api_key);
  x = compose_probe(asking(probe_kind::newapi_billing), noon);
  REQUIRE(x.size() == 2);
  CHECK(x[0].path == "/v1/dashboard/billing/subscription");
  CHECK(x[1].path
        == "/v1/dashboard/billing/usage?start_date=2026-08-15"
           "&end_date=2026-11-24");
  x = compose_probe(pointer_options("/a"), noon);
  REQUIRE(x.size() == 1);
  CHECK(x[0].path == "/my/balance?x=1");
}

TEST_CASE("every golden balance is read", "[probe]") {
  size_t count = 0;
  const auto usage = golden_body("balance/newapi_usage.json");
  for (const auto& row : golden_rows("balance")) {
    const auto kind = kind_named(row.at("kind"));
    if (!kind)
      continue; // Kinds that rota does not have.
    const auto file = row.at("file").get<std::string>();
    INFO(file);
    ++count;
    const auto& expected = row.at("expect");
    std::vector<upstream_outcome_ptr> answers;
    if (file == "balance/newapi_usage.json")
      answers.push_back(
        answer(200, golden_body("balance/newapi_subscription.json")));
    answers.push_back(answer(row.at("status"), golden_body(file)));
    if (file == "balance/newapi_subscription.json")
      answers.push_back(answer(200, usage));
    const auto x = read_probe(asking(*kind), answers);
    INFO(x.error);
    if (expected.contains("error")) {
      const auto transient = expected.at("error") == "transient";
      CHECK(x.outcome == (transient ? probe_outcome::transient
                                    : probe_outcome::auth_failed));
      CHECK_FALSE(x.error.empty());
    } else if (expected.contains("unlimited")) {
      CHECK(x.outcome == probe_outcome::unlimited);
    } else {
      CHECK(x.outcome == probe_outcome::ok);
      const auto figure
        = expected.contains("balance_usd") ? expected.at("balance_usd")
          : expected.contains("balance_usd_with_subscription")
            ? expected.at("balance_usd_with_subscription")
            : nlohmann::json(122.5); // 150 less 27.5, with the usage.
      CHECK(x.balance == usd(figure.get<double>()));
    }
  }
  CHECK(count == 10);
}

TEST_CASE("units of the site make dollars, rounded down", "[probe]") {
  auto x = asking(probe_kind::newapi_console);
  const auto quota = [&](const std::string& figure) {
    return read(x, 200,
                R"({"success":true,"data":{"quota":)" + figure + "}}");
  };
  CHECK(quota("61250000").balance == usd(122.5));
  CHECK(quota("1").balance == money{2'000});
  CHECK(quota("-500000").balance == usd(-1));
  CHECK(quota("0").balance == money{});
  x.units_per_usd = 3;
  CHECK(quota("1").balance == money{333'333'333});
  CHECK(quota("-1").balance == money{-333'333'334});
  x.units_per_usd = 1;
  CHECK(quota("9000000000").balance == usd(9e9));
  for (const auto* figure :
       {"99999999999", "1e300", "null", "true", "[]", R"("12x")", R"("")"}) {
    INFO(figure);
    CHECK(quota(figure).outcome == probe_outcome::transient);
  }
}

TEST_CASE("what was used is taken off, what has no limit is no reading",
          "[probe]") {
  auto x = pointer_options("/data/total_credits");
  x.used_pointer = "/data/total_usage";
  x.unlimited_pointer = "/data/remaining";
  CHECK(read(x, 200, R"({"data":{"total_credits":100.5,"total_usage":25.75}})")
          .balance
        == money{74'750'000'000});
  CHECK(read(x, 200, R"({"data":{"total_credits":1}})").outcome
        == probe_outcome::transient);
  const auto with = [&x](const std::string& remaining) {
    return read(x, 200, R"({"data":{"total_credits":1,"total_usage":0,)"
                        R"("remaining":)" + remaining + "}}");
  };
  for (const auto* remaining : {"-1", "true", "\"-1\""})
    CHECK(with(remaining).outcome == probe_outcome::unlimited);
  for (const auto* remaining : {"0", "7.5", "false", "null"})
    CHECK(with(remaining).balance == usd(1));
}

TEST_CASE("billing in raw quota is scaled", "[probe]") {
  auto x = asking(probe_kind::newapi_billing);
  x.scale = factor{2}; // 500,000 units a dollar.
  const auto reads = [&x](const std::string& limit) {
    const std::vector<upstream_outcome_ptr> answers{
      answer(200, R"({"hard_limit_usd":)" + limit + "}"),
      answer(200, R"({"total_usage":100000000})")};
    return read_probe(x, answers);
  };
  CHECK(reads("5000000").balance == usd(8));
  CHECK(reads("100000000").outcome == probe_outcome::unlimited);
}

TEST_CASE("billing figures are exact", "[probe]") {
  const auto of = [](const char* limit, const char* used) {
    const std::vector<upstream_outcome_ptr> answers{
      answer(200, std::string{R"({"hard_limit_usd":)"} + limit + "}"),
      answer(200, std::string{R"({"total_usage":)"} + used + "}"),
    };
    return read_probe(asking(probe_kind::newapi_billing), answers);
  };
  CHECK(of("0.3", "10").balance == usd(0.2));
  CHECK(of("100.123456", "0.0001").balance == money{100'123'455'000});
  CHECK(of("10", "1234.56").balance == usd(-2.3456));
  CHECK(of("99999999.99", "0").outcome == probe_outcome::ok);
  CHECK(of("100000000", "0").outcome == probe_outcome::unlimited);
  CHECK(of("1.5e1", "1E2").balance == usd(14));
  CHECK(of("null", "1").outcome == probe_outcome::transient);
  CHECK(of("1", "null").outcome == probe_outcome::transient);
}

TEST_CASE("a pointer finds any number or text", "[probe]") {
  const std::string body
    = R"({"a":{"b":[{"total":"110.00"},{"total":-4.25}]},"x/y":7,"t":true})";
  CHECK(read(pointer_options("/a/b/0/total"), 200, body).balance == usd(110));
  CHECK(read(pointer_options("/a/b/1/total"), 200, body).balance
        == usd(-4.25));
  CHECK(read(pointer_options("/x~1y", factor{140'000}), 200, body).balance
        == usd(0.98));
  for (const auto* pointer : {"/a", "/t", "/a/b/2/total", "/none", "/a/b/x"}) {
    INFO(pointer);
    CHECK(read(pointer_options(pointer), 200, body).outcome
          == probe_outcome::transient);
  }
}

TEST_CASE("a probe that fails says how", "[probe]") {
  using po = probe_outcome;
  const auto of = [](int status, const char* body) {
    return read(asking(probe_kind::newapi_token), status, body).outcome;
  };
  CHECK(of(404, "not found") == po::unsupported);
  CHECK(of(501, "{}") == po::unsupported);
  CHECK(of(401, "{}") == po::auth_failed);
  CHECK(of(403, R"({"message":"x"})") == po::auth_failed);
  CHECK(of(429, "") == po::transient);
  CHECK(of(500, "{}") == po::transient);
  CHECK(of(302, "") == po::transient);
  CHECK(of(200, "") == po::transient);
  CHECK(of(200, "{") == po::transient);
  CHECK(of(200, "<html>var arg1='1'</html>") == po::transient);
  CHECK(of(401, "<html>log in</html>") == po::transient);
  CHECK(of(200, "[]") == po::transient);
  CHECK(of(200, R"({"success":false,"message":"用户已被封禁"})")
        == po::banned);
  CHECK(of(403, R"({"error":{"message":"用户已被封禁"}})") == po::banned);
  CHECK(of(401, R"({"success":false,"code":"AUTH_USER_DISABLED"})")
        == po::banned);
  CHECK(of(200, R"({"success":false,"code":"AUTH_TOKEN_EXPIRED"})")
        == po::auth_failed);
  CHECK(read_probe(asking(probe_kind::newapi_token), {}).outcome
        == po::transient);
  auto broken = std::make_shared<upstream_outcome>();
  broken->ended = transport::timed_out;
  broken->error = "No answer within 20 s.";
  const std::vector<upstream_outcome_ptr> answers{broken};
  const auto x = read_probe(asking(probe_kind::newapi_billing), answers);
  CHECK(x.outcome == po::transient);
  CHECK(x.error == "No answer within 20 s.");
}

TEST_CASE("a console says whether its user is banned", "[probe]") {
  const auto of = [](const char* status) {
    return read(asking(probe_kind::newapi_console), 200,
                R"({"success":true,"data":{"quota":500000,"status":)"
                  + std::string{status} + "}}")
      .outcome;
  };
  CHECK(of("1") == probe_outcome::ok);
  CHECK(of("2") == probe_outcome::banned);
  CHECK(of("null") == probe_outcome::ok);
}

TEST_CASE("who meets a web firewall learns which cookie helps", "[probe]") {
  struct row {
    probe_kind asked;
    const char* body;
    const char* error;
  };
  const row rows[] = {
    {probe_kind::newapi_console, "<html>var arg1='1'</html>",
     "A web firewall blocks the site (HTTP 200): write the full Cookie string "
     "of a browser that is signed in there, session, acw_tc, cdn_sec_tc and "
     "acw_sc__v2 included, where balance.console points to."},
    {probe_kind::newapi_token, "<html>var arg1='1'</html>",
     "A web firewall blocks the site (HTTP 200)."},
    {probe_kind::newapi_token, "<html>Sign in</html>",
     "The site answered with a web page instead of JSON, a login page or a web "
     "firewall (HTTP 200)."},
  };
  for (const auto& x : rows)
    CHECK(read(asking(x.asked), 200, x.body).error == x.error);
}

TEST_CASE("a model is looked for at its vendor, or at a relay", "[dialect]") {
  using enum provider;
  CHECK(makes(openai, surface::openai_chat, "gpt-5-mini"));
  CHECK(makes(openai, surface::openai_chat, "o4-mini"));
  CHECK_FALSE(makes(openai, surface::openai_chat, "claude-opus-5"));
  CHECK(makes(anthropic, surface::anthropic_messages, "claude-opus-5"));
  CHECK_FALSE(makes(anthropic, surface::anthropic_messages, "gpt-5"));
  CHECK(makes(gemini, surface::gemini_generate, "gemini-2.5-flash"));
  CHECK(makes(deepseek, surface::openai_chat, "deepseek-flash"));
  CHECK(makes(moonshot, surface::openai_chat, "kimi-k2.6"));
  for (const auto relay : {new_api, one_api, sub2api}) {
    CHECK(makes(relay, surface::openai_chat, "grok-4.5"));
    CHECK(makes(relay, surface::anthropic_messages, "claude-opus-5"));
    CHECK_FALSE(makes(relay, surface::anthropic_messages, "gpt-5"));
    CHECK_FALSE(makes(relay, surface::gemini_generate, "gpt-5"));
  }
  // These spell names their own way.
  CHECK_FALSE(makes(openrouter, surface::openai_chat, "gpt-5"));
}

TEST_CASE("an answer that is nested without end says no balance", "[dialect]") {
  const auto asked = asking(probe_kind::newapi_console);
  const auto nested = [&asked](size_t levels) {
    auto x = std::make_shared<upstream_outcome>();
    x->status = 200;
    x->body = R"({"success":true,"x":)" + std::string(levels, '[')
              + std::string(levels, ']') + R"(,"data":{"quota":500000}})";
    const std::vector<upstream_outcome_ptr> answers{x};
    return read_probe(asked, answers);
  };
  CHECK(nested(10).outcome == probe_outcome::ok);
  const auto deep = nested(100'000);
  CHECK(deep.outcome == probe_outcome::transient);
  CHECK(deep.error == "The answer is no JSON.");
}
