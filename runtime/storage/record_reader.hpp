#pragma once

#include "runtime/storage/record_writer.hpp"

#include <algorithm>

namespace rota {

/// Takes one record apart. After a fault all fields read as zero or empty.
class record_reader {
public:
  explicit record_reader(std::string_view record) {
    if (record.size() <= crc_bytes || record[0] < 1
        || record[0] > record_version)
      return;
    const auto body = record.substr(0, record.size() - crc_bytes);
    uint32_t crc = 0;
    for (size_t i = 0; i < crc_bytes; ++i)
      crc |= uint32_t{static_cast<unsigned char>(record[body.size() + i])}
             << (8 * i);
    if (crc != crc32c(body))
      return;
    good_ = true;
    version_ = record[0];
    rest_ = body.substr(1);
  }

  /// The form that the record has; 0 where it has none.
  char version() const {
    return version_;
  }

  /// Whether all was well so far.
  bool good() const {
    return good_;
  }

  /// Whether all was well and nothing is left over.
  bool done() const {
    return good_ && rest_.empty();
  }

  uint64_t number() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1)
        break;
      result |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80)
        return result;
    }
    fail();
    return 0;
  }

  /// A number that must not exceed a limit.
  uint64_t number(uint64_t most) {
    const auto result = number();
    if (result <= most)
      return result;
    fail();
    return 0;
  }

  void operator()(uint64_t& x) {
    x = number();
  }

  void operator()(uint32_t& x) {
    x = static_cast<uint32_t>(number(UINT32_MAX));
  }

  void operator()(bool& x) {
    x = number(1) != 0;
  }

  void operator()(int64_t& x) {
    const auto zigzag = number();
    x = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
  }

  void operator()(int& x) {
    int64_t wide = 0;
    (*this)(wide);
    if (wide < INT32_MIN || wide > INT32_MAX)
      fail();
    x = good_ ? static_cast<int>(wide) : 0;
  }

  void operator()(std::string& x) {
    x.assign(text());
  }

  template <size_t N>
  void operator()(std::array<uint8_t, N>& x) {
    if (rest_.size() < N)
      return fail();
    std::copy_n(rest_.begin(), N, x.begin());
    rest_.remove_prefix(N);
  }

  template <class T>
  void operator()(std::vector<T>& xs) {
    // A field has a byte at least: no record can announce more than it holds.
    const auto count = number(rest_.size());
    xs.reserve(count);
    for (uint64_t i = 0; i < count && good_; ++i)
      field(*this, xs.emplace_back());
  }

  /// A text where it stands, uncopied.
  std::string_view text() {
    const auto size = number(rest_.size());
    const auto result = rest_.substr(0, size);
    rest_.remove_prefix(size > rest_.size() ? rest_.size() : size);
    return result;
  }

  void fail() {
    good_ = false;
    rest_ = {};
  }

private:
  bool good_ = false;
  char version_ = 0;
  std::string_view rest_;
};

} // namespace rota
