#pragma once

#include "config/options.hpp"
#include "messages/envelopes.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/upstream/account_directory.hpp"

#include <functional>
#include <memory>

namespace rota {

/// Makes HTTP calls on the loop's thread, each in the lane that suits its
/// target, and ends those that take too long. All members must be called on
/// the loop's thread; the destructor, too.
class call_pool {
public:
  /// Told each call's outcome, exactly once, on the loop's thread, perhaps
  /// from within `start` or `cancel`. Must not call the pool.
  using deliver_fn = std::function<void(const upstream_call&,
                                        upstream_outcome)>;

  call_pool(engine_loop& loop, const upstream_options& options,
            std::shared_ptr<const account_directory> directory,
            deliver_fn deliver);

  /// Ends what is under way as cancelled.
  ~call_pool();

  call_pool(const call_pool&) = delete;
  call_pool& operator=(const call_pool&) = delete;

  void start(upstream_call_ptr call);

  /// Aborts the calls with this token that `by` asked for; anybody's, if `by`
  /// is nobody.
  void cancel(uint64_t token, const caf::strong_actor_ptr& by);

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

} // namespace rota
