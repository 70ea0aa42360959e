#include "runtime/storage/files.hpp"
#include "runtime/storage/line_reader.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/spool_index.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <list>
#include <map>
#include <system_error>
#include <utility>

namespace rota {

namespace {

/// Files that stay open at the same time; the one that was not read for the
/// longest time makes room.
constexpr size_t open_max = 32;

/// Read at once from each.
constexpr size_t chunk_bytes = 64 * 1024;

/// Reads the items of one batch, mostly one after the other.
class item_reader {
public:
  item_reader(const std::string& dir, batch_id id)
    : stem_{dir + '/' + to_string(id)} {
    const auto rows = content("index");
    const auto bad = content("skip");
    std::error_code err;
    const auto size = std::filesystem::file_size(stem_ + ".jsonl", err);
    if (err)
      fault_ = unreadable(stem_ + ".jsonl", err);
    if (!fault_.empty())
      return;
    auto index = decode_index(rows);
    auto skips = decode_skips(bad);
    if (!index || !skips) {
      fault_ = "The file " + stem_ + (index ? ".skip" : ".index")
               + " is damaged: cancel the batch and submit its lines again.";
    } else if (size != index->bytes) {
      fault_ = "The file " + stem_
               + ".jsonl was changed after it had been accepted: cancel the"
                 " batch and submit its lines again.";
    } else {
      index_ = std::move(*index);
      skips_ = std::move(*skips);
      lines_.emplace(stem_ + ".jsonl", index_.longest, chunk_bytes);
      fault_ = lines_->fault();
    }
  }

  line_block_ptr read(const lines_wanted& x) {
    auto block = std::make_shared<line_block>();
    block->batch = x.batch;
    if (fault_.empty() && x.item < index_.items)
      fill(*block, x);
    block->error = fault_;
    return block;
  }

private:
  static std::string unreadable(const std::string& path,
                                const std::error_code& err) {
    return "The file " + path + " cannot be read (" + err.message()
           + "): check state_dir and its disk.";
  }

  /// A file that cannot be read is not damaged: it may be readable soon.
  std::string content(const std::string& ending) {
    const auto path = stem_ + '.' + ending;
    auto result = content_of(path);
    if (!result)
      fault_ = unreadable(path, {errno, std::generic_category()});
    return std::move(result).value_or("");
  }

  void fill(line_block& block, const lines_wanted& x) {
    if (x.item != item_)
      seek(x.item);
    struct place {
      uint64_t number;
      size_t begin, size;
    };
    std::vector<place> places;
    const auto first = item_;
    while (places.size() < x.count
           && (places.empty() || block.text.size() < x.max_bytes)) {
      const auto line = next();
      if (!line)
        break;
      places.push_back({line->number, block.text.size(), line->text.size()});
      block.text += line->text;
    }
    const std::string_view text{block.text};
    for (size_t i = 0; i < places.size(); ++i)
      block.lines.push_back({first + i, places[i].number,
                             text.substr(places[i].begin, places[i].size)});
  }

  std::optional<file_line> next() {
    while (const auto line = lines_->next()) {
      if (is_blank(line->text)
          || std::binary_search(skips_.begin(), skips_.end(), line->number))
        continue;
      ++item_;
      return line;
    }
    if (item_ < index_.items)
      fault_ = lines_->fault().empty()
                 ? "The file " + stem_ + ".jsonl has fewer lines than it had."
                 : lines_->fault();
    return std::nullopt;
  }

  void seek(uint64_t item) {
    const auto& row = index_.rows[item / spool_index::step];
    lines_->seek(row.offset, row.line);
    item_ = item / spool_index::step * spool_index::step;
    while (item_ < item && next())
      ;
  }

  std::string stem_;
  std::string fault_;
  std::optional<line_reader> lines_;
  spool_index index_;
  std::vector<uint64_t> skips_;
  uint64_t item_ = 0; // Next to be read.
};

struct spool_state {
  static constexpr const char* name = "spool";

  struct open_file {
    batch_id batch;
    std::unique_ptr<item_reader> reader;
  };

  std::string dir;
  std::list<open_file> open; // Read last comes first.
  /// What was said of batches that cannot be read, for they are tried again.
  std::map<batch_id, std::string> told;

  line_block_ptr read(const lines_wanted& x) {
    const auto is_it = [&x](const open_file& y) { return y.batch == x.batch; };
    const auto i = std::find_if(open.begin(), open.end(), is_it);
    if (i != open.end())
      open.splice(open.begin(), open, i);
    else
      open.push_front({x.batch, std::make_unique<item_reader>(dir, x.batch)});
    if (open.size() > open_max)
      open.pop_back();
    auto block = open.front().reader->read(x);
    if (!block->error.empty()) // Somebody may mend it.
      open.pop_front();
    tell(x.batch, block->error);
    return block;
  }

  void tell(batch_id batch, const std::string& fault) {
    if (fault.empty())
      told.erase(batch);
    else if (std::exchange(told[batch], fault) != fault)
      spdlog::warn("{}: {}", to_string(batch), fault);
  }
};

spool_actor::behavior_type
spool(spool_actor::stateful_pointer<spool_state> self, std::string dir) {
  self->state.dir = std::move(dir);
  return {[self](atom::read, const lines_wanted& x) {
    return self->state.read(x);
  }};
}

} // namespace

spool_actor spawn_spool(caf::actor_system& sys, std::string dir) {
  return sys.spawn(spool, std::move(dir));
}

} // namespace rota
