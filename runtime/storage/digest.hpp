#pragma once

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

/// The SHA-256 of a file, read in bounded memory.
/// @returns Nothing if it cannot be read.
std::optional<std::string> sha256_of(const std::string& path);

} // namespace rota
