#pragma once

#include "messages/envelopes.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/line_reader.hpp"
#include "runtime/storage/unfolding.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// The files of batches, in one directory:
///   ID.jsonl   the lines as they came in; never changed
///   ID.sha256  their SHA-256, as sha256sum -c reads it
///   ID.skip    numbers of lines that must not run
///   ID.index   where every 1024th item stands
/// An item is a line that is neither blank nor skipped, counted from 0.
/// Thread-safe, but for a single upload.
class spool_files {
public:
  /// Makes the directory, and removes what earlier runs had not accepted.
  /// @param keep_free An upload ends with a fault rather than leave less room
  ///                  than this on the disk.
  explicit spool_files(std::string dir, uint64_t keep_free = 0);

  /// A file on its way in, removed again unless it is sealed.
  class upload {
  public:
    upload(std::string path, uint64_t bytes_max, uint64_t keep_free);
    ~upload();
    upload(const upload&) = delete;
    upload& operator=(const upload&) = delete;

    /// A whole object {"requests":[...]} is written as lines.
    /// @returns False once more is of no use: `finish` says why.
    bool write(std::string_view piece);

    /// Ends the file.
    /// @returns One sentence if it is too large, broke off or cannot be
    ///          written.
    std::string finish();

    const std::string& path() const {
      return path_;
    }

    /// Whether the file was such an object.
    bool folded() const {
      return unfolding_ != nullptr;
    }

    /// The digest of the lines, once the file has ended.
    const std::string& digest() const {
      return digest_;
    }

  private:
    friend class spool_files;
    void take(std::string_view piece);
    void begin();
    void store(std::string_view piece);
    void look_at_disk();
    void blame();

    std::string path_;
    uint64_t bytes_max_;
    uint64_t keep_free_;
    uint64_t bytes_ = 0;
    uint64_t unseen_ = 0; // Written since the disk was looked at.
    std::string head_; // What came before the form was known.
    bool begun_ = false;
    std::unique_ptr<unfolding> unfolding_;
    sha256 sum_;
    std::string digest_;
    std::FILE* file_ = nullptr;
    std::string fault_;
  };

  std::unique_ptr<upload> begin(uint64_t bytes_max);

  /// Keeps a finished upload as the file of a batch, durably.
  /// @param bad_lines Numbers of the lines to skip, in order.
  /// @returns One sentence if it cannot.
  std::string seal(upload& x, batch_id id,
                   const std::vector<uint64_t>& bad_lines,
                   uint64_t line_bytes_max);

  /// How many lines of a batch's file must not run; nothing if that cannot be
  /// told.
  std::optional<uint64_t> skipped(batch_id id) const;

  /// The digest that was stored with a batch.
  std::optional<std::string> digest_of(batch_id id) const;

  const std::string& dir() const {
    return dir_;
  }

private:
  std::string dir_;
  uint64_t keep_free_;
  std::atomic<uint64_t> next_ = 1;
};

/// Spawns the SPOOL on the system's workers: it may wait for the disk.
spool_actor spawn_spool(caf::actor_system& sys, std::string dir);

} // namespace rota
