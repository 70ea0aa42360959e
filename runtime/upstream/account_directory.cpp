#include "runtime/upstream/account_directory.hpp"

#include "actors/domain/dialect.hpp"
#include "actors/domain/header_text.hpp"
#include "messages/printable.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace rota {

namespace {

/// The header that names the console's user, as new-api and its forks spell
/// it. A site reads its own and ignores the rest.
constexpr const char* user_headers[] = {
  "new-api-user", "veloera-user",  "x-api-user",  "voapi-user",
  "user-id",      "rix-api-user", "neo-api-user",
};

/// Parts of a base URL that request paths bring along.
constexpr std::string_view version_suffixes[] = {"/v1", "/v1beta"};

std::string part_of(CURLU* url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, 0) != CURLUE_OK)
    return {};
  std::string result{text};
  curl_free(text);
  return result;
}

std::string lower(std::string_view x) {
  std::string result{x};
  to_lower(result);
  return result;
}

void strip_end(std::string& path) {
  const auto slashes = [&path] {
    while (path.ends_with('/'))
      path.pop_back();
  };
  slashes();
  for (const auto suffix : version_suffixes)
    if (path.ends_with(suffix)) {
      path.resize(path.size() - suffix.size());
      break;
    }
  slashes();
}

} // namespace

// -- header lines -------------------------------------------------------------

void upstream_target::header_lines::add(std::string_view name,
                                        std::string_view value) {
  std::string line{name};
  line += ": ";
  line += value;
  lines.push_back(std::move(line));
}

void upstream_target::header_lines::link(std::string_view host) {
  // Our bodies are taken as they are, so nobody may pack them.
  add("accept-encoding", "identity");
  text = "Host: ";
  text += host;
  text += "\r\n";
  for (const auto& line : lines)
    text += line + "\r\n";
  // Names without a value take away what libcurl would add by itself.
  lines.insert(lines.end(), {"Accept:", "Expect:", "Content-Type:"});
  nodes.resize(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    nodes[i].data = lines[i].data();
    nodes[i].next = i + 1 < lines.size() ? &nodes[i + 1] : nullptr;
  }
}

// -- target -------------------------------------------------------------------

upstream_target::upstream_target() = default;

upstream_target::~upstream_target() {
  for (auto* part : {&keyed_, &console_}) {
      for (auto& line : part->lines)
        explicit_bzero(line.data(), line.size());
      explicit_bzero(part->text.data(), part->text.size());
    }
  if (fixed_)
    explicit_bzero(prefix_.data(), prefix_.size());
  curl_url_cleanup(base_);
}

