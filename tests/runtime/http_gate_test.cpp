// Who is turned away by the head of a request alone.

#include "tests/runtime/http_door.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>

using namespace rota;

TEST_CASE("who is turned away need not send a body", "[http]") {
  std::atomic<int> asked = 0;
  http_door_fixture at{echo, {}, [&](auto method, auto target, const header_list& headers) {
            ++asked;
            CHECK(method == "POST");
            CHECK(target == "/v1");
            const auto welcome = std::any_of(
                headers.begin(), headers.end(),
                [](const auto& x) { return x.first == "X-Welcome"; });
            return welcome ? std::nullopt
                           : std::optional{http_answer{
                                 401, {{"x-why", "stranger"}}, "no\n"}};
          }};
  auto client = at.enter();
  const auto head = "POST /v1 HTTP/1.1\r\n" + host;
  SECTION("the body is on its way") {
    client.send(head + "Content-Length: 1000000\r\n\r\nsome");
    const auto text = client.receive_all();
    CHECK_THAT(text, StartsWith("HTTP/1.1 401 "));
    CHECK_THAT(text, ContainsSubstring("x-why: stranger\r\n"));
    CHECK_THAT(text, ContainsSubstring("connection: close\r\n"));
    CHECK(last_line(text) == "no\n");
    CHECK(asked == 1);
  }
  SECTION("the body waits for a word") {
    client.send(head + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    CHECK_THAT(client.receive_all(), StartsWith("HTTP/1.1 401 "));
  }
  SECTION("the welcome are asked once") {
    client.send(head + "X-Welcome: 1\r\nContent-Length: 4\r\n"
                       "Expect: 100-continue\r\n\r\n");
    CHECK_THAT(client.receive_until("\r\n\r\n"),
               StartsWith("HTTP/1.1 100 "));
    client.send("bo");
    client.send("dy");
    CHECK_THAT(client.receive_until("body\n"), StartsWith("HTTP/1.1 200 "));
    CHECK(asked == 1);
  }
  SECTION("a request that is whole goes to the handler") {
    client.send(head + "Content-Length: 4\r\n\r\nbody");
    CHECK_THAT(client.receive_until("body\n"), StartsWith("HTTP/1.1 200 "));
    CHECK(asked == 0);
  }
}
