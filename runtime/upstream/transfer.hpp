#pragma once

#include "messages/envelopes.hpp"
#include "runtime/upstream/account_directory.hpp"
#include "runtime/upstream/answer_taker.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rota {

class lane;

/// One HTTP exchange with a provider, whoever reads and writes its bytes: what
/// may leave, what comes back, and how it ended. Objects are used again.
///
/// Nobody sees the account's secrets in an answer, whatever its provider says.
class transfer : public answer_taker {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param now The time of this turn of the loop.
  transfer(const upstream_options& limits, const time_point& now);
  virtual ~transfer() = default;
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  const upstream_call_ptr& call() const noexcept {
    return call_;
  }

  /// @returns Whether a time limit has passed; `finish` will say which.
  bool overdue();

  /// We give up: `finish` will say so.
  void cancel(std::string why);

  /// @returns What came of it; to be called once it is off its connection.
  upstream_outcome finish();

  /// The sink is ready again: reads on, perhaps at once.
  virtual void resume() = 0;

  /// Bytes of the answer have come.
  void heard();

  void begin_head(int status) override;
  bool take_header(std::string_view name, std::string_view value) override;
  void end_head() override;
  taken take_body(std::string_view piece) override;
  void refuse_head() override;
  void broke(std::string_view why) override;

  // -- the pool's own notes ---------------------------------------------------

  size_t slot = 0;
  lane* home = nullptr;

protected:
  using header_view = std::pair<std::string_view, std::string_view>;

  /// Begins anew with another call.
  /// @returns A sentence if this call cannot be made, empty otherwise.
  std::string begin(upstream_call_ptr call, upstream_target_ptr target);

  /// Whether some byte of the request has left.
  virtual bool something_left() = 0;
  /// A request that costs nothing may be sent twice.
  bool is_repeatable() const noexcept;

  /// It ended too soon, in that way if something had left.
  void broke_as(transport how, std::string_view why);

  const upstream_target& target() const noexcept {
    return *target_;
  }

  /// The request's headers that may leave, without the account's own.
  const std::vector<header_view>& headers() const noexcept {
    return headers_;
  }

  bool answered() const noexcept {
    return answered_;
  }

  /// Waiting for the sink is no silence of the provider.
  bool paused_ = false;
  const upstream_options& limits_;
  const time_point& now_;

private:
  std::string check_headers();
  bool has_room_for(std::string_view piece);
  void end(transport how, std::string why);
  void end_late();

  upstream_call_ptr call_;
  upstream_target_ptr target_;
  std::vector<header_view> headers_;
  size_t header_bytes_ = 0;
  bool answered_ = false;
  bool passing_ = false; // The body goes to the sink.
  uint64_t body_bytes_ = 0;
  masked_stream masked_; // On the way to the sink.
  time_point started_;
  time_point last_byte_;
  time_point last_news_; // As the sink sees it.
  std::optional<transport> ended_;
  upstream_outcome out_;
};

} // namespace rota