void upstream_target::parse(std::string_view url, bool fixed) {
  fixed_ = fixed;
  base_ = curl_url();
  if (base_ == nullptr)
    throw std::bad_alloc{};
  const std::string text{url};
  if (!is_printable_ascii(url)
      || curl_url_set(base_, CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    throw std::invalid_argument{
      "it is not a URL; write it like https://api.example.com"};
  const auto scheme = part_of(base_, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    throw std::invalid_argument{
      "its scheme is not supported; it must begin with https:// or http://"};
  if (!part_of(base_, CURLUPART_USER).empty()
      || !part_of(base_, CURLUPART_PASSWORD).empty())
    throw std::invalid_argument{
      "it holds a user name or password; take it out"};
  tls_ = scheme == "https";
  prefix_ = part_of(base_, CURLUPART_PATH);
  const auto query = part_of(base_, CURLUPART_QUERY);
  if (!fixed) {
    if (!query.empty() || !part_of(base_, CURLUPART_FRAGMENT).empty())
      throw std::invalid_argument{
        "it holds a query or fragment; requests cannot be appended to it"};
    strip_end(prefix_);
  } else if (!query.empty()) {
    prefix_ += '?';
    prefix_ += query;
  }
  // What is asked for stands in the request line alone.
  curl_url_set(base_, CURLUPART_PATH, "/", 0);
  curl_url_set(base_, CURLUPART_QUERY, nullptr, 0);
  curl_url_set(base_, CURLUPART_FRAGMENT, nullptr, 0);
  host_ = part_of(base_, CURLUPART_HOST);
  const auto port = part_of(base_, CURLUPART_PORT);
  origin_ = scheme + "://" + host_ + (port.empty() ? "" : ":" + port);
  if (!port.empty() && port != (tls_ ? "443" : "80"))
    host_ += ":" + port;
}

upstream_target_ptr
upstream_target::of_account(const account_options& x, std::string_view api_key,
                            std::string_view console) {
  if (!is_printable_ascii(api_key) || !is_printable_ascii(console))
    throw std::invalid_argument{
      "a secret holds what is not printable ASCII; put the secret there alone"};
  std::shared_ptr<upstream_target> result{new upstream_target};
  result->parse(x.base_url, false);
  for (const auto& [name, value] : x.headers) {
    if (!is_printable_ascii(name) || !is_printable_ascii(value)
        || name.empty() || name.find_first_of(": ") != std::string::npos)
      throw std::invalid_argument{"the header '" + name
                                  + "' cannot be sent as it stands"};
    result->own_names_.push_back(lower(name));
    for (auto* part : {&result->plain_, &result->keyed_, &result->console_})
      part->add(lower(name), value);
  }
  if (!api_key.empty()) {
    const auto how = key_header_of(x.kind);
    result->keyed_.add(how.name, how.prefix + std::string{api_key});
    result->mask_.add(api_key);
  }
  if (!console.empty()) {
    result->has_console_ = true;
    result->mask_.add(console);
    if (console.find('=') != std::string_view::npos)
      result->console_.add("cookie", console);
    else
      result->console_.add("authorization", "Bearer " + std::string{console});
    if (!x.balance.user_id.empty())
      for (const auto name : user_headers)
        result->console_.add(name, x.balance.user_id);
  }
  for (auto* part : {&result->plain_, &result->keyed_, &result->console_})
    part->link(result->host_);
  return result;
}

upstream_target_ptr upstream_target::of_url(std::string_view url) {
  std::shared_ptr<upstream_target> result{new upstream_target};
  result->parse(url, true);
  for (auto* part : {&result->plain_, &result->keyed_, &result->console_})
    part->link(result->host_);
  return result;
}

std::string upstream_target::request_target(std::string_view path) const {
  auto result = prefix_;
  if (!fixed_)
    result += path;
  return result;
}

const upstream_target::header_lines*
upstream_target::lines_of(credential which) const noexcept {
  switch (which) {
    case credential::api_key:
      return &keyed_;
    case credential::console:
      return has_console_ ? &console_ : nullptr;
    case credential::none:
      break;
  }
  return &plain_;
}

const curl_slist* upstream_target::headers(credential which) const noexcept {
  const auto x = lines_of(which);
  return x != nullptr ? x->nodes.data() : nullptr;
}

std::string_view
upstream_target::head_lines(credential which) const noexcept {
  const auto x = lines_of(which);
  return x != nullptr ? std::string_view{x->text} : std::string_view{};
}

bool upstream_target::sends_like(const upstream_target& x) const noexcept {
  return origin_ == x.origin_ && prefix_ == x.prefix_
         && plain_.lines == x.plain_.lines && keyed_.lines == x.keyed_.lines
         && console_.lines == x.console_.lines;
}

bool upstream_target::sets(std::string_view name) const noexcept {
  return std::find(own_names_.begin(), own_names_.end(), name)
         != own_names_.end();
}

// -- directory ----------------------------------------------------------------

upstream_target_ptr account_directory::find(account_id x) const {
  const std::lock_guard guard{mutex_};
  const auto i = targets_.find(x);
  return i != targets_.end() ? i->second : nullptr;
}

void account_directory::set(account_id x, upstream_target_ptr target) {
  const std::lock_guard guard{mutex_};
  targets_.insert_or_assign(x, std::move(target));
}

void account_directory::erase(account_id x) {
  const std::lock_guard guard{mutex_};
  targets_.erase(x);
}

} // namespace rota
