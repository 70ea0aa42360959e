#pragma once

#include <cstddef>

namespace rota {

/// Has memory fetched into the cache while there is something else to do. A
/// hint: changes nothing, and may be given for what is gone.
inline void fetch_ahead(const void* at, size_t bytes) {
  constexpr size_t line = 64;
  for (size_t i = 0; i < bytes; i += line)
    __builtin_prefetch(static_cast<const char*>(at) + i);
}

} // namespace rota
