#pragma once

// The text of HTTP/1.1 heads: what a request's may hold, how an answer's is
// written. Source: RFC 9110, RFC 9112.

#include "config/options.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace rota {

using http_request_head =
    boost::beast::http::header<true, boost::beast::http::fields>;

/// What the parser would let pass or repair although others read it otherwise:
/// folded lines, line ends without a carriage return, bytes that no head may
/// hold. `head`: from the request line to the last line's end.
/// @returns A sentence, or empty.
std::string_view fault_of_raw_head(std::string_view head);

/// The path and query of a target that may name a host, too, as it may come
/// from a client that takes us for a proxy (RFC 9112, 3.2.2).
std::string_view origin_form(std::string_view target);

struct head_fault {
  int status = 0; ///< 0: none.
  std::string_view sentence;
};

/// What HTTP allows a server to refuse and this one does: ambiguous framing,
/// missing or repeated Host, too long a target, too many headers.
head_fault fault_of_head(const http_request_head& x,
                         const http_options& limits);

/// Appends "HTTP/1.1 200 OK" and the date.
void put_status_line(std::string& to, int status);

void put_header(std::string& to, std::string_view name, std::string_view value);

/// Appends a chunk's size line.
void put_chunk_size(std::string& to, size_t bytes);

} // namespace rota
