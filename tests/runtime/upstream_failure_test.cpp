#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// Small limits, so that a test need not wait for long.
upstream_options strict() {
  upstream_options x;
  x.connect_timeout = 200ms;
  x.max_response_bytes = 100'000;
  return x;
}

struct strict_fixture : upstream_fixture {
  strict_fixture() : upstream_fixture{strict()} {
    // nop
  }
};

void reply_ok(mini_exchange& x) {
  x.reply(200, "ok");
}

} // namespace

// -- a request is never sent twice --------------------------------------------

TEST_CASE_METHOD(upstream_fixture,
                 "a POST on a reused connection that dies is not sent again",
                 "[upstream]") {
  server.on("/v1/first", reply_ok);
  server.on("/v1/charge", [](mini_exchange& x) { x.reset(); });
  CHECK(call(post("/v1/first"))->ended == transport::ok);
  const auto x = call(post("/v1/charge", R"({"model":"m"})"));
  CHECK(x->ended == transport::broken);
  CHECK(x->status == 0);
  CHECK_FALSE(x->error.empty());
  CHECK(server.hits("/v1/charge") == 1);
  CHECK(server.torn() == 0);
  // The handle is as good as new.
  CHECK(call(post("/v1/first"))->ended == transport::ok);
}

TEST_CASE_METHOD(upstream_fixture,
                 "a POST without a body is not sent again either",
                 "[upstream]") {
  server.on("/v1/first", reply_ok);
  server.on("/v1/charge", [](mini_exchange& x) { x.reset(); });
  CHECK(call(post("/v1/first"))->ended == transport::ok);
  const auto x = call(post("/v1/charge", ""));
  CHECK(x->ended == transport::broken);
  CHECK(server.hits("/v1/charge") == 1);
}

TEST_CASE_METHOD(upstream_fixture,
                 "a GET on a reused connection that dies is sent once more",
                 "[upstream]") {
  server.on("/v1/first", reply_ok);
  auto x = post("/v1/models", "");
  x->method = "GET";
  SECTION("and a new connection answers") {
    server.on("/v1/models", [](mini_exchange& y) {
      if (y.nth > 0)
        y.close();
      else
        reply_ok(y);
    });
    CHECK(call(post("/v1/first"))->ended == transport::ok);
    CHECK(call(x)->ended == transport::ok);
    CHECK(server.hits("/v1/models") == 2);
  }
  SECTION("and a new connection dies, too") {
    server.on("/v1/models", [](mini_exchange& y) { y.close(); });
    CHECK(call(post("/v1/first"))->ended == transport::ok);
    CHECK(call(x)->ended == transport::broken);
    CHECK(server.hits("/v1/models") == 2);
  }
}

TEST_CASE_METHOD(upstream_fixture,
                 "an orderly close instead of an answer breaks the call",
                 "[upstream]") {
  server.on("/v1/first", reply_ok);
  server.on("/v1/charge", [](mini_exchange& x) { x.close(); });
  SECTION("on a reused connection") {
    CHECK(call(post("/v1/first"))->ended == transport::ok);
  }
  SECTION("on a new connection") {
    // Nothing went before.
  }
  CHECK(call(post("/v1/charge"))->ended == transport::broken);
  CHECK(server.hits("/v1/charge") == 1);
}

TEST_CASE_METHOD(upstream_fixture,
                 "a connection that died while idle costs no request",
                 "[upstream]") {
  server.on("/v1/last", [](mini_exchange& x) {
    reply_ok(x);
    x.close(); // Without saying so in the head.
  });
  server.on("/v1/next", reply_ok);
  for (int i = 0; i < 20; ++i) {
    CHECK(call(post("/v1/last"))->ended == transport::ok);
    // Whether the close is seen before the request leaves is a race; it is
    // never both lost and repeated.
    const auto hits = server.hits("/v1/next");
    const auto x = call(post("/v1/next"));
    if (x->ended == transport::ok)
      CHECK(server.hits("/v1/next") == hits + 1);
    else
      CHECK(server.hits("/v1/next") <= hits + 1);
    CHECK(x->ended != transport::not_sent);
  }
}

// -- nothing was sent ---------------------------------------------------------

