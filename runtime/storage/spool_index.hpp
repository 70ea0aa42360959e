#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rota {

// The two files beside a batch's lines. Both begin with eight bytes that name
// form and version, and end with a CRC-32C over all before it; numbers are
// big-endian.

/// Where every `step`th item stands, so that item N is found fast.
struct spool_index {
  static constexpr uint64_t step = 1024;

  struct row {
    uint64_t offset = 0;
    uint64_t line = 0;
    friend bool operator==(const row&, const row&) = default;
  };

  /// Size of the file of lines: another size means that it was changed.
  uint64_t bytes = 0;
  uint64_t items = 0;
  /// Bytes of the longest item: skipped lines may be longer, and are never
  /// held in memory whole.
  uint64_t longest = 0;
  /// Of item 0, step, 2 * step and so on.
  std::vector<row> rows;
};

std::string encode_index(const spool_index& x);

/// @returns Nothing if the file is damaged.
std::optional<spool_index> decode_index(const std::string& file);

/// @param lines Numbers of lines that must not run, in order.
std::string encode_skips(const std::vector<uint64_t>& lines);

/// @returns Nothing if the file is damaged.
std::optional<std::vector<uint64_t>> decode_skips(const std::string& file);

/// How many lines a file of skips names, by its size alone.
/// @returns Nothing if no such file has that size.
std::optional<uint64_t> count_of_skips(uint64_t file_bytes);

/// Makes the index of a file of lines.
/// @param bad_lines Numbers of lines that must not run, in order.
/// @param line_bytes_max Of a longer line, only that much is looked at.
/// @returns One sentence if the file cannot be read.
std::string index_lines(const std::string& path,
                        const std::vector<uint64_t>& bad_lines,
                        uint64_t line_bytes_max, spool_index& to);

} // namespace rota
