#pragma once

#include "messages/upstream.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rota {

/// One HTTP request and the way to answer it. Lives on the loop's thread; all
/// members are to be called there. An exchange is answered once: whole by
/// `answer`, or piece by piece by `begin`, `write` and `end`. One that is let
/// go of without an answer cuts its connection.
class http_exchange {
public:
  virtual ~http_exchange() = default;

  virtual std::string_view method() const = 0;

  /// The request target as it came: path and query.
  virtual std::string_view target() const = 0;

  /// Names as they came.
  virtual const header_list& headers() const = 0;

  /// @returns The first header of that (lower case) name, or an empty view.
  virtual std::string_view header(std::string_view name) const = 0;

  /// The whole body, byte for byte. Lives as long as its owner.
  virtual std::string_view body() const = 0;
  virtual std::shared_ptr<const void> body_owner() const = 0;

  /// The client's address, without port.
  virtual const std::string& peer() const = 0;

  /// Answers whole; length and connection headers are added.
  virtual void answer(int status, const header_list& headers,
                      std::string body) = 0;

  /// Begins an answer of unknown length.
  virtual void begin(int status, const header_list& headers) = 0;

  /// Sends the next piece; takes all of it.
  /// @returns False if the client takes bytes more slowly than they come: then
  /// nothing more should be written until `on_drained` is called.
  virtual bool write(std::string_view piece) = 0;

  /// Ends an answer that has begun.
  virtual void end() = 0;

  /// Ends an answer that has begun and is not whole: what was written leaves,
  /// and the connection is cut where the end would follow.
  virtual void cut() = 0;

  /// Breaks an answer off at once: what was begun cannot be ended.
  virtual void abort() = 0;

  /// Headers of whatever is answered, beside its own.
  header_list also;

  /// Called when `write` may go on after it had said no.
  std::function<void()> on_drained;

  /// Called once if the client leaves before its answer has ended. From then
  /// on whatever is written is dropped.
  std::function<void()> on_gone;
};

using http_exchange_ptr = std::shared_ptr<http_exchange>;
using http_handler = std::function<void(const http_exchange_ptr&)>;

/// @returns "Not Found" for 404; "Unknown" for what RFC 9110 does not name.
std::string_view reason_phrase(int status);

} // namespace rota
