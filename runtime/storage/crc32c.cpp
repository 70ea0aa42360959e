#include "runtime/storage/crc32c.hpp"

#include <array>
#include <cstring>

#ifdef __x86_64__
#  include <nmmintrin.h>
#endif

namespace rota {

namespace {

constexpr uint32_t polynomial = 0x82f63b78; // Bits reversed.

constexpr auto table = [] {
  std::array<uint32_t, 256> result{};
  for (uint32_t i = 0; i < result.size(); ++i) {
    auto x = i;
    for (int bit = 0; bit < 8; ++bit)
      x = (x >> 1) ^ ((x & 1) != 0 ? polynomial : 0);
    result[i] = x;
  }
  return result;
}();

#ifdef __x86_64__

__attribute__((target("sse4.2"))) uint32_t by_processor(std::string_view x) {
  uint64_t crc = UINT32_MAX;
  auto* p = x.data();
  auto left = x.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  auto result = static_cast<uint32_t>(crc);
  for (; left > 0; ++p, --left)
    result = _mm_crc32_u8(result, static_cast<unsigned char>(*p));
  return ~result;
}

#endif

} // namespace

uint32_t crc32c_portable(std::string_view x) {
  uint32_t crc = UINT32_MAX;
  for (const auto c : x)
    crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

uint32_t crc32c(std::string_view x) {
#ifdef __x86_64__
  static const bool able = __builtin_cpu_supports("sse4.2") != 0;
  if (able)
    return by_processor(x);
#endif
  return crc32c_portable(x);
}

} // namespace rota
