#pragma once

#include "messages/failure.hpp"
#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/pick.hpp"
#include "messages/price_basis.hpp"
#include "messages/surface.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// rota's own name for a request of the API: its number in a run of the
/// daemon. Rises with the time of arrival and is never given twice.
struct request_id {
  uint32_t run = 0;
  uint64_t item = 0;

  friend constexpr auto operator<=>(const request_id&,
                                    const request_id&) = default;
};

/// @returns "req_3_17": request 17 of run 3.
std::string to_string(const request_id& x);
std::optional<request_id> parse_request_id(std::string_view text);

/// One try of a request.
struct attempt_record {
  account_id account;
  /// As in the ledger's hold_id.
  uint32_t number = 0;
  /// When money was held.
  timestamp at;
  money hold;
  /// Whether it left for the provider. If not, all below is empty.
  bool sent = false;
  failure_class cls = failure_class::none; ///< none: it succeeded.
  /// Half a sentence about the failure.
  std::string reason;
  int status = 0;
  milliseconds first_byte{0};
  milliseconds total{0};
  charge charged = charge::no;
  money cost;

  /// Whether nobody knows yet what it cost.
  bool in_doubt() const {
    return charged == charge::perhaps || charged == charge::hardly;
  }

  friend bool operator==(const attempt_record&,
                         const attempt_record&) = default;
};

/// What became of a request. Numbers are stored: never reuse one.
enum class request_outcome : uint8_t {
  succeeded = 0,
  failed = 1,      ///< The last attempt failed.
  refused = 2,     ///< No account could be asked, or its client may not now.
  client_left = 3, ///< Its client closed the connection before the end.
  stopped = 4,     ///< The daemon stopped.
};

/// @returns "client_left".
std::string to_string(request_outcome x);

/// What is kept of one request of the API. Written once, with the settlement
/// of its last attempt.
struct usage_record {
  request_id id;
  client_id client;
  /// The client's own name for it (x-request-id); empty if it gave none.
  std::string client_request_id;
  /// When its head and body had arrived.
  timestamp at;
  surface route = surface::openai_chat;
  std::string model;
  bool streamed = false;
  request_outcome outcome = request_outcome::succeeded;
  /// Why it did not succeed: a failure class, an ec, or why its client was
  /// refused; empty if it did.
  std::string error_code;
  /// HTTP status of the last answer; 0: none came.
  int status = 0;
  /// From its arrival to the first byte of the answer that came last: where it
  /// streams, the first that reached its client. 0: none came.
  milliseconds first_byte{0};
  milliseconds total{0};
  usage used;
  /// The entry of the price table that it was priced by; empty: none.
  std::string price_name;
  price_basis priced = price_basis::none;
  /// Charged over all attempts. What is in doubt is not in it.
  money cost;
  /// Held for the last attempt.
  money hold;
  std::vector<attempt_record> attempts;
  /// One for each attempt; one more if the last pick found nothing.
  std::vector<pick_record_ptr> picks;
};

using usage_record_ptr = std::shared_ptr<const usage_record>;

/// What of a request's cost nobody knows yet: holds that its attempts left in
/// doubt.
money in_doubt(const usage_record& x);

} // namespace rota