TEST_CASE_METHOD(upstream_fixture,
                 "nothing is sent where nothing can be reached",
                 "[upstream]") {
  auto x = post("/v1/a");
  SECTION("nobody listens") {
    x->account = dead;
  }
  SECTION("no such name") {
    configure({3}, "http://name.invalid:8080");
    x->account = {3};
  }
  server.on("/v1/b", reply_ok);
  // A handle that has sent before must not remember it.
  CHECK(call(post("/v1/b"))->ended == transport::ok);
  const auto y = call(x);
  CHECK(y->ended == transport::not_sent);
  CHECK_THAT(y->error, ContainsSubstring("no request reached http"));
  CHECK_THAT(y->error, !ContainsSubstring("sk-secret"));
  CHECK(server.hits("/v1/a") == 0);
}

TEST_CASE_METHOD(strict_fixture, "a connection is not waited for without end",
                 "[upstream]") {
  // It takes the client's greeting for a request that never gets whole.
  configure({3}, "https" + server.url().substr(4));
  auto x = post("/v1/a");
  x->account = {3};
  const auto start = std::chrono::steady_clock::now();
  const auto y = call(x);
  CHECK(y->ended == transport::not_sent);
  CHECK_FALSE(y->error.empty());
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

// -- answers that go wrong ----------------------------------------------------

TEST_CASE_METHOD(strict_fixture, "an answer that breaks off is broken",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
    x.close();
  });
  auto x = call(post("/v1/a"));
  CHECK(x->ended == transport::broken);
  CHECK(x->status == 200);
  CHECK(x->body == "half of it");
  server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    x.reset();
  });
  x = call(post("/v1/a"));
  CHECK(x->ended == transport::broken);
  server.on("/v1/a", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5\r\nabcde\r\n");
    x.close();
  });
  x = call(post("/v1/a"));
  CHECK(x->ended == transport::broken);
}

TEST_CASE_METHOD(strict_fixture, "chunks, HTML and odd heads are answers",
                 "[upstream]") {
  SECTION("chunked") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n");
    });
    const auto x = call(post("/v1/a"));
    CHECK(x->ended == transport::ok);
    CHECK(x->body == "abcdefg");
  }
  SECTION("HTML") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.reply(403, "<html>go away</html>", "text/html");
    });
    const auto x = call(post("/v1/a"));
    CHECK(x->ended == transport::ok);
    CHECK(x->status == 403);
    CHECK(x->header("content-type") == "text/html");
    CHECK(x->body == "<html>go away</html>");
  }
  SECTION("an interim head") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.raw("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
      x.reply(200, "late", "text/plain", "X-Late:   2  \r\nX-Empty:\r\n");
    });
    const auto x = call(post("/v1/a"));
    CHECK(x->status == 200);
    CHECK(x->header("x-early") == "");
    CHECK(x->header("x-late") == "2");
    CHECK(x->body == "late");
  }
  SECTION("a redirect is not followed") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.reply(307, "", "text/plain", "Location: /v1/b\r\n");
    });
    const auto x = call(post("/v1/a"));
    CHECK(x->status == 307);
    CHECK(x->header("location") == "/v1/b");
    CHECK(server.hits("/v1/b") == 0);
  }
}

