#pragma once

#include "config/options.hpp"
#include "messages/envelopes.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/upstream/account_directory.hpp"

#include <functional>
#include <memory>

namespace rota {

/// Makes HTTP calls with libcurl on the loop's thread: many transfers to a
/// multi handle and several of those, since a multi handle gets slower with
/// each transfer under way to one host. All members must be called on the
/// loop's thread; the destructor, too.
class curl_pool {
public:
  /// Told each call's outcome, exactly once, on the loop's thread, perhaps
  /// from within `start` or `cancel`. Must not call the pool.
  using deliver_fn = std::function<void(const upstream_call&,
                                        upstream_outcome)>;

  curl_pool(engine_loop& loop, const upstream_options& options,
            std::shared_ptr<const account_directory> directory,
            deliver_fn deliver);

  /// Ends what is under way as cancelled.
  ~curl_pool();

  curl_pool(const curl_pool&) = delete;
  curl_pool& operator=(const curl_pool&) = delete;

  void start(upstream_call_ptr call);

  /// Aborts the calls with this token that `by` asked for; anybody's, if `by`
  /// is nobody.
  void cancel(uint64_t token, const caf::strong_actor_ptr& by);

  /// @returns Calls under way.
  size_t active() const noexcept;

  /// @returns Multi handles that are open now.
  size_t shards() const noexcept;

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

} // namespace rota
