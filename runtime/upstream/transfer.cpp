#include "runtime/upstream/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>

namespace rota {

namespace {

/// An answer's head beyond this is no answer of an API.
constexpr size_t header_bytes_max = 65'536;
constexpr size_t header_count_max = 256;

/// Headers that are the transport's or the account's own affair; sorted.
constexpr std::string_view reserved_headers[] = {
  "accept-encoding", "authorization",       "connection",
  "content-length",  "cookie",              "expect",
  "host",            "keep-alive",          "proxy-authorization",
  "proxy-connection", "te",                 "trailer",
  "transfer-encoding", "upgrade",           "x-api-key",
  "x-goog-api-key",
};

milliseconds to_ms(std::chrono::steady_clock::duration x) {
  return std::chrono::duration_cast<milliseconds>(x);
}

std::string seconds(milliseconds x) {
  auto text = std::to_string(x.count() / 1'000);
  if (const auto rest = x.count() % 1'000; rest != 0) {
    auto digits = std::to_string(rest);
    text += "." + std::string(3 - digits.size(), '0') + digits;
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " s";
}

bool is_name(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != ':' && c != ';';
  });
}

bool is_value(std::string_view x) {
  return std::none_of(x.begin(), x.end(), [](char c) {
    return c == '\r' || c == '\n' || c == '\0';
  });
}

bool is_path(std::string_view x) {
  return x.starts_with('/') && std::all_of(x.begin(), x.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '#';
  });
}

void to_lower(std::string& x) {
  for (auto& c : x)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
}

std::string_view trimmed(std::string_view x) {
  const auto first = x.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return x.substr(first, x.find_last_not_of(" \t\r\n") - first + 1);
}

} // namespace

// -- the handle ---------------------------------------------------------------

transfer::transfer(const transfer_settings& settings)
  : settings_{settings}, easy_{curl_easy_init()} {
  if (easy_ == nullptr)
    throw std::bad_alloc{};
  set_constants();
}

transfer::~transfer() {
  curl_easy_cleanup(easy_);
}

void transfer::set_constants() {
  const auto set = [this](CURLoption name, auto value) {
    curl_easy_setopt(easy_, name, value);
  };
  const auto& limits = settings_.limits;
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L); // Never wait for a resolver's thread.
  set(CURLOPT_PROXY, "");      // Whatever the environment says.
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!limits.ca_file.empty())
    set(CURLOPT_CAINFO, limits.ca_file.c_str()); // Beside the system's folder.
  else
    set(CURLOPT_CAPATH, nullptr); // So that the parsed bundle is kept.
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(CURLOPT_USERAGENT, "rota");
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  const auto age = std::max<int64_t>(limits.max_idle_connection.count(), 1'000);
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(age / 1'000));
  if (settings_.share != nullptr)
    set(CURLOPT_SHARE, settings_.share);
  set(CURLOPT_READFUNCTION, &transfer::on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_HEADERFUNCTION, &transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_CLOSESOCKETFUNCTION, settings_.on_close);
  set(CURLOPT_CLOSESOCKETDATA, settings_.on_close_data);
}

// -- one exchange -------------------------------------------------------------

std::string transfer::prepare(upstream_call_ptr call,
                              upstream_target_ptr target) {
  call_ = std::move(call);
  target_ = std::move(target);
  out_ = {};
  error_text_[0] = '\0';
  sent_ = 0;
  header_bytes_ = 0;
  left_ = false;
  answered_ = false;
  passing_ = false;
  paused_ = false;
  ended_.reset();
  started_ = last_byte_ = *settings_.now;
  if (!is_path(call_->request->path))
    return "the request's path holds a character that no URL may hold";
  if (!is_name(call_->request->method))
    return "the request's method is not a word";
  if (auto error = set_headers(); !error.empty())
    return error;
  curl_easy_setopt(easy_, CURLOPT_CURLU, target_->base());
  curl_easy_setopt(easy_, CURLOPT_REQUEST_TARGET,
                   target_->request_target(call_->request->path).c_str());
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, target_->has_tls() ? 1L : 0L);
  set_method();
  return {};
}

void transfer::set_method() {
  const auto& x = *call_->request;
  const auto plain_get = x.method == "GET" && x.body.empty();
  const auto named = x.method != "POST" && !plain_get;
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST,
                   named ? x.method.c_str() : nullptr);
  // A request without a body has nothing that libcurl could not rewind, so
  // only a connection that was never used is safe from a repetition.
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT,
                   x.body.empty() && !plain_get ? 1L : 0L);
  if (plain_get) {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(x.body.size()));
}

std::string transfer::set_headers() {
  const auto own = target_->headers(call_->request->secret);
  if (own == nullptr)
    return "this account has no console credential; set balance.console";
  size_t size = 0;
  for (const auto& [name, value] : call_->request->headers)
    size += name.size() + value.size() + 3;
  header_text_.clear();
  header_text_.reserve(size); // So that no line moves.
  header_nodes_.clear();
  header_nodes_.reserve(call_->request->headers.size());
  std::string lower_name;
  for (const auto& [name, value] : call_->request->headers) {
    if (!is_name(name) || !is_value(value))
      return "a header of the request cannot be sent as it stands";
    lower_name = name;
    to_lower(lower_name);
    if (std::binary_search(std::begin(reserved_headers),
                           std::end(reserved_headers), lower_name)
        || target_->sets(lower_name))
      continue;
    const auto line = header_text_.data() + header_text_.size();
    header_text_ += lower_name;
    header_text_ += value.empty() ? ";" : ": ";
    header_text_ += value;
    header_text_ += '\0';
    header_nodes_.push_back({line, nullptr});
  }
  // libcurl only reads the list; the account's part of it is shared.
  auto next = const_cast<curl_slist*>(own);
  for (auto i = header_nodes_.rbegin(); i != header_nodes_.rend(); ++i) {
    i->next = next;
    next = &*i;
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, next);
  return {};
}

