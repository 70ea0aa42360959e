#include "runtime/upstream/curl_transfer.hpp"

#include "actors/domain/json_text.hpp"
#include "runtime/upstream/curl_shard.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <new>
#include <tuple>
#include <utility>

namespace rota {

namespace {

/// libcurl is C, and nothing may be thrown through it: what takes no byte
/// breaks the transfer off.
template <class F>
size_t guarded(F f) noexcept {
  try {
    return f();
  } catch (const std::exception&) {
    return 0;
  }
}

} // namespace

// -- the handle ---------------------------------------------------------------

curl_transfer::curl_transfer(const upstream_options& limits,
                             const time_point& now,
                             const connect_options& connect)
  : transfer{limits, now}, easy_{curl_easy_init()} {
  if (easy_ == nullptr)
    throw std::bad_alloc{};
  set_constants(connect);
}

curl_transfer::~curl_transfer() {
  curl_easy_cleanup(easy_);
}

void curl_transfer::set_constants(const connect_options& connect) {
  connect.prepare(easy_);
  const auto set = [this](CURLoption name, auto value) {
    curl_easy_setopt(easy_, name, value);
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!limits_.ca_file.empty())
    set(CURLOPT_CAINFO, limits_.ca_file.c_str()); // Beside the system's folder.
  else
    set(CURLOPT_CAPATH, nullptr); // So that the parsed bundle is kept.
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(CURLOPT_USERAGENT, "rota");
  const auto age
    = std::max<int64_t>(limits_.max_idle_connection.count(), 1'000);
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(age / 1'000));
  set(CURLOPT_PREREQFUNCTION, &curl_transfer::on_connected);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &curl_transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &curl_transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
}

// -- one exchange -------------------------------------------------------------

std::string curl_transfer::prepare(upstream_call_ptr call,
                                   upstream_target_ptr to) {
  error_text_[0] = '\0';
  connected_ = false;
  left_ = false;
  result_ = CURLE_OK;
  if (auto error = begin(std::move(call), std::move(to)); !error.empty())
    return error;
  set_headers();
  const auto& path = this->call()->request->path;
  curl_easy_setopt(easy_, CURLOPT_CURLU, target().base());
  curl_easy_setopt(easy_, CURLOPT_REQUEST_TARGET,
                   target().request_target(path).c_str());
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, target().has_tls() ? 1L : 0L);
  set_method();
  return {};
}

void curl_transfer::set_method() {
  const auto& x = *call()->request;
  const auto named = x.method != "POST" && !is_repeatable();
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST,
                   named ? x.method.c_str() : nullptr);
  if (is_repeatable()) {
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

void curl_transfer::set_headers() {
  size_t size = 0;
  for (const auto& [name, value] : headers())
    size += name.size() + value.size() + 3;
  header_text_.clear();
  header_text_.reserve(size); // So that no line moves.
  header_nodes_.clear();
  header_nodes_.reserve(headers().size());
  for (const auto& [name, value] : headers()) {
    const auto line = header_text_.data() + header_text_.size();
    header_text_ += name;
    header_text_ += value.empty() ? ";" : ": ";
    header_text_ += value;
    header_text_ += '\0';
    header_nodes_.push_back({line, nullptr});
  }
  // libcurl only reads the list; the account's part of it is shared.
  auto next
    = const_cast<curl_slist*>(target().headers(call()->request->secret));
  for (auto i = header_nodes_.rbegin(); i != header_nodes_.rend(); ++i) {
    i->next = next;
    next = &*i;
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, next);
}

void curl_transfer::ended_with(CURLcode rc) {
  result_ = rc;
  if (rc == CURLE_OK)
    return;
  const auto why = rc == CURLE_ABORTED_BY_CALLBACK
                     ? "it was closed before an answer came"
                   : error_text_[0] != '\0' ? error_text_.data()
                                            : curl_easy_strerror(rc);
  broke_as(rc == CURLE_OPERATION_TIMEDOUT ? transport::timed_out
                                          : transport::broken,
           why);
}

void curl_transfer::resume() {
  if (!std::exchange(paused_, false))
    return;
  heard();
  curl_easy_pause(easy_, CURLPAUSE_CONT);
  shard->resumed();
}

bool curl_transfer::something_left() {
  if (!left_) {
    // Counts what was handed to the socket, or to TLS once that stands.
    long bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
    left_ = bytes > 0;
  }
  return left_;
}

// -- callbacks ----------------------------------------------------------------

int curl_transfer::on_connected(void* self, char*, char*, int, int) {
  auto& x = *static_cast<curl_transfer*>(self);
  if (x.is_repeatable() || !std::exchange(x.connected_, true))
    return CURL_PREREQFUNC_OK;
  std::ignore = x.something_left(); // Before the count begins anew.
  return CURL_PREREQFUNC_ABORT;
}

size_t curl_transfer::on_header(char* from, size_t size, size_t n,
                                void* self) {
  return guarded([=] {
    auto& x = *static_cast<curl_transfer*>(self);
    x.left_ = true;
    x.heard();
    return x.take_line({from, size * n}) ? size * n : 0;
  });
}

bool curl_transfer::take_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    auto status = 0;
    if (const auto i = line.find(' '); i != std::string_view::npos)
      std::from_chars(line.data() + i + 1, line.data() + line.size(), status);
    begin_head(status);
    return true;
  }
  if (trimmed(line).empty()) {
    end_head();
    return true;
  }
  const auto colon = line.find(':');
  return colon == std::string_view::npos || colon == 0
         || take_header(line.substr(0, colon), trimmed(line.substr(colon + 1)));
}

size_t curl_transfer::on_body(char* from, size_t size, size_t n, void* self) {
  return guarded([=]() -> size_t {
    auto& x = *static_cast<curl_transfer*>(self);
    x.heard();
    switch (x.take_body({from, size * n})) {
      case taken::all:
        return size * n;
      case taken::nothing_now:
        return CURL_WRITEFUNC_PAUSE;
      case taken::too_much:
        break;
    }
    return 0;
  });
}

} // namespace rota
