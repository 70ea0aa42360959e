#pragma once

#include "runtime/upstream/connect_options.hpp"
#include "runtime/upstream/transfer.hpp"

#include <curl/curl.h>

#include <array>
#include <string>
#include <vector>

namespace rota {

class curl_shard;

/// An exchange on a handle of libcurl.
///
/// Where a reused connection dies before the first byte of the answer, libcurl
/// would repeat the request by itself on another. It asks before each sending
/// (CURLOPT_PREREQFUNCTION), and whatever may cost money gets a no the second
/// time: whether to pay twice is decided elsewhere.
class curl_transfer : public transfer {
public:
  curl_transfer(const upstream_options& limits, const time_point& now,
                const connect_options& connect);
  ~curl_transfer() override;

  /// Makes the handle ready to be added.
  /// @returns A sentence if this call cannot be made, empty otherwise.
  std::string prepare(upstream_call_ptr call, upstream_target_ptr target);

  /// libcurl has ended it.
  void ended_with(CURLcode rc);

  /// Must not be called by libcurl.
  void resume() override;

  CURL* easy() const noexcept {
    return easy_;
  }

  /// Whether libcurl can use the handle again: after some failures, as a
  /// refused rewind, curl 8.14 fails whatever is sent with it next.
  bool is_sound() const noexcept {
    return result_ == CURLE_OK;
  }

  curl_shard* shard = nullptr;

private:
  bool something_left() override;

  static int on_connected(void* self, char*, char*, int, int);
  static size_t on_header(char* from, size_t size, size_t n, void* self);
  static size_t on_body(char* from, size_t size, size_t n, void* self);

  void set_constants(const connect_options& connect);
  void set_method();
  void set_headers();
  bool take_line(std::string_view line);

  CURL* easy_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::string header_text_;
  std::vector<curl_slist> header_nodes_;
  bool connected_ = false; // The request was about to leave.
  bool left_ = false;      // Some byte of the request did.
  CURLcode result_ = CURLE_OK;
};

} // namespace rota
