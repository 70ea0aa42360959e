#include "runtime/admin/result_stream.hpp"

#include "actors/domain/batch_plan.hpp"
#include "runtime/ask.hpp"
#include "runtime/storage/store.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace rota {

namespace {

constexpr size_t flush_at = 64 * 1024;
constexpr uint32_t block_lines = 256;
constexpr milliseconds patience{10'000};

class result_stream {
public:
  result_stream(admin_exchange& to, const batch_row& batch, bool errors,
                const result_sources& from)
    : to_{to}, batch_{batch}, errors_{errors}, from_{from} {
    // nop
  }

  void run() {
    item_result failed;
    failed.state = item_state::failed;
    if (is_error_line(batch_.format, failed) == errors_)
      copy_refused();
    if (going() && !copy_results())
      fault_ = "One of its results is damaged; rota fsck says more.";
    fill_to(batch_.total);
    if (!fault_.empty())
      spdlog::error("The output of {} was broken off: {}",
                    to_string(batch_.id), fault_);
    else if (alive_ && to_.write(out_))
      to_.end();
  }

private:
  /// Whether anybody waits for more, and it can be had.
  bool going() const {
    return alive_ && fault_.empty();
  }

  void copy_refused() {
    std::ifstream in{from_.refused_path, std::ios::binary};
    for (std::string piece(flush_at, '\0'); alive_ && in;) {
      in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      alive_ = to_.write({piece.data(), static_cast<size_t>(in.gcount())});
    }
    if (in.bad())
      fault_ = "The file " + from_.refused_path + " cannot be read: check"
               " state_dir and its disk.";
  }

  /// @returns False if one is damaged.
  bool copy_results() {
    return from_.disk.for_each_result(
      batch_.id, 0, [this](const item_result& x) {
        fill_to(x.id.item);
        if (going() && is_wanted(x))
          add(x, family_of(x.id.item));
        next_ = x.id.item + 1;
        return going();
      });
  }

  bool is_wanted(const item_result& x) const {
    return is_error_line(batch_.format, x) == errors_;
  }

  void add(const item_result& x, batch_format family) {
    if (!going())
      return;
    out_ += format_result(family, x);
    out_ += '\n';
    if (out_.size() >= flush_at) {
      alive_ = to_.write(out_);
      out_.clear();
    }
  }

  /// Writes the items from `next_` on that have no results.
  void fill_to(uint64_t end) {
    while (batch_.state == batch_state::cancelled && next_ < end && going()) {
      const auto block = read(next_, end);
      if (!block)
        return;
      for (const auto& line : block->lines)
        add_cancelled(line);
      next_ = block->lines.back().index + 1;
    }
  }

  /// Reads items of the file. @returns Nothing, with a fault, if it cannot.
  line_block_ptr read(uint64_t from, uint64_t end) {
    const auto count
      = static_cast<uint32_t>(std::min<uint64_t>(end - from, block_lines));
    const auto said = ask<line_block_ptr>(
      from_.system, patience, from_.spool, atom::read_v,
      lines_wanted{batch_.id, from, count});
    const auto* block = std::get_if<line_block_ptr>(&said);
    if (block == nullptr)
      fault_ = "The disk of its file did not answer in time.";
    else if ((*block)->lines.empty())
      fault_ = (*block)->error.empty() ? "Its file has too few lines."
                                       : (*block)->error;
    return fault_.empty() ? *block : nullptr;
  }

  line_result plan(const line_block::line& line) const {
    return plan_accepted_line(batch_.format, line.text, line.number,
                              batch_.options, {});
  }

  /// What stands on a bare line says whose request it is; no result does.
  batch_format family_of(uint64_t item) {
    if (batch_.format != batch_format::bare || is_unreadable_)
      return batch_.format;
    if (!read_ || read_->lines.back().index < item)
      read_ = read(item, batch_.total);
    if (!read_) { // What was paid for is written all the same, as OpenAI's.
      spdlog::warn("Whose the results of {} are is not known: {}",
                   to_string(batch_.id), std::exchange(fault_, {}));
      is_unreadable_ = true;
      return batch_.format;
    }
    return rota::family_of(
      batch_.format, plan(read_->lines[item - read_->lines[0].index]));
  }

  void add_cancelled(const line_block::line& line) {
    const auto planned = plan(line);
    item_result x;
    x.id = {batch_.id, line.index};
    x.line = line.number;
    if (planned.plan)
      x.custom_id = planned.plan->custom_id;
    x.state = item_state::cancelled;
    x.error_code = "batch_cancelled";
    x.error_text = "The batch was cancelled before this line was served.";
    if (is_wanted(x))
      add(x, rota::family_of(batch_.format, planned));
  }

  admin_exchange& to_;
  const batch_row& batch_;
  bool errors_;
  const result_sources& from_;
  std::string out_;
  uint64_t next_ = 0;
  line_block_ptr read_; // Of bare lines: those around the last result.
  bool is_unreadable_ = false; // Their file.
  bool alive_ = true;
  /// Why not all of it can be had: then nothing may look like the end.
  std::string fault_;
};

} // namespace

void stream_results(admin_exchange& to, const batch_row& batch, bool errors,
                    const result_sources& from) {
  to.begin(200, "application/jsonl");
  result_stream{to, batch, errors, from}.run();
}

} // namespace rota
