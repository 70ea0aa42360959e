#include "runtime/storage/codec.hpp"
#include "runtime/storage/spool.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace rota {

namespace {

constexpr uint64_t index_step = 256;
constexpr size_t index_row = 16;

/// Files that stay open at the same time; more are opened again when needed.
constexpr size_t open_max = 32;

std::string text_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Reads the items of one batch, mostly one after the other.
class item_reader {
public:
  item_reader(const std::string& dir, batch_id id)
    : stem_{dir + '/' + to_string(id)},
      file_{stem_ + ".jsonl", std::ios::binary} {
    const auto skip = text_of(stem_ + ".skip");
    for (size_t i = 0; i + 8 <= skip.size(); i += 8)
      skip_.push_back(from_be64(std::string_view{skip}.substr(i, 8)));
  }

  line_block_ptr read(const lines_wanted& x) {
    auto block = std::make_shared<line_block>();
    block->batch = x.batch;
    if (!file_) {
      block->error = "the file " + stem_ + ".jsonl cannot be read";
      return block;
    }
    if (x.item != item_ && !seek(x.item)) {
      block->error = "the file " + stem_ + ".index is damaged";
      return block;
    }
    struct place {
      uint64_t number;
      size_t begin, size;
    };
    std::vector<place> places;
    std::string line;
    const auto first = item_;
    while (places.size() < x.count
           && (places.empty() || block->text.size() < x.max_bytes)
           && next(line)) {
      places.push_back({number_, block->text.size(), line.size()});
      block->text += line;
    }
    const std::string_view text{block->text};
    for (size_t i = 0; i < places.size(); ++i)
      block->lines.push_back({first + i, places[i].number,
                              text.substr(places[i].begin, places[i].size)});
    return block;
  }

private:
  bool next(std::string& line) {
    while (std::getline(file_, line)) {
      ++number_;
      if (!line.empty() && line.back() == '\r')
        line.pop_back();
      if (is_blank(line)
          || std::binary_search(skip_.begin(), skip_.end(), number_))
        continue;
      ++item_;
      return true;
    }
    file_.clear(); // The end is no fault.
    return false;
  }

  bool seek(uint64_t item) {
    std::ifstream index{stem_ + ".index", std::ios::binary};
    char row[index_row];
    index.seekg(static_cast<std::streamoff>(item / index_step * index_row));
    if (!index.read(row, index_row))
      return false;
    const std::string_view fields{row, index_row};
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(from_be64(fields.substr(0, 8))));
    number_ = from_be64(fields.substr(8)) - 1;
    item_ = item / index_step * index_step;
    std::string line;
    while (item_ < item)
      if (!next(line))
        return false;
    return true;
  }

  std::string stem_;
  std::ifstream file_;
  std::vector<uint64_t> skip_;
  uint64_t item_ = 0;   // Next to be read.
  uint64_t number_ = 0; // Of the line before it.
};

struct spool_state {
  static constexpr const char* name = "spool";
  std::string dir;
  std::map<batch_id, std::unique_ptr<item_reader>> readers;

  line_block_ptr read(const lines_wanted& x) {
    auto& reader = readers[x.batch];
    if (!reader) {
      if (readers.size() > open_max)
        for (auto i = readers.begin(); i != readers.end();)
          i = i->first != x.batch ? readers.erase(i) : std::next(i);
      readers[x.batch] = std::make_unique<item_reader>(dir, x.batch);
    }
    return readers[x.batch]->read(x);
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
