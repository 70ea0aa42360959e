#pragma once

#include "runtime/upstream/lane.hpp"

#include <curl/curl.h>

namespace rota {

/// One of libcurl's multi handles with what it wants to be called for. All
/// members must be called on the loop's thread.
class curl_shard : public socket_owner {
public:
  /// @param transfers How many transfers and idle connections it has at most.
  curl_shard(lane::host& owner, size_t transfers);
  ~curl_shard();
  curl_shard(const curl_shard&) = delete;
  curl_shard& operator=(const curl_shard&) = delete;

  void add(CURL* easy);
  void remove(CURL* easy);

  void act(int fd, int mask) override;

  /// Gives libcurl its turn if it asked for one at once.
  void kick();

  /// Gives libcurl its turn if the time it named has come.
  void tick();

  /// A transfer goes on that waited for its sink: something may end, and
  /// libcurl wants its turn.
  void resumed();

  /// Calls `f(easy, rc)` for each transfer that has ended.
  template <class F>
  void collect(F f) {
    if (!touched_)
      return;
    touched_ = false;
    auto left = 0;
    while (const auto note = curl_multi_info_read(multi_, &left))
      if (note->msg == CURLMSG_DONE)
        f(note->easy_handle, note->data.result);
  }

  /// Transfers under way.
  size_t active() const noexcept {
    return active_;
  }

private:
  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  void time_out();

  lane::host& host_;
  CURLM* multi_;
  size_t active_ = 0;
  bool kicked_ = false;  // libcurl wants to be called at once.
  bool touched_ = false; // Something may have ended.
  lane::time_point deadline_ = lane::time_point::max();
};

} // namespace rota
