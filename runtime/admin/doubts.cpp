#include "runtime/admin/api.hpp"
#include "runtime/ask.hpp"

namespace rota {

namespace {

constexpr milliseconds patience{10'000};

/// Lines of calls in doubt that are remembered.
constexpr size_t lines_max = 4'096;

} // namespace

json admin_api::doubts_of(batch_id id) {
  auto result = json::array();
  // Watching a batch asks often; doubts may be some seconds old.
  for (const auto& account : *views(milliseconds{2'000}))
    for (const auto& hold : account.doubts)
      if (hold.id.job.batch == id) {
        auto entry = doubt(hold, account.name);
        entry["item"] = hold.id.job.item;
        result.push_back(std::move(entry));
      }
  return result;
}

json admin_api::doubt(const open_hold& x, const std::string& account) {
  auto result = view_of(x, account);
  if (const auto line = line_of(x.id.job))
    result["line"] = *line;
  return result;
}

std::optional<uint64_t> admin_api::line_of(const job_id& x) {
  if (x.batch.value == 0)
    return std::nullopt;
  {
    const std::lock_guard guard{mutex_};
    if (const auto i = lines_.find(x); i != lines_.end())
      return i->second;
  }
  const auto said = ask<line_block_ptr>(parts_.all.system, patience,
                                        parts_.all.spool, atom::read_v,
                                        lines_wanted{x.batch, x.item, 1});
  const auto* block = std::get_if<line_block_ptr>(&said);
  if (block == nullptr || (*block)->lines.empty())
    return std::nullopt;
  const auto line = (*block)->lines.front().number;
  const std::lock_guard guard{mutex_};
  if (lines_.size() >= lines_max)
    lines_.clear();
  lines_[x] = line;
  return line;
}

} // namespace rota
