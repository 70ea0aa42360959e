#include "tools/sim/server.hpp"

#include "tools/sim/reply_writer.hpp"
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
using timer_type =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               executor>;
/// What one read may bring; each connection holds as much.
constexpr size_t read_bytes = 16 * 1'024;

using parser_type = http::request_parser<http::string_body>;

struct shared {
  asio::io_context loop{1};
  std::optional<simulator> sim;
  std::chrono::steady_clock::time_point start;
  size_t body_bytes_max = 0;
  bool keeps_requests = false;

  microseconds now() const {
    return std::chrono::duration_cast<microseconds>(
        std::chrono::steady_clock::now() - start);
  }
};

std::string_view view(boost::beast::string_view x) {
  return {x.data(), x.size()};
}

http_request request_of(const parser_type::value_type& x, bool keeps) {
  using boost::beast::iequals;
  http_request out;
  out.method = view(x.method_string());
  out.target = view(x.target());
  out.body = x.body();
  for (const auto& field : x) {
    const auto name = field.name_string();
    const auto value = view(field.value());
    if (keeps)
      out.fields.emplace_back(view(name), value);
    if (field.name() == http::field::authorization)
      out.authorization = value;
    else if (field.name() == http::field::cookie)
      out.cookie = value;
    else if (field.name() == http::field::content_type)
      out.content_type = value;
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
        input_.prepare(read_bytes),
        [self = shared_from_this()](error_code ec, size_t n) {
          if (ec)
            return;
          self->input_.commit(n);
          self->parse();
        });
  }

  void answer_bad_http(error_code ec) {
    http_reply reply;
    const auto large = ec == http::error::body_limit;
    reply.status = large ? 413 : 400;
    reply.body = large ? R"({"error":{"message":"The body is too large."}})"
                       : R"({"error":{"message":"This is no HTTP."}})";
    writer_.start(std::move(reply), false);
    step();
  }

  void answer() {
    const auto& request = parser_->get();
    writer_.start(all_.sim->handle(request_of(request, all_.keeps_requests),
                                    all_.now()),
                  request.keep_alive());
    step();
  }

  // -- out --------------------------------------------------------------------

  void step() {
    using next = reply_writer::next;
    microseconds wait{0};
    out_.clear();
    const auto then = writer_.advance(out_, wait);
    write([then, wait](session& self) {
      switch (then) {
        case next::done:
          return self.begin();
        case next::pause:
          return self.pause(wait);
        case next::reset:
          return self.reset();
        case next::hang_up:
          return self.close();
        case next::go_quiet:
          return self.hang();
      }
    });
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

  /// Says nothing until the caller gives up.
  void hang() {
    socket_.async_read_some(input_.prepare(read_bytes),
                            [self = shared_from_this()](error_code ec, size_t) {
                              if (!ec)
                                self->hang();
                            });
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
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
  reply_writer writer_;
  std::string out_;
};

} // namespace

struct server::impl : shared {
  asio::basic_socket_acceptor<tcp, executor> acceptor{loop};
  timer_type retry{loop};
  std::optional<asio::signal_set> signals;

  void accept() {
    acceptor.async_accept([this](error_code ec, socket_type socket) {
      if (!ec)
        std::make_shared<session>(*this, std::move(socket))->start();
      else if (ec == asio::error::operation_aborted)
        return;
      else
        return accept_later();
      accept();
    });
  }

  /// Out of file descriptors, most likely: some calls must end first.
  void accept_later() {
    retry.expires_after(std::chrono::milliseconds{20});
    retry.async_wait([this](error_code ec) {
      if (!ec)
        accept();
    });
  }
};

server::server(options opts, const std::string& host, uint16_t port)
    : impl_{std::make_unique<impl>()} {
  auto& x = *impl_;
  const auto fail = [&](const error_code& ec) {
    throw std::runtime_error{"rota-sim cannot listen on " + host + ":"
                             + std::to_string(port) + ": " + ec.message()
                             + "; choose another address with --listen."};
  };
  error_code ec;
  const auto address =
      asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
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
  x.keeps_requests = opts.requests_kept > 0;
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
