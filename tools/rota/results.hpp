#pragma once

#include "tools/rota/client.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace rota::cli {

/// Whether two names are of one file, be it there or not.
bool same_file(const std::string& x, const std::string& y);

/// A file that comes into being as a whole: written under a temporary name
/// beside it, renamed when it is complete, and gone if it never is. "-" is
/// standard output; a device or a pipe is written as it is, and a symbolic
/// link stays one. Every failure throws one sentence.
class whole_file {
public:
  explicit whole_file(const std::string& name);
  ~whole_file();
  whole_file(const whole_file&) = delete;
  whole_file& operator=(const whole_file&) = delete;

  void write(std::string_view piece);

  /// Makes it visible under its name.
  void finish();

private:
  [[noreturn]] void fail() const;

  std::string name_;
  /// Where it is written meanwhile; empty where that is the name itself.
  std::string part_;
  std::FILE* out_ = nullptr;
};

/// Writes what a path of the API streams into a file.
/// @returns How many lines there were.
uint64_t save_lines(client& from, const std::string& path,
                    const std::string& file);

/// Says, where lines failed, how many they are and how to get them.
/// @param errors Where they have been written; empty: nowhere.
/// @returns One line of text, or nothing.
std::string about_failures(const json& batch, const std::string& errors);

} // namespace rota::cli
