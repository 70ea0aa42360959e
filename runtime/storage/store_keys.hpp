#pragma once

#include "runtime/storage/codec.hpp"

namespace rota {

/// Heads of clients lie in the meta family, by number.
inline constexpr std::string_view client_prefix = "client/";

inline std::string client_key(client_id x) {
  return std::string{client_prefix} + be32(x.value);
}

/// So do the accounts that keep responses, by the response's id.
inline constexpr std::string_view response_prefix = "response/";

} // namespace rota
