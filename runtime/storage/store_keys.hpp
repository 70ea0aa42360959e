#pragma once

#include "runtime/storage/codec.hpp"

// Keys of the store.
namespace rota {

/// Heads of clients lie in the meta family, by number.
inline constexpr std::string_view client_prefix = "client/";

inline std::string client_key(client_id x) {
  return std::string{client_prefix} + be32(x.value);
}

/// So do the accounts that keep responses, by the response's id.
inline constexpr std::string_view response_prefix = "response/";

/// In the family of results.
inline std::string result_key(batch_id batch, uint64_t item) {
  return be64(batch.value) + be64(item);
}

/// In the family of records.
inline std::string record_key(const request_id& x) {
  return be32(x.run) + be64(x.item);
}

} // namespace rota
