#pragma once

#include "tools/rota/client.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rota::cli {

/// Whether a batch has come to its end.
bool has_ended(const json& batch);

/// Lines of its file that were no good and were left out. They are not counted
/// in its total; 0 where the daemon does not know.
uint64_t skipped_of(const json& batch);

/// One line that says how a batch fares, shorter than a width: a bar where
/// there is room for one, then done, failed, in flight, rate, spent, time
/// left, or why nothing moves.
std::string progress_line(const json& batch, size_t width);

/// What to write while a batch is watched. It asks for no clock and no
/// terminal; both are told.
class progress_report {
public:
  /// @param terminal Whether a line can be drawn over.
  /// @param now_s When the watching began.
  progress_report(bool terminal, int64_t now_s)
    : terminal_{terminal}, said_at_{now_s} {
    // nop
  }

  /// @returns On a terminal the line drawn over the last one, and a line break
  /// once the batch has ended; elsewhere a line every ten seconds, and else
  /// nothing.
  std::string next(const json& batch, size_t width, int64_t now_s);

  /// Ends a drawn line where the watching ends early.
  std::string leave() const;

private:
  bool terminal_;
  bool drawn_ = false;
  int64_t said_at_;
};

} // namespace rota::cli
