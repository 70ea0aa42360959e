#include "runtime/storage/check_impl.hpp"

#include "messages/money_sum.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/files.hpp"
#include "runtime/storage/line_reader.hpp"
#include "runtime/storage/spool_index.hpp"

#include <algorithm>

namespace rota {

namespace {

void count(batch_counts& to, const item_result& x) {
  to.succeeded += x.state == item_state::succeeded;
  to.failed += x.state == item_state::failed;
  to.cancelled += x.state == item_state::cancelled;
  to.spent = saturated_sum(to.spent, x.cost);
}

std::string text_of(const batch_counts& x) {
  return std::to_string(x.succeeded) + " succeeded, " + std::to_string(x.failed)
         + " failed, " + std::to_string(x.cancelled) + " cancelled, "
         + to_string(x.spent) + " USD";
}

} // namespace

void checker::batches() {
  scan(family::batch, "the list of batches", [this](auto key, auto value) {
    ++out_.batches;
    const batch_id id{from_be64(key)};
    auto row = decode<batch_row>(value);
    if (!row || row->id != id)
      return find("The state of " + to_string(id) + " is damaged.");
    if (id.value == 0 || id.value > last_batch_)
      find(to_string(id) + " has a number that was never given.");
    batches_[id].row = std::move(*row);
  });
}

void checker::results() {
  scan(family::result, "the results",
       [this](auto key, auto value) { result(key, value); });
}

void checker::result(std::string_view key, std::string_view value) {
  ++out_.results;
  if (key.size() != 16)
    return find("A result has a key that none can have.");
  const job_id id{{from_be64(key)}, from_be64(key.substr(8))};
  const auto name = "The result of item " + std::to_string(id.item) + " of "
                    + to_string(id.batch);
  const auto x = decode<item_result>(value);
  if (!x || x->id != id)
    return find(name + " is damaged.");
  const auto i = batches_.find(id.batch);
  if (i == batches_.end())
    return find(name + " belongs to a batch that there is not.");
  auto& [row, before_cursor, all, charged] = i->second;
  if (id.item >= row.total)
    find(name + " belongs to no line: the batch has "
         + std::to_string(row.total) + '.');
  count(all, *x);
  if (id.item < row.cursor)
    count(before_cursor, *x);
}

void checker::counters(const tally& x) {
  const auto& row = x.row;
  const auto name = to_string(row.id);
  // A batch that was cancelled counts the lines that never started as well.
  const auto closed = row.state == batch_state::cancelled
                      && row.ended.ended() == row.total;
  auto found = closed ? x.all : x.before_cursor;
  const auto wanted = closed ? row.total : row.cursor;
  if (closed)
    found.cancelled += row.total - std::min(row.total, x.all.ended());
  if (row.ended.ended() != wanted)
    find("The counters of " + name + " come to "
         + std::to_string(row.ended.ended()) + " lines of "
         + std::to_string(wanted) + '.');
  if (found.succeeded != row.ended.succeeded
      || found.failed != row.ended.failed
      || found.cancelled != row.ended.cancelled
      || found.spent != row.ended.spent)
    find("The counters of " + name + " (" + text_of(row.ended)
         + ") are not those of its results (" + text_of(found) + ").");
  if (row.cursor > row.total)
    find("The cursor of " + name + " stands behind its last line.");
  if (row.state == batch_state::completed && row.cursor != row.total)
    find(name + " is called completed, but stands at line "
         + std::to_string(row.cursor) + " of " + std::to_string(row.total)
         + '.');
  if (x.charged < x.all.spent)
    find("The results of " + name + " cost " + to_string(x.all.spent)
         + " USD, but the ledger has charged only "
         + to_string(x.charged.nearest()) + " for it.");
}

void checker::files_of(const batch_row& x) {
  const auto stem = target_.batch_dir + '/' + to_string(x.id);
  const auto lines = stem + ".jsonl";
  ++out_.files;
  const auto promised = content_of(stem + ".sha256");
  const auto digest = sha256_of(lines);
  const auto name = to_string(x.id);
  if (!digest)
    return find({lines, {}, 0,
                 "The lines of " + name + " are missing or cannot be read."});
  if (!promised)
    find({stem + ".sha256", {}, 0,
          "The digest of the lines of " + name + " is missing."});
  else if (*promised != *digest + "  " + name + ".jsonl\n")
    find({lines, {}, 0,
          "The lines of " + name + " or their digest in " + stem
            + ".sha256 were changed after they had been accepted."});
  lines_of(x, stem);
}

void checker::lines_of(const batch_row& x, const std::string& stem) {
  const auto damaged = [&](const char* ending, const char* what) {
    find({stem + ending, {}, 0,
          std::string{what} + " of " + to_string(x.id) + " is damaged."});
  };
  const auto index = decode_index(content_of(stem + ".index").value_or(""));
  const auto skips = decode_skips(content_of(stem + ".skip").value_or(""));
  if (!index)
    damaged(".index", "The index of the lines");
  if (!skips)
    damaged(".skip", "The list of lines to skip");
  if (!index || !skips)
    return;
  spool_index found;
  const auto fault
    = index_lines(stem + ".jsonl", *skips, index->longest, found);
  if (!fault.empty())
    find({stem + ".jsonl", {}, 0, fault});
  else if (encode_index(found) != encode_index(*index))
    damaged(".index", "The index does not fit the lines: one");
  if (index->items != x.total)
    find({stem + ".index", {}, 0,
          to_string(x.id) + " has " + std::to_string(x.total)
            + " lines, but its file " + std::to_string(index->items) + '.'});
}

} // namespace rota
