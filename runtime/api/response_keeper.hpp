#pragma once

#include "actors/domain/response_pins.hpp"
#include "config/options.hpp"
#include "messages/envelopes.hpp"

namespace rota {

/// Knows which account keeps which response, and is the only one that has that
/// stored. Lives on the loop's thread but for its making.
class response_keeper {
public:
  /// @param stored What earlier runs remembered.
  response_keeper(journal_actor disk, const http_options& limits,
                  std::vector<response_pin> stored, timestamp now);

  std::optional<account_id> find(std::string_view id, client_id client,
                                 timestamp now) const {
    return pins_.find(id, client, now);
  }

  /// An account has made a response.
  /// @param ack Told `token` once that is on disk; may be absent.
  /// @returns False if nothing is to be stored: then it is not told.
  bool keep(response_pin x, timestamp now, durable_actor ack = {},
            uint64_t token = 0);

  /// It exists no more.
  void forget(const std::string& id);

private:
  response_pins pins_;
  journal_actor disk_;
};

} // namespace rota
