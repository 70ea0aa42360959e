#include "runtime/admin/socket_exchange.hpp"

#include <boost/asio/write.hpp>

namespace rota {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;

/// So much of a body that nobody wants is read behind the reply.
constexpr size_t linger_bytes = 64 * 1024 * 1024;

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/// @param plus What a plus sign stands for: a space in a query, itself in a
///             path.
std::string percent_decoded(std::string_view text, char plus) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0
        && hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16
                                  + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += text[i] == '+' ? plus : text[i];
    }
  }
  return result;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    const auto equals = std::min(part.find('='), part.size());
    const auto value = equals < part.size() ? part.substr(equals + 1)
                                            : std::string_view{};
    result[percent_decoded(part.substr(0, equals), ' ')]
      = percent_decoded(value, ' ');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

} // namespace

bool admin_exchange::read_small_body(std::string& to, size_t limit) {
  auto fits = true;
  const auto whole = read_body([&](std::string_view piece) {
    fits = to.size() + piece.size() <= limit;
    if (fits)
      to += piece;
    return fits;
  });
  return whole && fits;
}

socket_exchange::socket_exchange(patient_socket& with,
                                 boost::beast::flat_buffer& buffer)
  : socket_{with}, buffer_{buffer} {
  parser_.body_limit(boost::none);
  parser_.header_limit(16 * 1024);
}

bool socket_exchange::read_head() {
  error_code err;
  http::read_header(socket_, buffer_, parser_, err);
  if (err)
    return false;
  const auto& head = parser_.get();
  method_ = head.method_string();
  const std::string_view target{head.target().data(), head.target().size()};
  const auto mark = std::min(target.find('?'), target.size());
  path_ = percent_decoded(target.substr(0, mark), '+');
  if (mark < target.size())
    query_ = parse_query(target.substr(mark + 1));
  keep_alive_ = head.keep_alive();
  return true;
}

const std::string& socket_exchange::method() const {
  return method_;
}

const std::string& socket_exchange::path() const {
  return path_;
}

std::string socket_exchange::query(const std::string& name) const {
  const auto i = query_.find(name);
  return i != query_.end() ? i->second : std::string{};
}

bool socket_exchange::read_body(
  const std::function<bool(std::string_view)>& piece) {
  if (parser_.get()[http::field::expect] == "100-continue") {
    error_code err;
    asio::write(socket_,
                asio::buffer(std::string_view{
                  "HTTP/1.1 100 Continue\r\n\r\n"}),
                err);
  }
  std::string chunk(64 * 1024, '\0');
  while (!parser_.is_done()) {
    parser_.get().body().data = chunk.data();
    parser_.get().body().size = chunk.size();
    error_code err;
    http::read(socket_, buffer_, parser_, err);
    if (err && err != http::error::need_buffer)
      return false;
    if (!piece({chunk.data(), chunk.size() - parser_.get().body().size}))
      break;
  }
  return true;
}

void socket_exchange::reply(int status, const std::string& content_type,
                            std::string body) {
  begun_ = true;
  give_up_body();
  http::response<http::string_body> x{static_cast<http::status>(status), 11};
  x.set(http::field::content_type, content_type);
  x.body() = std::move(body);
  x.keep_alive(keep_alive_);
  x.prepare_payload();
  error_code err;
  http::write(socket_, x, err);
  keep_alive_ = keep_alive_ && !err;
  ended_ = true;
  if (!err && !parser_.is_done())
    linger();
}

void socket_exchange::begin(int status, const std::string& content_type) {
  begun_ = true;
  give_up_body();
  http::response<http::empty_body> x{static_cast<http::status>(status), 11};
  x.set(http::field::content_type, content_type);
  x.chunked(true);
  x.keep_alive(keep_alive_);
  http::response_serializer<http::empty_body> out{x};
  error_code err;
  http::write_header(socket_, out, err);
  keep_alive_ = keep_alive_ && !err;
}

bool socket_exchange::write(std::string_view piece) {
  if (piece.empty())
    return true;
  error_code err;
  asio::write(socket_,
              http::make_chunk(asio::buffer(piece.data(), piece.size())),
              err);
  keep_alive_ = keep_alive_ && !err;
  return !err;
}

void socket_exchange::end() {
  error_code err;
  asio::write(socket_, http::make_chunk_last(), err);
  keep_alive_ = keep_alive_ && !err;
  ended_ = true;
}

bool socket_exchange::has_begun() const {
  return begun_;
}

bool socket_exchange::go_on() const {
  return keep_alive_ && ended_;
}

/// A reply before the end of the body: the rest would be taken for the next
/// request.
void socket_exchange::give_up_body() {
  if (!parser_.is_done())
    keep_alive_ = false;
}

/// Lets a client that is still sending come to read the reply.
void socket_exchange::linger() {
  error_code err;
  socket_.end_sending(err);
  std::string unread(64 * 1024, '\0');
  for (size_t n = 0; !err && n < linger_bytes;)
    n += socket_.read_some(asio::buffer(unread), err);
}

} // namespace rota
