#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace rota {

/// 64 bytes, asked together: bit i of an answer is about byte i. SSE2 is part
/// of every x86-64; elsewhere compilers make of the plain loops what they can.
class byte_block {
public:
  static constexpr size_t size = 64;

  /// @param p Of 64 readable bytes.
  explicit byte_block(const char* p) {
#ifdef __SSE2__
    for (int i = 0; i < 4; ++i)
      part_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i);
#else
    std::memcpy(bytes_, p, size);
#endif
  }

  /// Whether it is one of these characters.
  template <class... Chars>
  uint64_t any_of(Chars... cs) const {
#ifdef __SSE2__
    return ask([=](__m128i x) {
      return (_mm_cmpeq_epi8(x, _mm_set1_epi8(cs)) | ...);
    });
#else
    return ask([=](char x) { return ((x == cs) || ...); });
#endif
  }

  /// Whether `first <= x <= last`; ASCII only.
  uint64_t within(char first, char last) const {
#ifdef __SSE2__
    const auto low = _mm_set1_epi8(static_cast<char>(first - 1));
    const auto high = _mm_set1_epi8(static_cast<char>(last + 1));
    return ask([&](__m128i x) {
      return _mm_and_si128(_mm_cmpgt_epi8(x, low), _mm_cmplt_epi8(x, high));
    });
#else
    return ask([=](char x) { return x >= first && x <= last; });
#endif
  }

  uint64_t beyond_ascii() const {
#ifdef __SSE2__
    return ask([](__m128i x) { return x; });
#else
    return ask([](char x) { return static_cast<unsigned char>(x) >= 0x80; });
#endif
  }

  /// The same with the capitals of ASCII made small, and a few other bytes that
  /// do not become letters by it.
  byte_block in_lower_case() const {
    auto result = *this;
#ifdef __SSE2__
    for (auto& x : result.part_)
      x = _mm_or_si128(x, _mm_set1_epi8(0x20));
#else
    for (auto& x : result.bytes_)
      x = static_cast<char>(x | 0x20);
#endif
    return result;
  }

private:
#ifdef __SSE2__
  template <class F>
  uint64_t ask(F f) const {
    uint64_t result = 0;
    for (int i = 0; i < 4; ++i)
      result |= uint64_t{static_cast<uint16_t>(_mm_movemask_epi8(f(part_[i])))}
                << (16 * i);
    return result;
  }

  __m128i part_[4];
#else
  template <class F>
  uint64_t ask(F f) const {
    uint64_t result = 0;
    for (size_t i = 0; i < size; ++i)
      result |= uint64_t{f(bytes_[i])} << i;
    return result;
  }

  char bytes_[size];
#endif
};

/// @returns The first byte that is `a` or `b`, or `end`. In steps of 16 bytes,
/// for what is looked for in JSON, the end of a text, mostly is that near.
inline const char* find_either(const char* p, const char* end, char a, char b) {
#ifdef __SSE2__
  const auto as = _mm_set1_epi8(a);
  const auto bs = _mm_set1_epi8(b);
  for (constexpr std::ptrdiff_t step = 16; end - p >= step; p += step) {
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto hit = _mm_or_si128(_mm_cmpeq_epi8(x, as), _mm_cmpeq_epi8(x, bs));
    if (const auto found = static_cast<uint32_t>(_mm_movemask_epi8(hit)))
      return p + std::countr_zero(found);
  }
#endif
  return std::find_if(p, end, [=](char c) { return c == a || c == b; });
}

} // namespace rota
