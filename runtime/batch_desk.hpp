#pragma once

#include "actors/batch.hpp"
#include "actors/domain/batch_file.hpp"
#include "runtime/account_pool.hpp"
#include "runtime/running_batches.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/wiring.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rota {

/// Where batch files are handed in, and where people ask for their batches.
/// Thread-safe; its calls may wait for the disk or for an actor.
class batch_desk {
public:
  /// What came of a submission.
  struct receipt {
    /// Absent if the file was refused.
    std::optional<batch_view> view;
    file_report report;
    /// One sentence if something else went wrong.
    std::string error;
  };

  /// Pieces of a file on their way in, until they are not wanted any more.
  using source
    = std::function<bool(const std::function<bool(std::string_view)>&)>;

  enum class verb : uint8_t { pause, resume, cancel };

  /// @param keep_free No file is taken in that leaves less room on the disk.
  batch_desk(wiring& all, account_pool& accounts, store& disk,
             const std::string& batch_dir, batch_limits limits,
             uint64_t keep_free);

  /// What an earlier run left. Once a file can be handed in, those of this run
  /// are among them.
  std::vector<batch_row> unfinished() const;

  /// Goes on with these.
  void resume(const std::vector<batch_row>& left);

  /// Takes in a whole file, checks all of it, and starts it if it is good.
  receipt submit(const batch_options& chosen, const std::string& file_name,
                 const source& file);

  /// Checks a file without running it.
  receipt estimate(const batch_options& chosen, const source& file);

  /// How many lines of its file were not let in; nothing if nobody can tell.
  std::optional<uint64_t> skipped(batch_id id) const;

  /// The file with an error line for each line that was not let in, in the
  /// family of the batch; it may not exist.
  std::string refused_path(batch_id id) const;

  std::optional<batch_view> find(batch_id id) const;
  std::vector<batch_view> list() const;

  /// @returns The batch, or why not.
  std::variant<batch_view, ec> control(batch_id id, verb what);

  /// Limits of the batches to come, and of those that run as far as they were
  /// not submitted with their own.
  void limits(batch_limits x);

  /// Starts no more lines and waits until none is in flight, but at most so
  /// long.
  void drain(milliseconds patience);

  /// Ends all actors.
  void stop();

private:
  struct checked;

  batch_limits limits() const;
  batch_setup_ptr setup_of(const batch_limits& x) const;
  /// @returns One sentence if the error lines cannot be written.
  std::string write_refused(const std::string& path, batch_id id,
                            const batch_options& chosen,
                            const checked& found) const;
  checked check(const spool_files::upload& file,
                const batch_options& chosen) const;

  /// Stores a batch and starts it once it is on the disk, however late.
  /// @returns Whether that was soon enough to tell whoever submitted it.
  bool accept(const batch_resume& fresh);
  batch_actor spawn(const batch_resume& from);

  wiring& all_;
  account_pool& accounts_;
  store& disk_;
  spool_files files_;
  batch_limits limits_;
  mutable std::mutex mutex_; // Of limits_, and whom they were told.
  std::shared_ptr<running_batches> running_
    = std::make_shared<running_batches>();

  /// What a late word from the disk may still start: nothing after the stop.
  struct gate {
    std::mutex mutex;
    batch_desk* desk = nullptr;
  };
  std::shared_ptr<gate> gate_ = std::make_shared<gate>();
};

} // namespace rota
