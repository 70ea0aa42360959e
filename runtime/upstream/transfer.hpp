#pragma once

#include "messages/envelopes.hpp"
#include "runtime/upstream/account_directory.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace rota {

class curl_shard;

/// What all transfers of a pool share.
struct transfer_settings {
  upstream_options limits;
  /// Names and TLS sessions; may be null.
  CURLSH* share = nullptr;
  /// Told when libcurl closes a socket.
  curl_closesocket_callback on_close = nullptr;
  void* on_close_data = nullptr;
  /// The time of this turn of the loop.
  const std::chrono::steady_clock::time_point* now = nullptr;
};

/// One HTTP exchange on a libcurl handle that is used again and again.
///
/// Where a reused connection dies before the first byte of the answer, libcurl
/// would repeat the request by itself on another. It asks before each sending
/// (CURLOPT_PREREQFUNCTION), and whatever may cost money gets a no the second
/// time: whether to pay twice is decided elsewhere.
///
/// Nobody sees the account's secrets in an answer, whatever its provider says.
class transfer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit transfer(const transfer_settings& settings);
  ~transfer();
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  /// Makes the handle ready to be added.
  /// @returns A sentence if this call cannot be made, empty otherwise.
  std::string prepare(upstream_call_ptr call, upstream_target_ptr target);

  /// @returns What came of it; to be called once the handle is removed.
  upstream_outcome finish(CURLcode rc);

  /// The sink is ready again: reads on. Must not be called by libcurl.
  void resume();

  /// @returns Whether a time limit has passed; `finish` will say which.
  bool overdue();

  /// We give up: `finish` will say so.
  void cancel(std::string why);

  CURL* easy() const noexcept {
    return easy_;
  }

  const upstream_call_ptr& call() const noexcept {
    return call_;
  }

  // The pool's own notes.
  size_t slot = 0;
  curl_shard* shard = nullptr;

private:
  size_t pass_on(std::string_view piece);
  static int on_connected(void* self, char*, char*, int, int);
  static size_t on_header(char* from, size_t size, size_t n, void* self);
  static size_t on_body(char* from, size_t size, size_t n, void* self);

  void set_constants();
  void set_method();
  std::string set_headers();
  void take_header(std::string_view line);
  bool something_left();
  void end(transport how, std::string why);

  const transfer_settings& settings_;
  CURL* easy_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  upstream_call_ptr call_;
  upstream_target_ptr target_;
  std::string header_text_;
  std::vector<curl_slist> header_nodes_;
  size_t header_bytes_ = 0;
  bool repeatable_ = false;
  bool connected_ = false; // The request was about to leave.
  bool left_ = false;      // Some byte of the request did.
  bool answered_ = false; // Some byte of the answer came.
  bool passing_ = false;  // The body goes to the sink.
  bool paused_ = false;   // The sink is not ready.
  masked_stream masked_;  // On the way to the sink.
  time_point started_;
  time_point last_byte_;
  std::optional<transport> ended_;
  upstream_outcome out_;
};

} // namespace rota