TEST_CASE_METHOD(strict_fixture, "an answer may be only so large",
                 "[upstream]") {
  SECTION("its body has no end") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (x.raw("400\r\n" + std::string(1024, 'x') + "\r\n"))
        ;
    });
  }
  SECTION("its head has too many bytes") {
    server.on("/v1/a", [](mini_exchange& x) {
      x.reply(200, "", "text/plain",
              "X-A: " + std::string(50'000, 'a') + "\r\nX-B: "
                + std::string(50'000, 'b') + "\r\n");
    });
  }
  SECTION("its head has too many lines") {
    server.on("/v1/a", [](mini_exchange& x) {
      auto lines = std::string{};
      for (int i = 0; i < 500; ++i)
        lines += "X-" + std::to_string(i) + ": 1\r\n";
      x.reply(200, "", "text/plain", lines);
    });
  }
  const auto x = call(post("/v1/a"));
  CHECK(x->ended == transport::too_large);
  CHECK(x->status == 200);
  CHECK(x->body.size() <= 100'000);
  CHECK_FALSE(x->error.empty());
}

TEST_CASE_METHOD(strict_fixture, "an answer of just the limit is whole",
                 "[upstream]") {
  server.on("/v1/a",
            [](mini_exchange& x) { x.reply(200, std::string(100'000, 'x')); });
  const auto x = call(post("/v1/a"));
  CHECK(x->ended == transport::ok);
  CHECK(x->body.size() == 100'000);
}

// -- time ---------------------------------------------------------------------

TEST_CASE_METHOD(upstream_fixture, "each time limit has its sentence",
                 "[upstream]") {
  server.on("/v1/silent", [](mini_exchange& x) { x.stall(); });
  server.on("/v1/half", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    x.stall();
  });
  server.on("/v1/drip", [](mini_exchange& x) {
    x.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (x.raw("1\r\nx\r\n"))
      std::this_thread::yield();
  });
  auto x = post("/v1/silent");
  x->first_byte_timeout = 150ms;
  auto y = call(x);
  CHECK(y->ended == transport::timed_out);
  CHECK_THAT(y->error, ContainsSubstring("gave no answer within 0.15 s"));
  CHECK(y->total >= 150ms);
  x = post("/v1/half");
  x->idle_timeout = 150ms;
  y = call(x);
  CHECK(y->ended == transport::timed_out);
  CHECK_THAT(y->error, ContainsSubstring("fell silent for 0.15 s"));
  CHECK(y->body == "half");
  x = post("/v1/drip");
  x->total_timeout = 300ms;
  y = call(x);
  CHECK(y->ended == transport::timed_out);
  CHECK_THAT(y->error, ContainsSubstring("did not finish"));
}

TEST_CASE_METHOD(upstream_fixture, "the time to the first byte is told",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) {
    const auto end = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    reply_ok(x);
  });
  const auto x = call(post("/v1/a"));
  CHECK(x->first_byte >= 55ms);
  CHECK(x->total >= x->first_byte);
  CHECK(x->total < 10s);
}

// -- many calls, and the end --------------------------------------------------

TEST_CASE_METHOD(upstream_fixture, "connections are used again",
                 "[upstream]") {
  server.on("/v1/a", reply_ok);
  for (int i = 0; i < 50; ++i)
    CHECK(call(post("/v1/a"))->ended == transport::ok);
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(upstream_fixture, "hundreds of calls share few handles",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) { x.reply(200, x.body); });
  for (int i = 0; i < 350; ++i)
    send(post("/v1/a", std::to_string(i)));
  for (int i = 0; i < 350; ++i) {
    const auto x = box->take(20s);
    REQUIRE(x.has_value());
    CHECK(x->outcome->ended == transport::ok);
    CHECK(x->outcome->body == std::to_string(x->token - 1));
  }
  CHECK(server.hits("/v1/a") == 350);
}

TEST_CASE_METHOD(upstream_fixture, "calls under way end with their actor",
                 "[upstream]") {
  server.on("/v1/a", [](mini_exchange& x) { x.stall(); });
  for (int i = 0; i < 150; ++i)
    send(post("/v1/a"));
  caf::anon_send_exit(upstream, caf::exit_reason::user_shutdown);
  for (int i = 0; i < 150; ++i)
    CHECK(wait()->ended == transport::cancelled);
}

TEST_CASE_METHOD(upstream_fixture, "an account that leaves ends no call",
                 "[upstream]") {
  std::atomic<bool> asked{false};
  std::atomic<bool> go{false};
  server.on("/v1/a", [&](mini_exchange& x) {
    asked = true;
    while (!go)
      std::this_thread::yield();
    reply_ok(x);
  });
  send(post("/v1/a"));
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!asked && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  directory->erase(relay);
  go = true;
  CHECK(wait()->ended == transport::ok);
  CHECK(call(post("/v1/a"))->ended == transport::not_sent);
}

TEST_CASE_METHOD(strict_fixture, "a call may want a smaller answer",
                 "[upstream]") {
  server.on("/v1/x",
            [](mini_exchange& x) { x.reply(200, std::string(2'000, 'x')); });
  auto wanted = post("/v1/x");
  wanted->body_bytes_max = 2'000;
  CHECK(call(wanted)->ended == transport::ok);
  wanted->body_bytes_max = 1'999;
  const auto x = call(wanted);
  CHECK(x->ended == transport::too_large);
  CHECK(x->body.size() <= 1'999);
}
