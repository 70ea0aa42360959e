#pragma once

#include "actors/domain/stream_gate.hpp"
#include "runtime/http/exchange.hpp"

namespace rota {

/// Names the account that served a request, for those who may see it.
inline constexpr const char* account_header = "x-rota-account";

/// Carries streamed answers from the upstream to one client. All attempts of a
/// request share it: nothing reaches the client before an attempt's first
/// content, so until then another attempt may begin. Lives on the loop's
/// thread.
class request_sink final : public answer_sink {
public:
  struct rules {
    surface route = surface::openai_chat;
    /// The client did not ask for the usage that we did.
    bool swallow_usage = false;
    /// The client may see which account served it.
    bool show_account = false;
    /// Names the request.
    std::string request_id;
    /// Told, before its client is, the id of the response that comes and who
    /// made it; may be absent.
    std::function<void(const std::string&, account_id)> on_response;
  };

  request_sink(http_exchange_ptr client, rules x);

  bool begin(int status, const header_list& headers) override;
  bool ready() const override;
  bool take(std::string_view piece) override;
  bool committed() const override {
    return committed_;
  }
  void end(upstream_outcome& x) override;

  /// The client has gone; an answer that goes on is read in its stead.
  /// @param on_excess Called once if it has more than `most` bytes left.
  void drain(uint64_t most, std::function<void()> on_excess);

private:
  void pass(std::string_view piece);
  void break_off();

  http_exchange_ptr client_;
  rules rules_;
  std::optional<stream_gate> gate_; // Of the attempt whose body comes.
  header_list head_;
  /// As good as when the request had arrived.
  std::chrono::steady_clock::time_point made_at_
    = std::chrono::steady_clock::now();
  milliseconds first_content_{0};
  bool committed_ = false;
  bool broken_off_ = false;
  uint64_t drainable_ = 0; // Bytes that may still come,
  std::function<void()> on_excess_; // or this is called; null: no such bound.
  bool full_ = false;
};

} // namespace rota
