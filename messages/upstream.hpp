#pragma once

#include "messages/ids.hpp"
#include "messages/sink.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// Which of an account's secrets a request is sent with. The secret itself
/// is known to the upstream alone and never travels in a message.
enum class credential : uint8_t {
  none = 0,
  /// The relay or vendor key, in the header that the provider expects.
  api_key,
  /// The console's access token or cookie with its user id (balance probes).
  console,
};

/// One HTTP call to an account's base URL.
struct upstream_request {
  account_id account;
  credential secret = credential::api_key;
  std::string method = "POST";
  /// Starts with '/', query included; appended to the account's base URL.
  std::string path;
  /// Without host, credentials and length.
  header_list headers;
  /// Sent byte for byte. Kept alive by `owner`.
  std::string_view body;
  std::shared_ptr<const void> owner;
  /// Absent: the body is gathered.
  std::shared_ptr<answer_sink> sink;
  /// A longer body ends the call as too large, if the configured limit has not
  /// before.
  uint64_t body_bytes_max = UINT64_MAX;
  /// From the start until the first byte of the answer; and as long a sink may
  /// hear nothing that brings the answer on.
  milliseconds first_byte_timeout{300'000};
  /// Between two bytes of the answer.
  milliseconds idle_timeout{120'000};
  /// From the start to the end.
  milliseconds total_timeout{600'000};
  /// From the start until part of the answer has reached the caller, or where
  /// there is no sink to the end: then the caller's own time is up.
  milliseconds caller_timeout = milliseconds::max();
};

using upstream_request_ptr = std::shared_ptr<const upstream_request>;

/// How the transfer itself ended, whatever the status says.
enum class transport : uint8_t {
  /// A whole answer came.
  ok = 0,
  /// Name, connection or TLS failed: not one byte of the request left.
  not_sent,
  /// The connection broke, or curl could not rewind the body, after the
  /// request had been sent in part or whole.
  broken,
  /// A timeout passed after the request had been sent.
  timed_out,
  /// The answer exceeded the limit.
  too_large,
  /// We gave up ourselves.
  cancelled,
};

/// What came of a call.
struct upstream_outcome {
  transport ended = transport::ok;
  /// One sentence where `ended` is not ok.
  std::string error;
  /// It was the caller's time that was up (`caller_timeout`).
  bool late = false;
  /// 0: no status line came.
  int status = 0;
  /// Names in lower case.
  header_list headers;
  std::string body;
  /// Set where part of the body has reached the caller already.
  std::optional<passed_body> passed;
  /// To the first byte of the answer's head.
  milliseconds first_byte{0};
  milliseconds total{0};

  /// @returns The first header of that (lower case) name, or an empty view.
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name)
        return value;
    return {};
  }
};

using upstream_outcome_ptr = std::shared_ptr<const upstream_outcome>;

std::string to_string(transport x);

} // namespace rota
