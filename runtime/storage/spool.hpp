#pragma once

#include "messages/envelopes.hpp"

#include <caf/actor_system.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// The files of batches, in one directory:
///   ID.jsonl  the lines as they came in; never changed
///   ID.skip   numbers of lines that must not run, u64 each
///   ID.index  offset and line number of every 256th item, u64 each
/// An item is a line that is neither blank nor skipped, counted from 0.
class spool_files {
public:
  explicit spool_files(std::string dir);

  /// A file on its way in, removed again unless it is sealed.
  class upload {
  public:
    upload(std::string path, uint64_t bytes_max);
    ~upload();
    upload(const upload&) = delete;
    upload& operator=(const upload&) = delete;

    void write(std::string_view piece);

    /// Ends the file. A whole object {"requests":[...]} becomes lines.
    /// @returns One sentence if it is too large or cannot be written.
    std::string finish();

    const std::string& path() const {
      return path_;
    }

  private:
    friend class spool_files;
    std::string unfold();

    std::string path_;
    uint64_t bytes_max_;
    uint64_t bytes_ = 0;
    std::FILE* file_ = nullptr;
    std::string fault_;
  };

  std::unique_ptr<upload> begin(uint64_t bytes_max);

  /// Keeps a finished upload as the file of a batch, durably.
  /// @returns One sentence if it cannot.
  std::string seal(upload& x, batch_id id,
                   const std::vector<uint64_t>& bad_lines,
                   uint64_t line_bytes_max);

  const std::string& dir() const {
    return dir_;
  }

private:
  std::string dir_;
  uint64_t next_ = 1;
};

/// Calls `f` with each line of a file, its number from 1, and its offset, in
/// memory that is bounded by the longest line allowed. Of a longer line only
/// that much is passed, plus one byte. "\r\n" ends a line too.
/// @returns One sentence if the file cannot be read.
std::string for_each_line(
  const std::string& path, uint64_t line_bytes_max,
  const std::function<void(uint64_t number, uint64_t offset,
                           std::string_view text)>& f);

/// Whether a line holds nothing but blanks.
bool is_blank(std::string_view line);

/// Spawns the SPOOL on the system's workers: it may wait for the disk.
spool_actor spawn_spool(caf::actor_system& sys, std::string dir);

} // namespace rota
