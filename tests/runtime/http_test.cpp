// The door for HTTP, on a real socket: what it lets in, what it refuses and how
// it answers.

#include "tests/runtime/http_door.hpp"
#include "tests/support/catch.hpp"

#include <future>
#include <mutex>
#include <thread>
#include <vector>

using namespace rota;
using namespace std::chrono_literals;

using door = http_door_fixture;

TEST_CASE("requests of one connection are answered in turn", "[http]") {
  door at{echo};
  auto client = at.enter();
  client.send("GET /a?b=c HTTP/1.1\r\n" + host + "X-SAY: hello\r\n\r\n");
  CHECK_THAT(client.receive_until("hello \n"),
             ContainsSubstring("\r\n\r\nGET /a?b=c hello \n"));
  SECTION("kept alive") {
    client.send("POST /b HTTP/1.1\r\n" + host
                + "Content-Length: 4\r\n\r\nbody");
    CHECK_THAT(client.receive_until("body\n"),
               ContainsSubstring("POST /b  body"));
  }
  SECTION("in pieces") {
    for (const auto c :
         "POST /c HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nbody")
      client.send(std::string_view{&c, 1});
    CHECK_THAT(client.receive_until("body\n"),
               ContainsSubstring("POST /c  body"));
  }
  SECTION("sent at once") {
    std::string all;
    for (int i = 0; i < 50; ++i)
      all += "GET /" + std::to_string(i) + " HTTP/1.1\r\n" + host + "\r\n";
    client.send(all);
    for (int i = 0; i < 50; ++i)
      CHECK_THAT(client.receive_until("  \n"),
                 ContainsSubstring("GET /" + std::to_string(i) + "  "));
  }
}

