// Bodies that go past the mailboxes, over real HTTP.

#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <future>

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// Keeps what it is given; may play the slow caller.
class keeping_sink : public answer_sink {
public:
  bool begin(int status, const header_list& headers) override {
    begun_with = status;
    for (const auto& [name, value] : headers)
      if (name == "content-type")
        type = value;
    return status == 200;
  }

  bool ready() const override {
    return room > 0;
  }

  bool take(std::string_view piece) override {
    text += piece;
    ++pieces;
    room = room > piece.size() ? room - piece.size() : 0;
    if (room == 0 && on_full)
      on_full();
    return gets_on;
  }

  bool committed() const override {
    return text.size() > preamble;
  }

  void end(upstream_outcome& x) override {
    ++ends;
    x.passed.emplace().whole = x.ended == transport::ok;
  }

  int begun_with = 0;
  std::string type;
  std::string text;
  size_t pieces = 0;
  size_t room = SIZE_MAX;
  bool gets_on = true; // By what it takes.
  size_t preamble = 0; // So much is kept from the caller.
  int ends = 0;
  std::function<void()> on_full;
};

} // namespace

TEST_CASE("a sink gets the body as it comes", "[upstream]") {
  upstream_fixture fix;
  fix.server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
          "transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    x.raw("6\r\nsecond\r\n0\r\n\r\n");
  });
  const auto sink = std::make_shared<keeping_sink>();
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  const auto x = fix.call(request);
  CHECK(x->ended == transport::ok);
  CHECK(x->status == 200);
  CHECK(x->body.empty());
  REQUIRE(x->passed);
  CHECK(x->passed->whole);
  CHECK(sink->begun_with == 200);
  CHECK(sink->type == "text/event-stream");
  CHECK(sink->text == "firstsecond");
  CHECK(sink->ends == 1);
  CHECK_FALSE(sink->on_ready);
}

TEST_CASE("a body that the sink does not want is gathered", "[upstream]") {
  upstream_fixture fix;
  fix.server.on("/v1/a",
                [](mini_exchange& x) { x.reply(500, "{\"error\":{}}"); });
  const auto sink = std::make_shared<keeping_sink>();
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  const auto x = fix.call(request);
  CHECK(x->body == "{\"error\":{}}");
  CHECK(sink->text.empty());
  CHECK(sink->ends == 1);
}

TEST_CASE("a sink hears of an end that came too early", "[upstream]") {
  upstream_fixture fix;
  fix.server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
          "5\r\nfirst\r\n");
    x.close();
  });
  const auto sink = std::make_shared<keeping_sink>();
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  const auto x = fix.call(request);
  CHECK(x->ended == transport::broken);
  CHECK(sink->text == "first");
  CHECK_FALSE(x->passed->whole);
}

TEST_CASE("a caller's time ends what has not begun to reach it",
          "[upstream]") {
  upstream_fixture fix;
  std::promise<void> over;
  auto is_over = over.get_future();
  const auto begin = [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
          "5\r\nfirst\r\n");
  };
  fix.server.on("/v1/slow", [&](mini_exchange& x) {
    begin(x);
    is_over.wait_for(20s);
    x.raw("6\r\nsecond\r\n0\r\n\r\n");
  });
  fix.server.on("/v1/silent", [&](mini_exchange& x) {
    begin(x);
    x.stall();
  });
  const auto post = [&fix](const char* path) {
    const auto result = fix.post(path);
    result->caller_timeout = 200ms;
    return result;
  };
  const auto sink = std::make_shared<keeping_sink>();
  SECTION("a stream under way goes on") {
    const auto slow = post("/v1/slow");
    slow->sink = sink;
    fix.send(slow);
    // It began later, so once its time is up, so is that of the other.
    CHECK(fix.call(post("/v1/silent"))->late);
    over.set_value();
    const auto x = fix.wait();
    CHECK(x->ended == transport::ok);
    CHECK_FALSE(x->late);
    CHECK(sink->text == "firstsecond");
  }
  SECTION("one that is kept back does not") {
    const auto silent = post("/v1/silent");
    silent->sink = sink;
    sink->preamble = 5;
    const auto x = fix.call(silent);
    CHECK(x->ended == transport::timed_out);
    CHECK(x->late);
    CHECK(x->total >= 200ms);
  }
  SECTION("nor does a body that is gathered") {
    const auto x = fix.call(post("/v1/silent"));
    CHECK(x->ended == transport::timed_out);
    CHECK(x->late);
    CHECK(x->body == "first");
  }
}

TEST_CASE("comments alone do not keep a stream alive", "[upstream]") {
  upstream_fixture fix;
  std::atomic<bool> heard = false;
  fix.server.on("/v1/a", [&](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    while (!heard)
      x.raw("4\r\n: a\n\r\n");
  });
  const auto sink = std::make_shared<keeping_sink>();
  sink->gets_on = false;
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  request->first_byte_timeout = 300ms;
  const auto x = fix.call(request);
  heard = true;
  CHECK(x->ended == transport::timed_out);
  CHECK_THAT(x->error, ContainsSubstring("sent nothing but comments for 0.3"));
  CHECK(sink->text.starts_with(": a"));
}

TEST_CASE("what a sink takes is bounded, too", "[upstream]") {
  upstream_options options;
  options.max_response_bytes = 100'000;
  upstream_fixture fix{options};
  const std::string body(100'001, 'x');
  fix.server.on("/v1/a", [&](mini_exchange& x) { x.reply(200, body); });
  const auto sink = std::make_shared<keeping_sink>();
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  const auto x = fix.call(request);
  CHECK(x->ended == transport::too_large);
  CHECK(sink->text.size() <= 100'000);
  CHECK_FALSE(x->passed->whole);
}

TEST_CASE("a sink that is full stops the provider, and loses nothing",
          "[upstream]") {
  upstream_options options;
  options.idle_timeout = 100ms; // Waiting for us is no silence of theirs.
  const std::string body(8 << 20, 'x');
  std::atomic<bool> sent = false;
  upstream_fixture fix{options};
  fix.server.on("/v1/a", [&](mini_exchange& x) {
    x.reply(200, body);
    sent = true;
  });
  const auto sink = std::make_shared<keeping_sink>();
  sink->room = 100'000;
  std::promise<void> full;
  sink->on_full = [&] {
    sink->on_full = {};
    full.set_value();
  };
  const auto request = fix.post("/v1/a");
  request->idle_timeout = 100ms;
  request->sink = sink;
  fix.send(request);
  full.get_future().wait();
  // Its socket's buffers hold less than what is missing.
  CHECK_FALSE(sent);
  std::promise<size_t> seen;
  fix.loop.post([&] {
    seen.set_value(sink->text.size());
    sink->room = SIZE_MAX;
    sink->on_ready();
  });
  CHECK(seen.get_future().get() < 1'000'000);
  const auto x = fix.wait();
  CHECK(x->ended == transport::ok);
  CHECK(sink->text == body);
}

TEST_CASE("no stream carries a key to the caller", "[upstream]") {
  upstream_fixture fix;
  fix.server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
          "a\r\nbad: sk-se\r\n");
    x.raw("9\r\ncret-1 sk\r\n0\r\n\r\n");
  });
  const auto sink = std::make_shared<keeping_sink>();
  const auto request = fix.post("/v1/a");
  request->sink = sink;
  CHECK(fix.call(request)->ended == transport::ok);
  CHECK(sink->text == "bad: *** sk");
}
