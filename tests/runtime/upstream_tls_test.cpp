#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/nginx.hpp"

#include <set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

upstream_options trusting(const std::string& file) {
  upstream_options x;
  x.ca_file = file;
  return x;
}

} // namespace

TEST_CASE("providers with TLS are reached over HTTP/2", "[upstream][tls]") {
  if (!nginx::installed()) {
    WARN("SKIPPED: nginx or openssl is not installed, so neither TLS nor "
         "HTTP/2 was tested");
    return;
  }
  mini_server behind;
  std::mutex mutex;
  std::set<std::string> protocols;
  std::set<std::string> connections;
  behind.on("/v1/a", [&](mini_exchange& x) {
    {
      const std::lock_guard guard{mutex};
      protocols.emplace(x.header("x-protocol"));
      connections.emplace(x.header("x-connection"));
    }
    x.reply(200, x.body);
  });
  behind.on("/v1/charge", [&](mini_exchange& x) { x.reset(); });
  nginx front{behind.url()};

  SECTION("and a certificate that nobody vouches for ends it") {
    upstream_fixture fix;
    fix.configure(fix.relay, front.url());
    const auto x = fix.call(fix.post("/v1/a"));
    CHECK(x->ended == transport::not_sent);
    CHECK_THAT(x->error, ContainsSubstring("certificate"));
    CHECK(behind.hits("/v1/a") == 0);
  }
  SECTION("and many calls share one connection") {
    upstream_fixture fix{trusting(front.ca_file())};
    fix.configure(fix.relay, front.url());
    for (int i = 0; i < 60; ++i)
      fix.send(fix.post("/v1/a", std::string(20'000, 'a') + std::to_string(i)));
    for (int i = 0; i < 60; ++i) {
      const auto x = fix.box->take(20s);
      REQUIRE(x.has_value());
      CHECK(x->outcome->ended == transport::ok);
      CHECK(x->outcome->status == 200);
      CHECK(x->outcome->body
            == std::string(20'000, 'a') + std::to_string(x->token - 1));
    }
    const std::lock_guard guard{mutex};
    CHECK(protocols == std::set<std::string>{"HTTP/2.0"});
    CHECK(connections.size() == 1);
    CHECK(behind.hits("/v1/a") == 60);
  }
  SECTION("and a call that fails behind the gateway is not repeated") {
    upstream_fixture fix{trusting(front.ca_file())};
    fix.configure(fix.relay, front.url());
    CHECK(fix.call(fix.post("/v1/a"))->status == 200);
    CHECK(fix.call(fix.post("/v1/charge"))->status == 502);
    CHECK(behind.hits("/v1/charge") == 1);
  }
}
