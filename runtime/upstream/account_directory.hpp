#pragma once

#include "config/options.hpp"
#include "messages/ids.hpp"
#include "messages/upstream.hpp"
#include "runtime/upstream/secret_mask.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct Curl_URL;
struct curl_slist;

namespace rota {

/// Where the requests of one account go and what they are sent with: its base
/// URL, ready parsed, and the header lines that carry its secrets. Immutable
/// once made; wiped when destroyed.
class upstream_target {
public:
  /// A target for an account. "/", "/v1" and "/v1beta" at the end of the base
  /// URL are taken off, since request paths begin with them.
  /// @param api_key The account's key; empty: requests go without one.
  /// @param console An access token, or a cookie ("name=value"), for balance
  ///                probes; empty: the account has none.
  /// @throws std::invalid_argument with one sentence; never with a secret.
  static std::shared_ptr<const upstream_target>
  of_account(const account_options& x, std::string_view api_key,
             std::string_view console);

  /// A target that is one URL; whatever path a request names is ignored. The
  /// URL's path is a secret.
  /// @throws std::invalid_argument with one sentence; never with a secret.
  static std::shared_ptr<const upstream_target> of_url(std::string_view url);

  ~upstream_target();
  upstream_target(const upstream_target&) = delete;
  upstream_target& operator=(const upstream_target&) = delete;

  /// Scheme, host and port, for sentences: "https://api.example.com".
  const std::string& origin() const noexcept {
    return origin_;
  }

  /// libcurl's URL handle; read only, and copied by libcurl.
  Curl_URL* base() const noexcept {
    return base_;
  }

  bool has_tls() const noexcept {
    return tls_;
  }

  /// @returns What the request line says for that path.
  std::string request_target(std::string_view path) const;

  /// @returns The account's own header lines with that credential. Where the
  /// account has no console credential, null for `console`.
  const curl_slist* headers(credential which) const noexcept;

  /// The same as they stand in a request's head, its Host first.
  std::string_view head_lines(credential which) const noexcept;

  /// Takes the account's secrets out of its provider's answers.
  const secret_mask& mask() const noexcept {
    return mask_;
  }

  /// @returns Whether requests go to the same place with the same headers.
  bool sends_like(const upstream_target& x) const noexcept;

  /// @returns Whether the account sets this header (in lower case) itself.
  bool sets(std::string_view name) const noexcept;

private:
  /// Header lines as libcurl takes them, and as they are sent.
  struct header_lines {
    std::vector<std::string> lines;
    std::vector<curl_slist> nodes;
    std::string text;
    void add(std::string_view name, std::string_view value);
    void link(std::string_view host);
  };

  upstream_target();
  void parse(std::string_view url, bool fixed);
  const header_lines* lines_of(credential which) const noexcept;

  Curl_URL* base_ = nullptr;
  std::string origin_;
  std::string host_;
  std::string prefix_;
  bool tls_ = false;
  bool fixed_ = false;
  bool has_console_ = false;
  std::vector<std::string> own_names_;
  secret_mask mask_;
  header_lines plain_;
  header_lines keyed_;
  header_lines console_;
};

using upstream_target_ptr = std::shared_ptr<const upstream_target>;

/// The account number under which the notifier's webhook is found; no account
/// has it.
inline constexpr account_id webhook_account{0xFFFF'FFFF};

/// Maps accounts to targets. Threads may read and change it at any time; a
/// call under way keeps the target that it began with.
class account_directory {
public:
  /// @returns Nothing for an account that is not known.
  upstream_target_ptr find(account_id x) const;

  void set(account_id x, upstream_target_ptr target);
  void erase(account_id x);

private:
  mutable std::mutex mutex_;
  std::unordered_map<account_id, upstream_target_ptr> targets_;
};

} // namespace rota