TEST_CASE("an answer says its length and when", "[http]") {
  door at{echo};
  auto client = at.enter();
  client.send("GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  const auto text = client.receive_all();
  CHECK_THAT(text, StartsWith("HTTP/1.1 200 OK\r\ndate: "));
  CHECK_THAT(text, ContainsSubstring("content-length: 8\r\n"));
  CHECK_THAT(text, ContainsSubstring("connection: close\r\n"));
  CHECK(last_line(text) == "GET /  \n");
  CHECK(client.closed());
}

TEST_CASE("bodies come byte for byte, chunked or not", "[http]") {
  door at{echo};
  auto client = at.enter();
  std::string bytes;
  for (int i = 0; i < 100'000; ++i)
    bytes += static_cast<char>(i * 7);
  SECTION("with a length") {
    client.send("POST / HTTP/1.1\r\n" + host
                + "Connection: close\r\n"
                  "Content-Length: "
                + std::to_string(bytes.size()) + "\r\n\r\n");
    client.send(bytes);
  }
  SECTION("in chunks") {
    client.send("POST / HTTP/1.1\r\n" + host
                + "Connection: close\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < bytes.size(); i += 10'000)
      client.send("2710\r\n" + bytes.substr(i, 10'000) + "\r\n");
    client.send("0\r\n\r\n");
  }
  CHECK(last_line(client.receive_all()) == "POST /  " + bytes + "\n");
}

TEST_CASE("the last chunk may be cut anywhere", "[http]") {
  door at{echo};
  const std::string last = "0\r\n\r\n";
  for (size_t cut = 1; cut < last.size(); ++cut) {
    auto client = at.enter();
    client.send("POST / HTTP/1.1\r\n" + host
                + "Expect: 100-continue\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"
                + last.substr(0, cut));
    client.receive_until("\r\n\r\n"); // So the server has read it.
    client.send(last.substr(cut, 1));
    auto other = at.enter(); // And this by the time it reads the other's.
    other.send("GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
    CHECK_THAT(other.receive_all(), StartsWith("HTTP/1.1 200 OK"));
    client.send(last.substr(cut + 1));
    CHECK_THAT(client.receive_until("POST /  \n"),
               StartsWith("HTTP/1.1 200 OK"));
  }
}

TEST_CASE("a client that waits for leave gets it", "[http]") {
  door at{echo};
  auto client = at.enter();
  client.send("POST / HTTP/1.1\r\n" + host
              + "Expect: 100-continue\r\n"
                "Content-Length: 2\r\n\r\n");
  CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK_THAT(client.receive_until("hi\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_CASE("HTTP/1.0 and HEAD get what they understand", "[http]") {
  door at{[](const http_exchange_ptr& x) {
    x->begin(200, {});
    x->write("streamed");
    x->end();
  }};
  auto client = at.enter();
  SECTION("1.0") {
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto text = client.receive_all();
    CHECK(text.find("chunked") == std::string::npos);
    CHECK(last_line(text) == "streamed");
  }
  SECTION("HEAD") {
    client.send("HEAD / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
    CHECK(last_line(client.receive_all()).empty());
  }
}

TEST_CASE("an answer that is cut has no end", "[http]") {
  door at{[](const http_exchange_ptr& x) {
    x->begin(200, {});
    x->write("streamed");
    x->cut();
  }};
  auto client = at.enter();
  SECTION("1.1") {
    client.send("GET / HTTP/1.1\r\n" + host + "\r\n");
    CHECK(last_line(client.receive_all()) == "8\r\nstreamed\r\n");
    CHECK(client.closed());
  }
  SECTION("1.0: the connection's end would be the answer's") {
    client.send("GET / HTTP/1.0\r\n\r\n");
    CHECK(last_line(client.receive_all()) == "streamed");
    CHECK(client.was_reset());
  }
}

TEST_CASE("what breaks the rules of HTTP is refused", "[http]") {
  http_options limits;
  limits.max_body_bytes = 1'000;
  limits.max_header_bytes = 4'096;
  limits.max_target_bytes = 512;
  limits.max_headers = 20;
  door at{echo, limits};
  std::string many;
  for (int i = 0; i < 30; ++i)
    many += "x-" + std::to_string(i) + ": y\r\n";
  const auto post = "POST / HTTP/1.1\r\n" + host;
  struct row {
    const char* what;
    std::string request;
    int status;
  };
  const std::vector<row> rows{
      {"no HTTP", "hello\r\n\r\n", 400},
      {"another version", "GET / HTTP/3.0\r\n" + host + "\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"a list of one length", post + "Content-Length: 1, 1\r\n\r\na", 400},
      {"two lengths", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       400},
      {"the same length twice",
       post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
      {"a negative length", post + "Content-Length: -1\r\n\r\n", 400},
      {"a length with a sign", post + "Content-Length: +1\r\n\r\na", 400},
      {"no number", post + "Content-Length: one\r\n\r\n", 400},
      {"length and chunks",
       post
           + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
             "0\r\n\r\n",
       400},
      {"another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n",
       501},
      {"a coding that is none", post + "Transfer-Encoding: xchunked\r\n\r\n",
       501},
      {"chunks in 1.0",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a chunk's size that is none",
       post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"a bare line feed", "GET / HTTP/1.1\nHost: rota\r\n\r\n", 400},
      {"a bare carriage return", "GET / HTTP/1.1\r\nHost: ro\rta\r\n\r\n", 400},
      {"a folded header", "GET / HTTP/1.1\r\n" + host + "x-a: b\r\n c\r\n\r\n",
       400},
      {"a blank before the colon",
       "GET / HTTP/1.1\r\n" + host + "x-a : b\r\n\r\n", 400},
      {"a zero byte",
       "GET / HTTP/1.1\r\n" + host + std::string("x-a: \0b\r\n\r\n", 11), 400},
      {"too long a target",
       "GET /" + std::string(600, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"a fragment in the target", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a byte that is no ASCII in the target",
       "GET /\xc3\xa4 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"too long an extension of a chunk",
       post + "Transfer-Encoding: chunked\r\n\r\n1;x=" + std::string(300, 'a')
           + "\r\na\r\n0\r\n\r\n",
       400},
      {"a chunk's line without an end",
       post + "Transfer-Encoding: chunked\r\n\r\n1;x="
           + std::string(5'000, 'a'),
       431},
      {"a trailer without an end",
       post + "Transfer-Encoding: chunked\r\n\r\n0\r\nx: "
           + std::string(5'000, 'a'),
       431},
      {"too many headers", "GET / HTTP/1.1\r\n" + host + many + "\r\n", 431},
      {"too large a head",
       "GET / HTTP/1.1\r\n" + host + "x: " + std::string(5'000, 'a'), 431},
      {"too large a body", post + "Content-Length: 1001\r\n\r\n", 413},
      {"too large a body in chunks",
       post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"
           + std::string(1'001, 'a') + "\r\n0\r\n\r\n",
       413},
  };
  for (const auto& x : rows) {
    auto client = at.enter();
    client.send(x.request);
    const auto text = client.receive_all();
    INFO(x.what << ": " << text);
    CHECK(status_of(text) == x.status);
    CHECK_THAT(text, ContainsSubstring(std::to_string(x.status) + ": "));
    CHECK_THAT(text, ContainsSubstring("connection: close"));
    CHECK_THAT(text, ContainsSubstring("x-request-id: req_1_7\r\n"));
    CHECK(client.closed());
  }
}

TEST_CASE("a smuggled request is never served", "[http]") {
  std::mutex mutex;
  std::vector<std::string> served;
  door at{[&](const http_exchange_ptr& x) {
    std::lock_guard guard{mutex};
    served.emplace_back(x->target());
    x->answer(200, {}, "");
  }};
  auto client = at.enter();
  client.send("POST /outer HTTP/1.1\r\n" + host
              + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
                "0\r\n\r\nGET /inner HTTP/1.1\r\n"
              + host + "\r\n");
  CHECK(status_of(client.receive_all()) == 400);
  std::lock_guard guard{mutex};
  CHECK(served.empty());
}

TEST_CASE("an answer may come piece by piece", "[http]") {
  http_exchange_ptr open;
  std::promise<void> came;
  door at{[&](const http_exchange_ptr& x) {
    open = x;
    came.set_value();
  }};
  auto client = at.enter();
  client.send("GET / HTTP/1.1\r\n" + host + "\r\n");
  came.get_future().wait();
  at.loop.post([&] {
    open->begin(200, {{"content-type", "text/event-stream"}});
    open->write("data: 1\n\n");
  });
  CHECK_THAT(client.receive_until("9\r\ndata: 1\n\n\r\n"),
             ContainsSubstring("transfer-encoding: chunked\r\n"));
  at.loop.post([&] {
    open->write("data: 2\n\n");
    open->end();
    open.reset();
  });
  CHECK(client.receive_until("0\r\n\r\n") == "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
}

TEST_CASE("a client that leaves is noticed", "[http]") {
  http_exchange_ptr open;
  std::promise<void> came;
  std::promise<void> gone;
  door at{[&](const http_exchange_ptr& x) {
    open = x;
    x->on_gone = [&] { gone.set_value(); };
    came.set_value();
  }};
  {
    auto client = at.enter();
    client.send("POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\na");
    came.get_future().wait();
  }
  CHECK(gone.get_future().wait_for(10s) == std::future_status::ready);
  std::promise<void> written;
  at.loop.post([&] {
    CHECK(open->write("nobody reads this"));
    open->end();
    open.reset();
    written.set_value();
  });
  written.get_future().wait();
  CHECK(at.listener->connections() == 0);
}

TEST_CASE("a handler that lets go cuts the connection", "[http]") {
  door at{[](const http_exchange_ptr&) {}};
  auto client = at.enter();
  client.send("GET / HTTP/1.1\r\n" + host + "\r\n");
  CHECK(client.receive_all().empty());
  CHECK(client.closed());
}

TEST_CASE("a slow client holds the answer back, and loses none of it",
          "[http]") {
  http_options limits;
  limits.write_buffer_bytes = 4'096;
  http_exchange_ptr open;
  std::promise<size_t> stopped;
  size_t written = 0;
  const std::string piece(1'000, 'x');
  door at{[&](const http_exchange_ptr& x) {
            open = x;
            x->begin(200, {});
            while (x->write(piece))
              written += piece.size();
            written += piece.size();
            x->on_drained = [&] {
              open->end();
              open.reset();
            };
            stopped.set_value(written);
          },
          limits};
  auto client = at.enter();
  client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(stopped.get_future().get() <= 6'000);
  CHECK(last_line(client.receive_all()) == std::string(written, 'x'));
}

TEST_CASE("clients that take their time are cut off", "[http]") {
  http_options limits;
  limits.header_timeout = limits.idle_timeout = limits.body_grace =
      limits.write_timeout = 100ms;
  limits.write_buffer_bytes = 4'096;
  const std::string much(64 << 20, 'x');
  std::promise<void> asked;
  door at{[&](const http_exchange_ptr& x) {
            x->answer(200, {}, much);
            asked.set_value();
          },
          limits};
  auto client = at.enter();
  SECTION("without a request") {
    CHECK(client.receive_all().empty());
  }
  SECTION("in a head") {
    client.send("GET / HTT");
    CHECK(status_of(client.receive_all()) == 408);
  }
  SECTION("in a body") {
    client.send("POST / HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\na");
    CHECK(status_of(client.receive_all()) == 408);
  }
  SECTION("in an answer") {
    client.send("GET / HTTP/1.1\r\n" + host + "\r\n");
    asked.get_future().wait();
    // It takes nothing until it is cut off.
    while (at.listener->connections() > 0)
      std::this_thread::yield();
    CHECK(client.receive_all().size() < much.size());
  }
  CHECK(client.closed());
}

TEST_CASE("connections are bounded, in all and for each address", "[http]") {
  http_options limits;
  limits.max_connections_per_address = 2;
  door at{echo, limits};
  auto first = at.enter();
  auto second = at.enter();
  const auto ask = [](raw_client& x) {
    x.send("GET / HTTP/1.1\r\n" + host + "\r\n");
    return status_of(x.receive_until("  \n"));
  };
  CHECK(ask(first) == 200);
  CHECK(ask(second) == 200);
  auto third = at.enter();
  CHECK(third.closed());
  first.close();
  while (at.listener->connections() > 1)
    std::this_thread::yield();
  auto fourth = at.enter();
  CHECK(ask(fourth) == 200);
}

TEST_CASE("an address that is taken is named", "[http]") {
  door at{echo};
  const auto address = "127.0.0.1:" + std::to_string(at.listener->port());
  try {
    http_listener twice{at.loop, address, {}, echo, [](auto...) {
                          return http_answer{};
                        }};
    FAIL("it listens twice");
  } catch (const std::runtime_error& x) {
    CHECK_THAT(x.what(), ContainsSubstring(address));
    CHECK_THAT(x.what(), ContainsSubstring("choose another listen"));
  }
}

TEST_CASE("a drain lets answers end and takes no more requests", "[http]") {
  http_exchange_ptr open;
  std::promise<void> came;
  door at{[&](const http_exchange_ptr& x) {
    open = x;
    came.set_value();
  }};
  auto busy = at.enter();
  auto idle = at.enter();
  busy.send("GET / HTTP/1.1\r\n" + host + "\r\n");
  came.get_future().wait();
  at.listener->drain();
  CHECK(idle.closed());
  at.loop.post([&] {
    open->answer(200, {}, "done");
    open.reset();
  });
  CHECK(last_line(busy.receive_all()) == "done");
  CHECK_THROWS(at.enter());
}
