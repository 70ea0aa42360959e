#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// SHA-256 of what it is given.
class sha256 {
public:
  sha256();
  ~sha256();
  sha256(const sha256&) = delete;
  sha256& operator=(const sha256&) = delete;

  void write(std::string_view piece);

  /// @returns 64 hexadecimal digits. To be asked for once.
  std::string finish();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

using sha256_bytes = std::array<uint8_t, 32>;

/// The SHA-256 of a short text; cheap.
sha256_bytes sha256_of_text(std::string_view text);

/// Compares in a time that does not tell where they differ.
bool same_digest(const sha256_bytes& x, const sha256_bytes& y);

/// @returns 64 hexadecimal digits.
std::string to_hex(const sha256_bytes& x);

/// @returns Nothing if the text is not that.
std::optional<sha256_bytes> sha256_from_hex(std::string_view text);

/// The SHA-256 of a file, read in bounded memory.
/// @returns Nothing if it cannot be read.
std::optional<std::string> sha256_of(const std::string& path);

} // namespace rota