upstream_outcome transfer::finish(CURLcode rc) {
  const auto& origin = target_->origin();
  if (!ended_ && rc != CURLE_OK) {
    const auto why = error_text_[0] != '\0' ? error_text_.data()
                                            : curl_easy_strerror(rc);
    if (!something_left())
      end(transport::not_sent, "no request reached " + origin + ": " + why);
    else if (rc == CURLE_OPERATION_TIMEDOUT)
      end(transport::timed_out, origin + " took too long: " + why);
    else
      end(transport::broken, "the connection to " + origin + " broke: " + why);
  }
  out_.total = to_ms(*settings_.now - started_);
  if (const auto& sink = call_->request->sink) {
    sink->on_ready = {};
    sink->end(out_);
  }
  call_.reset();
  target_.reset();
  return std::move(out_);
}

void transfer::resume() {
  if (!std::exchange(paused_, false))
    return;
  last_byte_ = *settings_.now;
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

bool transfer::overdue() {
  const auto now = *settings_.now;
  const auto& x = *call_->request;
  const auto age = to_ms(now - started_);
  const auto& origin = target_->origin();
  if (age >= settings_.limits.connect_timeout && !something_left())
    end(transport::not_sent, "no connection to " + origin + " within "
                               + seconds(settings_.limits.connect_timeout));
  else if (age >= x.total_timeout)
    end(transport::timed_out, origin + " did not finish its answer within "
                                + seconds(x.total_timeout));
  else if (!answered_ && age >= x.first_byte_timeout)
    end(transport::timed_out, origin + " gave no answer within "
                                + seconds(x.first_byte_timeout));
  else if (answered_ && !paused_ && to_ms(now - last_byte_) >= x.idle_timeout)
    end(transport::timed_out, origin + " fell silent for "
                                + seconds(x.idle_timeout)
                                + " within its answer");
  else
    return false;
  if (*ended_ == transport::timed_out && !something_left())
    ended_ = out_.ended = transport::not_sent;
  return true;
}

void transfer::cancel(std::string why) {
  end(transport::cancelled, std::move(why));
}

void transfer::end(transport how, std::string why) {
  ended_ = out_.ended = how;
  out_.error = std::move(why);
}

bool transfer::something_left() {
  if (!left_) {
    // Counts what was handed to the socket, or to TLS once that stands.
    long bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
    left_ = bytes > 0;
  }
  return left_;
}

// -- callbacks ----------------------------------------------------------------

size_t transfer::on_read(char* to, size_t size, size_t n, void* self) {
  auto& x = *static_cast<transfer*>(self);
  const auto body = x.call_->request->body.substr(x.sent_, size * n);
  std::memcpy(to, body.data(), body.size());
  x.sent_ += body.size();
  x.left_ = x.left_ || !body.empty();
  return body.size();
}

size_t transfer::on_header(char* from, size_t size, size_t n, void* self) {
  auto& x = *static_cast<transfer*>(self);
  const auto line = std::string_view{from, size * n};
  x.last_byte_ = *x.settings_.now;
  if (!x.answered_) {
    x.answered_ = x.left_ = true;
    x.out_.first_byte = to_ms(x.last_byte_ - x.started_);
  }
  x.header_bytes_ += line.size();
  if (x.header_bytes_ > header_bytes_max
      || x.out_.headers.size() >= header_count_max) {
    x.end(transport::too_large, x.target_->origin()
                                  + " sent a head of more than 64 KiB or 256 "
                                    "headers");
    return 0;
  }
  x.take_header(line);
  return line.size();
}

void transfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    // The head of the answer, or of one before it ("100 Continue").
    out_.headers.clear();
    out_.status = 0;
    if (const auto i = line.find(' '); i != std::string_view::npos)
      std::from_chars(line.data() + i + 1, line.data() + line.size(),
                      out_.status);
    return;
  }
  if (const auto& sink = call_->request->sink;
      sink && out_.status >= 200 && trimmed(line).empty())
    passing_ = sink->begin(out_.status, out_.headers);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return;
  std::string name{line.substr(0, colon)};
  to_lower(name);
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "content-length") {
    uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    out_.body.reserve(std::min<uint64_t>(length, 1'048'576));
  }
  out_.headers.emplace_back(std::move(name), value);
}

size_t transfer::pass_on(std::string_view piece) {
  auto& sink = *call_->request->sink;
  if (!sink.ready()) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  sink.take(piece);
  return piece.size();
}

size_t transfer::on_body(char* from, size_t size, size_t n, void* self) {
  auto& x = *static_cast<transfer*>(self);
  x.last_byte_ = *x.settings_.now;
  if (x.passing_)
    return x.pass_on({from, size * n});
  const auto limit = x.settings_.limits.max_response_bytes;
  if (size * n > limit - x.out_.body.size()) {
    x.end(transport::too_large, x.target_->origin() + " sent more than "
                                  + std::to_string(limit) + " bytes");
    return 0;
  }
  x.out_.body.append(from, size * n);
  return size * n;
}

} // namespace rota
