#include "runtime/http/head.hpp"

#include "actors/domain/header_text.hpp"
#include "runtime/http/exchange.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace rota {

namespace {

namespace http = boost::beast::http;

/// The date as RFC 9110 writes it; made once a second.
std::string_view date_line() {
  thread_local std::time_t made = 0;
  thread_local char text[64];
  thread_local size_t size = 0;
  const auto now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text, sizeof(text),
                         "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    made = now;
  }
  return {text, size};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Of a host's name (RFC 3986, 3.2.2).
bool is_name_char(char c) {
  constexpr std::string_view marks = "-._~%!$&'()*+,;=";
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z')
         || marks.find(c) != marks.npos;
}

/// A host, with or without a port (RFC 9110, 7.2).
bool is_host(std::string_view x) {
  const auto in_brackets = x.starts_with('[');
  const auto end = std::min(x.find(in_brackets ? ']' : ':'), x.size());
  const auto name = x.substr(in_brackets, end - in_brackets);
  const auto rest = x.substr(std::min(end + in_brackets, x.size()));
  return !name.empty() && (!in_brackets || end < x.size())
         && std::all_of(name.begin(), name.end(),
                        [in_brackets](char c) {
                          return is_name_char(c) || (in_brackets && c == ':');
                        })
         && (rest.empty()
             || (rest[0] == ':'
                 && std::all_of(rest.begin() + 1, rest.end(), is_digit)));
}

} // namespace

std::string_view reason_phrase(int status) {
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  if (known == http::status::unknown)
    return "Unknown";
  const auto text = http::obsolete_reason(known);
  return {text.data(), text.size()};
}

std::string_view fault_of_raw_head(std::string_view head) {
  for (size_t i = 0; i < head.size(); ++i) {
    const auto c = head[i];
    if (c == '\0')
      return "the request's head holds a zero byte";
    if (c == '\n' && (i == 0 || head[i - 1] != '\r'))
      return "a line of the request's head ends without a carriage return";
    if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n'))
      return "the request's head holds a carriage return within a line";
    if (c == '\n' && i + 1 < head.size()
        && (head[i + 1] == ' ' || head[i + 1] == '\t'))
      return "a header of the request is folded over lines";
  }
  return {};
}

std::string_view origin_form(std::string_view target) {
  if (!begins_like(target, "http://") && !begins_like(target, "https://"))
    return target;
  const auto path = target.find('/', target.find("//") + 2);
  return path == target.npos ? "/" : target.substr(path);
}

head_fault fault_of_head(const http_request_head& x,
                         const http_options& limits) {
  if (x.target().size() > limits.max_target_bytes)
    return {414, "the request's target is too long"};
  if (x.method_string().size() > 32)
    return {501, "the request's method is not known"};
  // Others would end the target there, or read the bytes otherwise.
  if (std::any_of(x.target().begin(), x.target().end(), [](unsigned char c) {
        return c <= ' ' || c >= 0x7f || c == '#';
      }))
    return {400, "the request's target holds a character that must be"
                 " percent-encoded"};
  size_t headers = 0;
  size_t hosts = 0;
  bool bad_host = false;
  bool bad_length = false;
  size_t codings = 0;
  size_t lengths = 0;
  for (const auto& field : x) {
    ++headers;
    const std::string_view value{field.value().data(), field.value().size()};
    if (field.name() == http::field::host) {
      ++hosts;
      bad_host = bad_host || !is_host(value);
    }
    if (field.name() == http::field::content_length) {
      ++lengths;
      bad_length = !std::all_of(value.begin(), value.end(), is_digit);
    }
    if (field.name() == http::field::transfer_encoding) {
      ++codings;
      if (!same_name(field.value(), "chunked"))
        return {501, "the only transfer coding understood is chunked"};
    }
  }
  if (headers > limits.max_headers)
    return {431, "the request has too many headers"};
  if (codings > 1 || lengths > 1 || codings + lengths > 1 || bad_length)
    return {400, "the length of the request's body is said twice"};
  if (codings > 0 && x.version() < 11)
    return {400, "HTTP/1.0 knows no transfer codings"};
  if (hosts > 1 || (hosts == 0 && x.version() >= 11))
    return {400, "the request needs exactly one Host header"};
  if (bad_host)
    return {400, "the request's Host header names no host"};
  return {};
}

void put_status_line(std::string& to, int status) {
  to += "HTTP/1.1 ";
  to += std::to_string(status);
  to += ' ';
  to += reason_phrase(status);
  to += "\r\n";
  to += date_line();
}

void put_header(std::string& to, std::string_view name,
                std::string_view value) {
  to += name;
  to += ": ";
  to += value;
  to += "\r\n";
}

void put_chunk_size(std::string& to, size_t bytes) {
  char text[18];
  const auto end = std::to_chars(text, text + 16, bytes, 16).ptr;
  to.append(text, end);
  to += "\r\n";
}

} // namespace rota
