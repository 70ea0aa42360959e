// Heads and trailers at the door: what of them counts, and for whom.

#include "tests/runtime/http_door.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace rota;

using door = http_door_fixture;

TEST_CASE("no field can be larger than the parser's", "[http]") {
  http_options limits;
  limits.max_header_bytes = 1 << 20;
  door at{echo, limits};
  const auto large = "x: " + std::string(70'000, 'a') + "\r\n\r\n";
  const auto post = "POST / HTTP/1.1\r\n" + host;
  for (const auto& request :
       {post + large,
        post + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + large}) {
    auto client = at.enter();
    client.send(request);
    CHECK(status_of(client.receive_all()) == 431);
  }
}

TEST_CASE("a trailer is nobody's header", "[http]") {
  door at{[](const http_exchange_ptr& x) {
    std::string names;
    for (const auto& [name, value] : x->headers())
      names += name + ' ';
    x->answer(200, {}, names);
  }};
  auto client = at.enter();
  client.send("POST / HTTP/1.1\r\n" + host
              + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                "1\r\na\r\n0\r\nAuthorization: Bearer x\r\n\r\n");
  const auto text = client.receive_all();
  CHECK_THAT(text, ContainsSubstring("Transfer-Encoding "));
  CHECK_THAT(text, !ContainsSubstring("Authorization"));
}

TEST_CASE("what HTTP asks a server to bear is borne", "[http]") {
  door at{[](const http_exchange_ptr& x) {
    x->answer(200, {}, std::string{x->target()} + '\n');
  }};
  for (const auto& [sent, target] :
       std::vector<std::pair<std::string, std::string>>{
         {"GET http://rota/a?b=c", "/a?b=c"},
         {"GET HTTP://rota", "/"},
         {"\r\nGET /after-a-blank-line", "/after-a-blank-line"}}) {
    auto client = at.enter();
    client.send(sent + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
    const auto text = client.receive_all();
    INFO(sent << ": " << text);
    CHECK(status_of(text) == 200);
    CHECK_THAT(text, ContainsSubstring("\r\n\r\n" + target + "\n"));
  }
}

TEST_CASE("who refuses knows the target, if it has come", "[http]") {
  http_options limits;
  limits.max_body_bytes = 10;
  door at{echo, limits};
  auto client = at.enter();
  client.send("POST /v1/messages HTTP/1.1\r\n" + host
              + "Content-Length: 11\r\n\r\n");
  CHECK_THAT(client.receive_all(),
             ContainsSubstring("x-target: /v1/messages\r\n"));
}

TEST_CASE("a Host header names a host", "[http]") {
  door at{echo};
  const auto status = [&](const std::string& name) {
    auto client = at.enter();
    client.send("GET / HTTP/1.1\r\nConnection: close\r\nHost: " + name
                + "\r\n\r\n");
    return status_of(client.receive_all());
  };
  for (const auto* name : {"rota", "rota:", "Rota.Test:8787", "a_b-c~1",
                           "127.0.0.1:1", "[::1]", "[::1]:8787", "%41"}) {
    INFO(name);
    CHECK(status(name) == 200);
  }
  for (const auto* name : {"", "a b", "u@x", "x/y", "x:8o", "x:1:2", ":80",
                           "[::1", "[::1]x", "[]", "::1", "a\xc3\xa4"}) {
    INFO(name);
    CHECK(status(name) == 400);
  }
}
