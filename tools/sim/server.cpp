#include "tools/sim/server.hpp"

#include "tools/sim/simulator.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdio>
#include <optional>
#include <stdexcept>

namespace rota::sim {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using executor = asio::io_context::executor_type;
using socket_type = asio::basic_stream_socket<tcp, executor>;
using timer_type
  = asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               executor>;
using parser_type = http::request_parser<http::string_body>;

struct shared {
  asio::io_context loop{1};
  std::optional<simulator> sim;
  std::chrono::steady_clock::time_point start;
  size_t body_bytes_max = 0;

  microseconds now() const {
    return std::chrono::duration_cast<microseconds>(
      std::chrono::steady_clock::now() - start);
  }
};

std::string_view view(boost::beast::string_view x) {
  return {x.data(), x.size()};
}

http_request request_of(const parser_type::value_type& x) {
  using boost::beast::iequals;
  http_request out;
  out.method = view(x.method_string());
  out.target = view(x.target());
  out.body = x.body();
  for (const auto& field : x) {
    const auto name = field.name_string();
    const auto value = view(field.value());
    if (field.name() == http::field::authorization)
      out.authorization = value;
    else if (field.name() == http::field::cookie)
      out.cookie = value;
    else if (field.name() != http::field::unknown)
      continue;
    else if (iequals(name, "x-api-key"))
      out.api_key = value;
    else if (iequals(name, "x-goog-api-key"))
      out.google_key = value;
    else if (iequals(name, "anthropic-version"))
      out.anthropic_version = value;
    else if (iequals(name, "x-rota-job"))
      out.marker = value;
    else if (iequals(name, "new-api-user") || iequals(name, "veloera-user")
             || iequals(name, "x-api-user") || iequals(name, "voapi-user")
             || iequals(name, "user-id") || iequals(name, "rix-api-user")
             || iequals(name, "neo-api-user"))
      out.user_id = value;
  }
  return out;
}

/// One connection; holds itself alive by its pending operation.
class session : public std::enable_shared_from_this<session> {
public:
  session(shared& all, socket_type socket)
      : all_{all}, socket_{std::move(socket)}, timer_{all.loop} {
    // nop
  }

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    begin();
  }

private:
  // -- in ---------------------------------------------------------------------

  void begin() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(64 * 1'024);
    parser_->body_limit(all_.body_bytes_max);
    continued_ = false;
    parse();
  }

  /// Takes what has arrived; asks for more until the request is whole.
  void parse() {
    error_code ec;
    while (input_.size() > 0 && !parser_->is_done() && !ec)
      input_.consume(parser_->put(input_.data(), ec));
    if (ec && ec != http::error::need_more)
      return answer_bad_http(ec);
    if (parser_->is_done())
      return answer();
    if (parser_->is_header_done() && !continued_
        && parser_->get()[http::field::expect] == "100-continue") {
      continued_ = true;
      out_ = "HTTP/1.1 100 Continue\r\n\r\n";
      return write([](session& self) { self.read(); });
    }
    read();
  }

  void read() {
    socket_.async_read_some(
      input_.prepare(64 * 1'024),
      [self = shared_from_this()](error_code ec, size_t n) {
        if (ec)
          return;
        self->input_.commit(n);
        self->parse();
      });
  }

  void answer_bad_http(error_code ec) {
    reply_ = {};
    const auto large = ec == http::error::body_limit;
    reply_.status = large ? 413 : 400;
    reply_.body = large ? R"({"error":{"message":"The body is too large."}})"
                        : R"({"error":{"message":"This is no HTTP."}})";
    keep_alive_ = false;
    respond();
  }

  void answer() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    reply_ = all_.sim->handle(request_of(request), all_.now());
    respond();
  }

  // -- out --------------------------------------------------------------------

  void respond() {
    head_sent_ = false;
    waited_ = false;
    stalled_ = false;
    sent_ = 0;
    piece_ = 0;
    if (reply_.delay.count() == 0)
      return step();
    pause(reply_.delay);
  }

  size_t pieces() const {
    return reply_.piece_ends.empty() ? 1 : reply_.piece_ends.size();
  }

  bool interrupted_at(int64_t byte) const {
    return reply_.ending != mishap::none && !stalled_
           && reply_.at_byte <= byte;
  }

  /// Sends what may leave now: up to a pause, the mishap, or the end.
  void step() {
    out_.clear();
    if (!head_sent_) {
      if (interrupted_at(-1))
        return go_wrong();
      head_sent_ = true;
      append_head();
    }
    auto wrong = interrupted_at(0) && sent_ == 0;
    while (!wrong && piece_ < pieces()) {
      if (!waited_ && pause_before(piece_).count() > 0)
        break;
      waited_ = true;
      wrong = append_piece();
    }
    if (wrong)
      return write([](session& self) { self.go_wrong(); });
    write([](session& self) { self.go_on(); });
  }

  microseconds pause_before(size_t piece) const {
    return piece < reply_.piece_delays.size() ? reply_.piece_delays[piece]
                                              : microseconds{0};
  }

  void go_on() {
    if (piece_ < pieces()) {
      waited_ = true;
      return pause(pause_before(piece_));
    }
    if (!keep_alive_)
      return close();
    begin();
  }

