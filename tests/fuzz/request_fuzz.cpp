// What a client sends: the connection that reads it, the route, the headers
// that travel, and the scan of the body.

#include "actors/domain/api_route.hpp"
#include "actors/domain/estimate.hpp"
#include "actors/domain/include_usage.hpp"
#include "runtime/http/connection.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

using namespace rota;
using namespace rota::fuzz;

namespace {

/// In an input: the byte before is to come as many more times as the byte
/// behind says, times 512.
constexpr char stretch = '\xfe';

/// What a fuzzer would not write out: fields of 64 KiB and more.
std::string stretched(std::string_view text) {
  constexpr size_t most = 256 << 10;
  std::string result;
  for (size_t i = 0; i < text.size() && result.size() < most; ++i)
    if (text[i] == stretch && i + 1 < text.size() && !result.empty())
      result.append(size_t{512} * static_cast<unsigned char>(text[++i]),
                    result.back());
    else
      result += text[i];
  return result;
}

/// Limits that an input of a few thousand bytes can reach; if it is stretched,
/// the widest for heads.
http_options limits(bool is_stretched = false) {
  http_options x;
  x.max_header_bytes = is_stretched ? 1 << 20 : 2'048;
  x.max_target_bytes = 512;
  x.max_headers = 20;
  x.max_body_bytes = 4'096;
  return x;
}

void check_header(const std::pair<std::string, std::string>& x) {
  std::string name = x.first;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  static const std::set<std::string> kept_back{
    "authorization", "x-api-key", "x-goog-api-key", "cookie", "connection",
    "transfer-encoding", "content-length", "host", "te", "upgrade"};
  require(!kept_back.contains(name), "what is the client's own stays here");
  require(!name.empty(), "a header has a name");
  for (const auto c : {'\r', '\n', '\0'})
    require(x.first.find(c) == std::string::npos
              && x.second.find(c) == std::string::npos,
            "a header cannot smuggle another one");
}

void serve(const http_exchange_ptr& client) {
  const auto found = route_of(client->method(), client->target(),
                              client->headers());
  for (const auto& x : forwarded_headers(client->headers()))
    check_header(x);
  const auto target = forwarded_target(client->target());
  require(target.find_first_of("\r\n ") == std::string::npos,
          "a target is one word");
  const auto query = target.substr(std::min(target.find('?'), target.size()));
  require(!query.starts_with("?key=")
            && query.find("&key=") == std::string::npos,
          "no credential travels in a query");
  std::ignore = credentials_of(client->target(), client->headers());
  const auto body = client->body();
  require(body.size() <= limits().max_body_bytes, "a body keeps to its limit");
  const auto facts = read_request(found.route, body, 4'096);
  require(facts.tokens.input >= 0 && facts.tokens.output >= 0,
          "an estimate is not negative");
  if (facts.fault.empty() && found.what == api_call::generate)
    if (const auto asked = ask_for_usage(body))
      require(read_request(found.route, *asked, 4'096).fault.empty(),
              "a body that asks for usage is a body still");
  client->answer(200, {{"content-type", "application/json"}}, "{}");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int ends[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0,
          "there are sockets");
  boost::asio::io_context io{1};
  auto closed = false;
  const auto door = std::make_shared<http_door>();
  const auto text = text_of(data, size);
  const auto is_stretched = text.find(stretch) != text.npos;
  door->limits = limits(is_stretched);
  door->handler = serve;
  door->refusal = [](int status, std::string_view sentence,
                     std::string_view) {
    require(status >= 400 && !sentence.empty(), "a refusal says why");
    return http_answer{status, {{"x-request-id", "req_1_1"}}, "{}"};
  };
  door->on_close = [&closed](http_connection*) { closed = true; };
  boost::asio::ip::tcp::socket socket{io};
  socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
  auto connection = std::make_shared<http_connection>(door, std::move(socket),
                                                      "127.0.0.1");
  connection->start();
  const auto go_on = [&io, &ends] {
    io.restart();
    while (io.poll() > 0) {
      char answer[4'096];
      while (::recv(ends[1], answer, sizeof(answer), 0) > 0) {
      }
    }
  };
  in_pieces(stretched(text), [&](std::string_view piece) {
    std::ignore = ::send(ends[1], piece.data(), piece.size(), MSG_NOSIGNAL);
    go_on();
  }, is_stretched ? 64 : 1);
  ::shutdown(ends[1], SHUT_WR);
  go_on();
  require(closed, "a connection ends with its client");
  ::close(ends[1]);
  return 0;
}
