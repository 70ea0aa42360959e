#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

struct url_parts {
  bool https = false;
  /// In lower case; an IPv6 address without its brackets.
  std::string host;
  uint16_t port = 0;
  /// Empty, or begins with a slash and ends without one.
  std::string path;
  /// With the question mark; empty if there is none.
  std::string query;
};

/// A value, or what is wrong with the text and what would be right.
struct url_result {
  std::optional<url_parts> url;
  std::string fault;
};

/// Reads an http or https URL without credentials and fragment (RFC 3986).
/// Messages never repeat the text, for it may hold a password.
url_result parse_url(std::string_view text);

/// The rules for where keys and prompts may go: parse_url, and plain http
/// only to this machine and to private addresses (RFC 1918), written as
/// addresses: a name could point elsewhere tomorrow.
url_result check_target_url(std::string_view text);

/// @returns scheme://host[:port]path[query], default ports left out.
std::string to_string(const url_parts& x);

/// Whether a host is `localhost`, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

/// @returns The host of ADDRESS:PORT, an IPv6 address without its brackets.
std::string_view listen_host(std::string_view listen);

/// Whether a host is an IPv4 or IPv6 address, not a name.
bool is_address(std::string_view host);

} // namespace rota
