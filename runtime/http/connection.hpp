#pragma once

// The inside of http_listener: one client's connection.

#include "config/options.hpp"
#include "runtime/http/listener.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <optional>

namespace rota {

/// What all connections of a listener share.
struct http_door {
  http_options limits;
  http_handler handler;
  http_refusal refusal;
  http_gate gate; ///< May be null.
  std::function<void(class http_connection*)> on_close;
  bool draining = false;
};

/// Reads requests one after the other, writes their answers, and keeps to the
/// limits. Lives on the loop's thread.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
  using tcp = boost::asio::ip::tcp;
  using steady = std::chrono::steady_clock;

  http_connection(std::shared_ptr<http_door> door, tcp::socket socket,
                  std::string peer);

  void start();

  /// Looks whether a time limit has passed.
  void tick(steady::time_point now);

  /// Ends it once what is under way has been answered.
  void drain();

  /// Cuts it; an exchange that is open is told that its client is gone.
  void close();

  const std::string& peer() const {
    return peer_;
  }

  size_t slot = 0; ///< The listener's own note.

private:
  friend class open_exchange;

  enum class phase : uint8_t {
    idle,    ///< Between requests.
    head,    ///< Part of a request's head has come.
    body,    ///< Its head has come.
    serving, ///< Its answer is under way.
    linger,  ///< The last answer is out; what still comes is thrown away.
    closed,
  };

  using parser =
      boost::beast::http::request_parser<boost::beast::http::string_body>;

  // Reading.
  void read_more();
  void on_read(boost::system::error_code error, size_t bytes);
  void parse();
  bool parse_head();
  bool parse_body();
  bool passes_gate();
  void dispatch();

  /// What has come and was not read yet.
  std::string_view seen() const;

  /// Has the parser read what has come. @returns How many bytes it took.
  size_t feed(boost::system::error_code& error);

  /// Answers with a refusal and closes.
  void refuse(int status, std::string_view sentence);
  void refuse_for(boost::system::error_code error, const std::string& what);
  void turn_away(http_answer x);

  // Writing; called by the exchange.
  void answer(int status, const header_list& headers, std::string body);
  void begin(int status, const header_list& headers);
  bool write(std::string_view piece);
  void end(bool whole);
  void put_head(int status, const header_list& headers);
  void flush();
  void write_some();
  void on_written(boost::system::error_code error, size_t bytes);
  void answered();

  /// The exchange that is open, if its holder still has it.
  http_exchange_ptr exchange() const {
    return open_.lock();
  }

  std::shared_ptr<http_door> door_;
  tcp::socket socket_;
  std::string peer_;
  phase phase_ = phase::idle;
  boost::beast::flat_buffer in_;
  size_t scanned_ = 0; // Of `in_`: holds no end of a head.
  std::optional<parser> parser_;
  header_list headers_; // Of its head; what a trailer says is nobody's.
  std::weak_ptr<http_exchange> open_;
  bool reading_ = false;
  bool keep_alive_ = false;
  bool old_client_ = false; // HTTP/1.0: knows no chunks.
  bool head_only_ = false;  // The request was HEAD.
  bool past_gate_ = false;

  std::string pending_; // To be written next.
  std::string tail_;    // A large body that follows `pending_`.
  std::string writing_;
  std::string writing_tail_;
  size_t written_ = 0;
  bool write_under_way_ = false;
  bool flush_posted_ = false;
  bool chunked_ = false;
  bool ended_ = false; // All of the answer was handed over.
  bool whole_ = true;  // And it has its end.
  bool full_ = false;  // The exchange waits for `on_drained`.

  steady::time_point since_; // Of the phase, or of the last byte written.
  size_t body_bytes_ = 0;
};

} // namespace rota
