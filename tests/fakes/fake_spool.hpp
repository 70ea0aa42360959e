#pragma once

#include "messages/envelopes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rota {

/// The lines that a fake spool holds for every batch, and how often it was
/// asked.
struct spool_lines {
  std::vector<std::string> lines;
  std::string error; // Why nothing can be read for now.
  uint64_t reads = 0;
  uint64_t last_item = 0;
};

/// Stands in for the SPOOL on the deterministic scheduler.
inline spool_actor::behavior_type
fake_spool(spool_actor::pointer, std::shared_ptr<spool_lines> file) {
  return {[file](atom::read, const lines_wanted& x) {
    auto block = std::make_shared<line_block>();
    block->batch = x.batch;
    ++file->reads;
    block->error = file->error;
    if (!file->error.empty())
      return line_block_ptr{std::move(block)};
    const auto end
      = std::min<uint64_t>(file->lines.size(), x.item + x.count);
    for (auto i = x.item; i < end; ++i)
      block->text += file->lines[i];
    size_t at = 0;
    for (auto i = x.item; i < end; ++i) {
      const auto size = file->lines[i].size();
      block->lines.push_back(
        {i, i + 1, std::string_view{block->text}.substr(at, size)});
      at += size;
      file->last_item = i;
    }
    return line_block_ptr{std::move(block)};
  }};
}

} // namespace rota
