#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// A line of a file.
struct file_line {
  /// From 1.
  uint64_t number = 0;
  /// Where it begins.
  uint64_t offset = 0;
  /// Without its end. Of a line that is longer than allowed only the first
  /// bytes: one more than allowed. Valid until the next line is read.
  std::string_view text;
};

/// Reads a file line by line, in memory that is bounded by the longest line
/// allowed. "\n" and "\r\n" end a line; the last one needs no end.
class line_reader {
public:
  /// @param chunk_bytes Read at once.
  explicit line_reader(std::string path, uint64_t line_bytes_max,
                       size_t chunk_bytes = 256 * 1024);
  ~line_reader();
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;

  /// Goes on at a line whose place is known.
  void seek(uint64_t offset, uint64_t number);

  /// @returns Nothing at the end, or if the file cannot be read.
  std::optional<file_line> next();

  /// One sentence if the file could not be read; otherwise empty.
  const std::string& fault() const {
    return fault_;
  }

private:
  bool fill();
  void blame();

  std::string path_;
  uint64_t line_bytes_max_;
  int file_ = -1;
  std::string fault_;
  std::string chunk_;
  size_t at_ = 0;        // Of what is next in the chunk.
  size_t end_ = 0;       // Of what was read into it.
  uint64_t offset_ = 0;  // Of `at_` in the file.
  uint64_t number_ = 0;  // Of the line before.
  std::string long_;     // A line that does not lie in one chunk.
};

/// Whether a line holds nothing but blanks.
bool is_blank(std::string_view line);

/// Calls `f` with each line of a file, its number from 1, and its offset, in
/// memory that is bounded by the longest line allowed. Of a longer line only
/// that much is passed, plus one byte. "\r\n" ends a line too.
/// @returns One sentence if the file cannot be read.
std::string for_each_line(
  const std::string& path, uint64_t line_bytes_max,
  const std::function<void(uint64_t number, uint64_t offset,
                           std::string_view text)>& f);

} // namespace rota
