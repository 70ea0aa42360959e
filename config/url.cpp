#include "config/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rota {

namespace {

using ipv4 = std::array<uint8_t, 4>;

std::optional<ipv4> parse_ipv4(std::string_view host) {
  ipv4 result{};
  const std::string text{host};
  if (inet_pton(AF_INET, text.c_str(), result.data()) != 1)
    return std::nullopt;
  return result;
}

bool is_ipv6(std::string_view host) {
  std::array<uint8_t, 16> bytes{};
  const std::string text{host};
  return inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

/// RFC 1918.
bool is_private(std::string_view host) {
  const auto ip = parse_ipv4(host);
  if (!ip)
    return false;
  const auto [a, b, c, d] = *ip;
  return a == 10 || (a == 172 && b >= 16 && b <= 31) || (a == 192 && b == 168);
}

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9');
}

/// Labels of letters, digits and hyphens. A last label of digits only would be
/// an IPv4 address in one of its odd spellings (127.1, 0x7f.1).
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253)
    return false;
  std::string_view label;
  while (true) {
    const auto dot = host.find('.');
    label = host.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-'
        || label.back() == '-'
        || !std::all_of(label.begin(), label.end(),
                        [](char c) { return is_alnum(c) || c == '-'; }))
      return false;
    if (dot == std::string_view::npos)
      break;
    host.remove_prefix(dot + 1);
  }
  return label.front() < '0' || label.front() > '9';
}

bool is_url_char(char c) {
  constexpr std::string_view others = "-._~:/@!$&'()*+,;=%?";
  return is_alnum(c) || others.find(c) != std::string_view::npos;
}

url_result wrong(std::string text) {
  return {std::nullopt, std::move(text)};
}

/// Reads ":8080" or nothing.
bool parse_port(std::string_view text, uint16_t& port) {
  if (text.empty())
    return true;
  text.remove_prefix(1);
  const auto end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && last == end && port > 0;
}

/// Takes the host off the front of `authority`; the rest is the port.
std::string take_host(std::string_view& authority) {
  std::string result;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos)
      return {};
    result = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    return is_ipv6(result) ? result : std::string{};
  }
  const auto end = std::min(authority.find(':'), authority.size());
  result = authority.substr(0, end);
  authority.remove_prefix(end);
  if (!parse_ipv4(result) && !is_host_name(result))
    return {};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

} // namespace

url_result parse_url(std::string_view text) {
  url_parts result;
  if (text.starts_with("https://"))
    result.https = true;
  else if (!text.starts_with("http://"))
    return wrong("is no http or https URL; write it like "
                 "https://relay.example.com");
  text.remove_prefix(result.https ? 8 : 7);
  if (text.size() > 2'000)
    return wrong("is longer than 2000 bytes; write a shorter one");
  if (text.find('#') != std::string_view::npos)
    return wrong("has a fragment (#); leave it out");
  auto authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos)
    return wrong("has a user name or password in it; leave them out and give "
                 "the key as env:NAME or file:PATH");
  if (!std::all_of(text.begin(), text.end(), is_url_char))
    return wrong("has a character that no URL may have; leave it out or "
                 "percent-encode it");
  result.host = take_host(authority);
  if (result.host.empty())
    return wrong("names no valid host; write a host name, an IPv4 address or "
                 "an IPv6 address in brackets");
  result.port = result.https ? 443 : 80;
  if (!authority.empty() && !authority.starts_with(':'))
    return wrong("has something between host and port; write HOST:PORT");
  if (!parse_port(authority, result.port))
    return wrong("has no valid port; write a number from 1 to 65535");
  const auto question = std::min(text.find('?'), text.size());
  result.path = text.substr(0, question);
  result.query = text.substr(question);
  while (result.path.ends_with('/'))
    result.path.pop_back();
  return {std::move(result), {}};
}

url_result check_target_url(std::string_view text) {
  auto result = parse_url(text);
  if (result.url && !result.url->https && !is_loopback(result.url->host)
      && !is_private(result.url->host))
    return wrong("sends keys and prompts in the clear; use https (http is for "
                 "localhost and for addresses in 10/8, 172.16/12 and "
                 "192.168/16)");
  return result;
}

std::string to_string(const url_parts& x) {
  std::string result = x.https ? "https://" : "http://";
  const auto bracket = x.host.find(':') != std::string::npos;
  result += bracket ? "[" + x.host + "]" : x.host;
  if (x.port != (x.https ? 443 : 80))
    result += ":" + std::to_string(x.port);
  return result + x.path + x.query;
}

bool is_loopback(std::string_view host) {
  if (const auto ip = parse_ipv4(host))
    return ip->front() == 127;
  return host == "localhost" || host == "::1";
}

std::string_view listen_host(std::string_view listen) {
  auto host = listen.substr(0, listen.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  return host;
}

bool is_address(std::string_view host) {
  return parse_ipv4(host) || is_ipv6(host);
}

} // namespace rota
