#include "runtime/upstream/transfer.hpp"

#include "actors/domain/header_text.hpp"

#include <algorithm>
#include <new>

namespace rota {

namespace {

/// Headers that are the transport's or the account's own affair; sorted.
constexpr std::string_view reserved_headers[] = {
  "accept-encoding", "authorization",       "connection",
  "content-length",  "cookie",              "expect",
  "host",            "keep-alive",          "proxy-authorization",
  "proxy-connection", "te",                 "trailer",
  "transfer-encoding", "upgrade",           "x-api-key",
  "x-goog-api-key",
};

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
  set(CURLOPT_PREREQFUNCTION, &transfer::on_connected);
  set(CURLOPT_PREREQDATA, this);
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
  header_bytes_ = 0;
  left_ = false;
  connected_ = false;
  answered_ = false;
  passing_ = false;
  paused_ = false;
  masked_ = {};
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
  repeatable_ = x.method == "GET" && x.body.empty();
  const auto named = x.method != "POST" && !repeatable_;
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST,
                   named ? x.method.c_str() : nullptr);
  if (repeatable_) {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(x.body.size()));
  // Not copied: the job outlives its call. Leaves in one piece with the head.
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS,
                   x.body.empty() ? "" : x.body.data());
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
    header_text_ += name;
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

} // namespace rota