  void append_head() {
    char text[96];
    const auto n = std::snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\n",
                                 reply_.status, reason());
    out_.append(text, static_cast<size_t>(n));
    out_.append("Content-Type: ").append(reply_.content_type);
    out_.append("\r\n").append(reply_.headers);
    if (!reply_.piece_ends.empty())
      out_ += "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n";
    else
      out_.append("Content-Length: ")
        .append(std::to_string(reply_.body.size()))
        .append("\r\n");
    if (!keep_alive_)
      out_ += "Connection: close\r\n";
    out_ += "\r\n";
  }

  const char* reason() const {
    const auto known = http::obsolete_reason(
      static_cast<http::status>(reply_.status));
    return known.empty() ? "Unknown" : known.data();
  }

  /// Appends the rest of the current piece.
  /// @returns Whether the mishap comes within it.
  bool append_piece() {
    const auto streams = !reply_.piece_ends.empty();
    const auto end = streams ? reply_.piece_ends[piece_] : reply_.body.size();
    auto to = end;
    const auto wrong = interrupted_at(static_cast<int64_t>(end))
                       && reply_.at_byte >= 0;
    if (wrong)
      to = static_cast<size_t>(reply_.at_byte);
    if (streams)
      append_chunk(to);
    else
      out_.append(reply_.body, sent_, to - sent_);
    sent_ = to;
    if (wrong)
      return true;
    waited_ = false;
    if (++piece_ == pieces() && streams)
      out_ += "0\r\n\r\n";
    return false;
  }

  void append_chunk(size_t to) {
    if (to == sent_)
      return; // An empty chunk would end the body.
    char size[24];
    const auto n = std::snprintf(size, sizeof(size), "%zx\r\n", to - sent_);
    out_.append(size, static_cast<size_t>(n));
    out_.append(reply_.body, sent_, to - sent_).append("\r\n");
  }

  template <class F>
  void write(F then) {
    if (out_.empty())
      return then(*this);
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this(), then](error_code ec, size_t) {
                        if (!ec)
                          then(*self);
                      });
  }

  void pause(microseconds t) {
    timer_.expires_after(t);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec)
        self->step();
    });
  }

  // -- ends -------------------------------------------------------------------

  void go_wrong() {
    stalled_ = true;
    switch (reply_.ending) {
      case mishap::stall:
        return reply_.stall.count() > 0 ? pause(reply_.stall) : hang();
      case mishap::reset: {
        error_code ignored;
        socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
        socket_.close(ignored);
        return;
      }
      default:
        return close();
    }
  }

  /// Says nothing until the caller gives up.
  void hang() {
    socket_.async_read_some(
      input_.prepare(64 * 1'024),
      [self = shared_from_this()](error_code ec, size_t n) {
        if (ec)
          return;
        self->input_.consume(self->input_.size() + n);
        self->hang();
      });
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  shared& all_;
  socket_type socket_;
  timer_type timer_;
  boost::beast::flat_buffer input_;
  std::optional<parser_type> parser_;
  bool continued_ = false;
  bool keep_alive_ = true;

  http_reply reply_;
  std::string out_;
  bool head_sent_ = false;
  bool waited_ = false;  ///< For the current piece.
  bool stalled_ = false; ///< The mishap is behind us.
  size_t sent_ = 0;      ///< Bytes of the body.
  size_t piece_ = 0;
};

} // namespace

struct server::impl : shared {
  asio::basic_socket_acceptor<tcp, executor> acceptor{loop};
  std::optional<asio::signal_set> signals;

  void accept() {
    acceptor.async_accept([this](error_code ec, socket_type socket) {
      if (!ec)
        std::make_shared<session>(*this, std::move(socket))->start();
      else if (ec == asio::error::operation_aborted)
        return;
      accept();
    });
  }
};

server::server(options opts, const std::string& host, uint16_t port)
    : impl_{std::make_unique<impl>()} {
  auto& x = *impl_;
  const auto fail = [&](const error_code& ec) {
    throw std::runtime_error{
      "rota-sim cannot listen on " + host + ":" + std::to_string(port) + ": "
      + ec.message() + "; choose another address with --listen."};
  };
  error_code ec;
  const auto address = asio::ip::make_address(
    host == "localhost" ? "127.0.0.1" : host, ec);
  if (ec)
    fail(ec);
  const tcp::endpoint endpoint{address, port};
  x.acceptor.open(endpoint.protocol(), ec);
  if (!ec)
    x.acceptor.set_option(tcp::acceptor::reuse_address{true}, ec);
  if (!ec)
    x.acceptor.bind(endpoint, ec);
  if (!ec)
    x.acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    fail(ec);
  x.start = std::chrono::steady_clock::now();
  x.body_bytes_max = opts.body_bytes_max;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  x.sim.emplace(std::move(opts),
                std::chrono::duration_cast<std::chrono::seconds>(wall).count());
}

server::~server() = default;

uint16_t server::port() const {
  return impl_->acceptor.local_endpoint().port();
}

void server::run() {
  impl_->accept();
  impl_->loop.run();
}

void server::stop() {
  impl_->loop.stop();
}

void server::stop_on_signals() {
  impl_->signals.emplace(impl_->loop, SIGINT, SIGTERM);
  impl_->signals->async_wait([this](error_code ec, int) {
    if (!ec)
      stop();
  });
}

bool is_loopback(const std::string& host) {
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  return host == "localhost" || (!ec && address.is_loopback());
}

} // namespace rota::sim
