#pragma once

#include <cstdint>
#include <string_view>

namespace rota {

/// CRC-32C (Castagnoli polynomial, RFC 3720 section 12.1), by the processor's
/// own instruction where it has one: "123456789" gives 0xe3069283.
uint32_t crc32c(std::string_view x);

/// The same without that instruction.
uint32_t crc32c_portable(std::string_view x);

} // namespace rota
