#pragma once

#include "messages/envelopes.hpp"
#include "tests/support/catch.hpp"

#include <caf/send.hpp>

namespace rota {

/// What every UPSTREAM promises, a real one and a fake one alike. A fixture
/// has:
///
/// - account_id known(), unknown(), unreachable(): an account that works, one
///   that is not configured, one whose host does not answer at all
/// - void replies(path, status, body), breaks(path), keeps_silent(path): what
///   comes of calls to a path; a broken call was sent
/// - upstream_actor aut(); outcome_actor sink()
/// - std::optional<call_outcome> next(): the next outcome that reached sink();
///   nothing if none comes for long
/// - bool quiet(): whether no outcome came that was not taken
/// - void pass(milliseconds): lets time go by
template <class Fixture>
class upstream_contract {
public:
  void check() {
    SECTION("an answer comes whole, with its token") {
      fix.replies("/v1/a", 200, "{\"a\":1}");
      send(7, "/v1/a");
      const auto x = expect(7, transport::ok);
      CHECK(x->status == 200);
      CHECK(x->body == "{\"a\":1}");
      CHECK(x->header("content-type") == "application/json");
      CHECK(x->error.empty());
      nothing_more();
    }
    SECTION("an error status is an answer, too") {
      fix.replies("/v1/a", 503, "{\"error\":{}}");
      send(1, "/v1/a");
      const auto x = expect(1, transport::ok);
      CHECK(x->status == 503);
      CHECK(x->body == "{\"error\":{}}");
    }
    SECTION("an account that is not configured gets no request") {
      send(2, "/v1/a", fix.unknown());
      CHECK_FALSE(expect(2, transport::not_sent)->error.empty());
      nothing_more();
    }
    SECTION("a host that cannot be reached gets no request") {
      send(3, "/v1/a", fix.unreachable());
      CHECK_FALSE(expect(3, transport::not_sent)->error.empty());
    }
    SECTION("a connection that breaks ends its call once") {
      fix.breaks("/v1/a");
      send(4, "/v1/a");
      const auto x = expect(4, transport::broken);
      CHECK_FALSE(x->error.empty());
      CHECK(x->status == 0);
      nothing_more();
    }
    SECTION("silence ends with a timeout") {
      fix.keeps_silent("/v1/a");
      send(5, "/v1/a", fix.known(), milliseconds{150});
      fix.pass(milliseconds{150});
      CHECK_FALSE(expect(5, transport::timed_out)->error.empty());
      nothing_more();
    }
    SECTION("a cancelled call still gets its outcome, once") {
      fix.keeps_silent("/v1/a");
      send(6, "/v1/a");
      cancel(6);
      CHECK_FALSE(expect(6, transport::cancelled)->error.empty());
      cancel(6);
      nothing_more();
    }
    SECTION("a cancel concerns its own call only") {
      fix.keeps_silent("/v1/a");
      fix.replies("/v1/b", 200, "b");
      cancel(9);
      send(8, "/v1/a");
      send(9, "/v1/b");
      CHECK(expect(9, transport::ok)->body == "b");
      cancel(9);
      cancel(8);
      expect(8, transport::cancelled);
      nothing_more();
    }
    SECTION("calls under way do not wait for each other") {
      fix.keeps_silent("/v1/a");
      fix.replies("/v1/b", 200, "b");
      for (uint64_t i = 0; i < 5; ++i)
        send(10 + i, "/v1/a");
      send(20, "/v1/b");
      expect(20, transport::ok);
      for (uint64_t i = 0; i < 5; ++i)
        cancel(10 + i);
      for (uint64_t i = 0; i < 5; ++i)
        CHECK(fix.next().has_value());
      nothing_more();
    }
  }

private:
  void send(uint64_t token, std::string path) {
    send(token, std::move(path), fix.known());
  }

  void send(uint64_t token, std::string path, account_id to,
            milliseconds first_byte = milliseconds{20'000}) {
    auto request = std::make_shared<upstream_request>();
    request->account = to;
    request->path = std::move(path);
    request->headers = {{"content-type", "application/json"}};
    request->body = "{}";
    request->first_byte_timeout = first_byte;
    auto call = std::make_shared<upstream_call>(
      upstream_call{token, std::move(request), fix.sink()});
    caf::anon_send(fix.aut(), atom::send_v, upstream_call_ptr{std::move(call)});
  }

  void cancel(uint64_t token) {
    caf::anon_send(fix.aut(), atom::cancel_v, token);
  }

  upstream_outcome_ptr expect(uint64_t token, transport ended) {
    const auto x = fix.next();
    REQUIRE(x.has_value());
    CHECK(x->token == token);
    CHECK(to_string(x->outcome->ended) == to_string(ended));
    return x->outcome;
  }

  void nothing_more() {
    CHECK(fix.quiet());
  }

  Fixture fix;
};

} // namespace rota
