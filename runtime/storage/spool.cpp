#include "runtime/storage/spool.hpp"

#include "actors/domain/batch_file.hpp"
#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/disk_space.hpp"
#include "runtime/storage/files.hpp"
#include "runtime/storage/line_reader.hpp"
#include "runtime/storage/spool_index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace rota {

namespace {

/// A file's form is known from this much of it.
constexpr size_t head_bytes = 4'096;

/// An upload looks at the disk each time it has written so much.
constexpr uint64_t look_bytes = 1 << 20;

std::string reason() {
  return std::generic_category().message(errno);
}

} // namespace

// -- uploads ------------------------------------------------------------------

spool_files::spool_files(std::string dir, uint64_t keep_free)
  : dir_{std::move(dir)}, keep_free_{keep_free} {
  // Where this fails, the first upload says why.
  std::error_code ignored;
  std::filesystem::create_directories(dir_, ignored);
  std::filesystem::permissions(dir_, std::filesystem::perms::owner_all,
                               ignored);
  // What an earlier run had not accepted yet was never promised.
  for (const auto& x : std::filesystem::directory_iterator{dir_, ignored})
    if (x.path().extension() == ".part")
      std::filesystem::remove(x.path(), ignored);
}

std::unique_ptr<spool_files::upload>
spool_files::begin(uint64_t bytes_max) {
  return std::make_unique<upload>(
    dir_ + "/upload-" + std::to_string(next_++) + ".part", bytes_max,
    keep_free_);
}

spool_files::upload::upload(std::string path, uint64_t bytes_max,
                            uint64_t keep_free)
  : path_{std::move(path)}, bytes_max_{bytes_max}, keep_free_{keep_free} {
  file_ = std::fopen(path_.c_str(), "wbe");
  if (file_ == nullptr)
    blame();
  else
    look_at_disk();
}

spool_files::upload::~upload() {
  if (file_ != nullptr)
    std::fclose(file_);
  if (!path_.empty())
    unlink(path_.c_str());
}

void spool_files::upload::look_at_disk() {
  unseen_ = 0;
  const auto free = free_bytes(path_);
  if (free && *free < keep_free_ && fault_.empty())
    fault_ = "The disk of " + path_ + " has less than "
             + std::to_string(keep_free_)
             + " bytes left: free some space, then submit again (see"
               " store.low_space_bytes).";
}

void spool_files::upload::blame() {
  if (fault_.empty())
    fault_ = "The file " + path_ + " cannot be written (" + reason()
             + "): check state_dir and its disk.";
}

bool spool_files::upload::write(std::string_view piece) {
  bytes_ += piece.size();
  if (fault_.empty())
    take(piece);
  return fault_.empty();
}

void spool_files::upload::take(std::string_view piece) {
  if (bytes_ > bytes_max_) {
    fault_ = "The file has more than " + std::to_string(bytes_max_)
             + " bytes: split it, or raise batch.max_file_bytes.";
    return;
  }
  if (!begun_) {
    head_ += piece;
    if (head_.size() >= head_bytes)
      begin();
  } else if (unfolding_) {
    unfolding_->write(piece);
  } else {
    store(piece);
  }
}

void spool_files::upload::begin() {
  begun_ = true;
  const auto head = std::exchange(head_, {});
  if (is_folded(head)) {
    unfolding_ = std::make_unique<unfolding>(
      [this](std::string_view x) { store(x); });
    unfolding_->write(head);
  } else {
    store(head);
  }
}

void spool_files::upload::store(std::string_view piece) {
  sum_.write(piece);
  unseen_ += piece.size();
  if (unseen_ >= look_bytes)
    look_at_disk();
  if (std::fwrite(piece.data(), 1, piece.size(), file_) != piece.size())
    blame();
}

std::string spool_files::upload::finish() {
  if (fault_.empty() && !begun_)
    begin();
  if (fault_.empty() && unfolding_)
    fault_ = unfolding_->finish();
  if (file_ != nullptr && std::fclose(std::exchange(file_, nullptr)) != 0)
    blame();
  if (fault_.empty())
    digest_ = sum_.finish();
  return fault_;
}

// -- batches ------------------------------------------------------------------

std::string spool_files::seal(upload& x, batch_id id,
                              const std::vector<uint64_t>& bad_lines,
                              uint64_t line_bytes_max) {
  spool_index index;
  const auto fault = index_lines(x.path_, bad_lines, line_bytes_max, index);
  if (!fault.empty())
    return fault;
  if (index.longest > line_bytes_max)
    return "A line has more than " + std::to_string(line_bytes_max)
           + " bytes and is not skipped: split it, or raise"
             " batch.max_line_bytes.";
  const auto name = to_string(id);
  const auto stem = dir_ + '/' + name;
  // The lines come last: a batch without them was not accepted.
  const auto put = [&stem](const char* ending, const std::string& content) {
    return write_durably(stem + ending, content);
  };
  auto unwritten = put(".skip", encode_skips(bad_lines));
  kill_point("seal/skips");
  if (unwritten.empty())
    unwritten = put(".index", encode_index(index));
  kill_point("seal/index");
  if (unwritten.empty())
    unwritten = put(".sha256", x.digest_ + "  " + name + ".jsonl\n");
  kill_point("seal/digest");
  if (!unwritten.empty())
    return unwritten;
  auto good = sync_path(x.path_);
  kill_point("seal/synced");
  good = good && rename(x.path_.c_str(), (stem + ".jsonl").c_str()) == 0;
  kill_point("seal/renamed");
  good = good && sync_path(dir_);
  kill_point("seal/done");
  if (!good)
    return "The files of " + name + " cannot be written (" + reason()
           + "): check state_dir and its disk.";
  x.path_.clear();
  return {};
}

std::optional<uint64_t> spool_files::skipped(batch_id id) const {
  std::error_code err;
  const auto bytes
    = std::filesystem::file_size(dir_ + '/' + to_string(id) + ".skip", err);
  return err ? std::nullopt : count_of_skips(bytes);
}

std::optional<std::string> spool_files::digest_of(batch_id id) const {
  std::ifstream in{dir_ + '/' + to_string(id) + ".sha256"};
  std::string result;
  if (!(in >> result))
    return std::nullopt;
  return result;
}

} // namespace rota
