#pragma once

#include "runtime/storage/crc32c.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rota {

// What a record on disk is made of; codec.cpp lists the fields. One byte of
// version, the fields, four bytes of CRC-32C over all before it, the lowest
// first. Integers are LEB128, signed ones in zigzag; texts and lists have their
// length before them.

/// What is written. Each version from 1 is read for ever.
///   2: entries and heads have the digest of their chain.
///   3: readings have their cut; accounts a price factor; batches a delivery.
///   4: jobs name their client, who has a head of his own.
///   5: a doubt says whether a charge is likely; accounts have a posting lag.
///   6: requests leave records.
///   7: a doubt says what was seen of its cost; records name their price; usage
///      has sound, pictures and other units.
inline constexpr char record_version = 7;
inline constexpr size_t crc_bytes = 4;

/// Appends fields to a string, in the form of a version.
class field_writer {
public:
  explicit field_writer(std::string& to, char version = record_version)
    : to_{to}, version_{version} {
    // nop
  }

  field_writer(const field_writer&) = delete;
  field_writer& operator=(const field_writer&) = delete;

  char version() const {
    return version_;
  }

  void number(uint64_t x) {
    if (x < 0x80) { // Most are, and this is inlined.
      to_.push_back(static_cast<char>(x));
      return;
    }
    char bytes[10];
    size_t size = 0;
    for (; x >= 0x80; x >>= 7)
      bytes[size++] = static_cast<char>(x | 0x80);
    bytes[size++] = static_cast<char>(x);
    to_.append(bytes, size);
  }

  void operator()(const uint64_t& x) {
    number(x);
  }

  void operator()(const uint32_t& x) {
    number(x);
  }

  void operator()(const bool& x) {
    number(x ? 1 : 0);
  }

  void operator()(const int64_t& x) {
    number((static_cast<uint64_t>(x) << 1) ^ static_cast<uint64_t>(x >> 63));
  }

  void operator()(const int& x) {
    (*this)(int64_t{x});
  }

  void operator()(const std::string& x) {
    number(x.size());
    to_ += x;
  }

  template <size_t N>
  void operator()(const std::array<uint8_t, N>& x) {
    to_.append(x.begin(), x.end());
  }

  template <class T>
  void operator()(const std::vector<T>& xs) {
    number(xs.size());
    for (const auto& x : xs)
      field(*this, x);
  }

protected:
  std::string& to_;

private:
  char version_;
};

/// Appends one record to a string: whole once the writer is gone.
class record_writer : public field_writer {
public:
  explicit record_writer(std::string& to)
    : field_writer{to}, begin_{to.size()} {
    to_ += record_version;
  }

  ~record_writer() {
    const auto crc = crc32c(std::string_view{to_}.substr(begin_));
    for (size_t i = 0; i < crc_bytes; ++i)
      to_ += static_cast<char>(crc >> (8 * i));
  }

private:
  size_t begin_;
};

} // namespace rota
