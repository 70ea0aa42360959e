#pragma once

#include "messages/ledger.hpp"
#include "runtime/storage/manifest_mark.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// How far a store had come: what was synced when this was written must be
/// there for ever after. RocksDB alone does not notice when the end of its log
/// is missing, or all of it.
struct high_water {
  struct account_mark {
    account_id account;
    uint64_t seq = 0; ///< Of its last entry.
  };

  /// The store that this belongs to, drawn when it was made.
  uint64_t store = 0;
  /// Rises with each writing.
  uint64_t generation = 0;
  /// RocksDB's sequence number: records written in all.
  uint64_t writes = 0;
  /// Entries of all accounts together.
  uint64_t entries = 0;
  /// Over the chains of all accounts, see `combine`.
  chain_digest heads{};
  /// Whether the daemon had stopped in order.
  bool clean = false;
  /// The list of tables, which RocksDB does not miss the end of.
  manifest_mark tables;
  /// The accounts written last, so that a loss can be told by name.
  std::vector<account_mark> latest;

  static constexpr size_t latest_max = 200;
};

/// Takes an account's chain into a digest over all, or out again: the exclusive
/// or, as they are digests themselves and have no order.
void combine(chain_digest& all, const chain_digest& one);

/// Where the file of the store in `store_dir` lies: beside it, so that whatever
/// happens to that directory does not happen to this file.
std::string high_water_path(const std::string& store_dir);

/// The file: two slots of 4 KiB that are written in turn, each with a checksum,
/// so that one is whole whenever the other is being written.
struct high_water_found {
  /// Of the younger slot that is whole.
  std::optional<high_water> mark;
  bool exists = false;
  /// Slots that are damaged, 0 to 2; a power failure may leave one.
  int damaged = 0;
  /// One sentence if the file is there but says nothing.
  std::string fault;
};

high_water_found read_high_water(const std::string& path);

/// Makes the file, durably, in the place of any that is there: for a new store,
/// or one that was restored.
/// @returns One sentence if it cannot.
std::string make_high_water(const std::string& path, const high_water& x);

/// Writes the slots of a file that is there. Not thread-safe.
class high_water_file {
public:
  high_water_file() = default;
  ~high_water_file();
  high_water_file(const high_water_file&) = delete;
  high_water_file& operator=(const high_water_file&) = delete;

  /// @returns One sentence if it cannot.
  std::string open(const std::string& path);

  /// Writes `x`, synced, into the slot of its generation.
  /// @returns One sentence if it cannot.
  std::string write(const high_water& x);

private:
  std::string path_;
  int fd_ = -1;
};

/// What `found` lacks of what `promised` says, as half a sentence: "3
/// acknowledged entries are missing (account 1 lacks 2, account 7 lacks 1)".
/// Empty if nothing is missing.
/// @param found How far the store is now; `latest` lists all accounts.
/// @param name_of An account as people call it.
std::string missing(const high_water& promised, const high_water& found,
                    const std::function<std::string(account_id)>& name_of);

} // namespace rota
