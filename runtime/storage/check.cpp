#include "runtime/storage/check.hpp"

#include "runtime/storage/check_impl.hpp"
#include "runtime/storage/schema.hpp"
#include "runtime/storage/store_keys.hpp"

#include <rocksdb/file_checksum.h>

#include <cstdio>
#include <tuple>

namespace rota {

namespace {

/// A store that is wrong everywhere need not say so a million times.
constexpr size_t findings_kept = 1'000;

constexpr std::string_view name_prefix = "name/";

/// RocksDB's own sum of a file.
std::optional<std::string> sum_of(const std::string& path) {
  const auto sum = rocksdb::GetFileChecksumGenCrc32cFactory()
                     ->CreateFileChecksumGenerator({path, {}});
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
    std::fopen(path.c_str(), "rbe"), &std::fclose};
  if (!file)
    return std::nullopt;
  std::string chunk(256 << 10, '\0');
  while (const auto size
         = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    sum->Update(chunk.data(), size);
  if (std::ferror(file.get()) != 0)
    return std::nullopt;
  sum->Finalize();
  return sum->GetChecksum();
}

/// What a table file is about, for somebody who wonders what is lost.
std::string contents(const rocksdb::LiveFileMetaData& x) {
  const auto records = std::to_string(x.num_entries) + " records";
  const auto& first = x.smallestkey;
  const auto& last = x.largestkey;
  if (x.column_family_name == "ledger" && first.size() == 8)
    return records + " of the ledger, segments "
           + std::to_string(from_be64(first)) + " to "
           + std::to_string(from_be64(last));
  if (x.column_family_name == "result" && first.size() == 16
      && last.size() == 16)
    return records + " of results, from line "
           + std::to_string(from_be64(std::string_view{first}.substr(8)) + 1)
           + " of " + to_string(batch_id{from_be64(first)}) + " to line "
           + std::to_string(from_be64(std::string_view{last}.substr(8)) + 1)
           + " of " + to_string(batch_id{from_be64(last)});
  return records + " of " + x.column_family_name;
}

} // namespace

check_report check_store(const check_target& target) {
  check_report result;
  result.dir = target.store_dir;
  checker{target, result}.run();
  return result;
}

void checker::run() {
  if (!open())
    return;
  tables();
  first_records();
  names();
  batches();
  ledger();
  heads();
  account_rows();
  clients();
  responses();
  high_water_mark();
  results();
  records();
  for (const auto& [id, x] : batches_) {
    counters(x);
    files_of(x.row);
  }
}

bool checker::open() {
  if (const auto strangers = database::strangers(target_.store_dir);
      !strangers.empty()) {
    out_.unchecked = newer("it has " + strangers.front());
    return false;
  }
  auto fault = base_.open_read_only(target_.store_dir);
  if (fault.empty()) {
    std::string value;
    std::ignore = base_.db->Get({}, base_[family::meta], "schema", &value);
    if (const auto found = decode<uint64_t>(value).value_or(0);
        found > store_schema)
      out_.unchecked = newer("schema " + std::to_string(found));
    return out_.unchecked.empty();
  }
  if (base_.forbidden) {
    out_.unchecked = fault;
    return false;
  }
  find(fault);
  // What is still readable tells what would be lost.
  fault = base_.open_read_only(target_.store_dir,
                               database::reading::lenient);
  return fault.empty();
}

std::string checker::newer(const std::string& theirs) const {
  return "The store in " + target_.store_dir
         + " was written by a newer rota (" + theirs
         + "): check it with that version.";
}

void checker::tables() {
  std::vector<rocksdb::LiveFileMetaData> tables;
  base_.db->GetLiveFilesMetaData(&tables);
  auto all_good = true;
  for (const auto& x : tables) {
    ++out_.files;
    const auto path = x.directory + '/' + x.relative_filename;
    const auto sum = sum_of(path);
    if (sum == x.file_checksum)
      continue;
    all_good = false;
    find({path, {}, 0,
          std::string{"The file "} + (sum ? "is damaged" : "cannot be read")
            + ": it holds " + contents(x) + "."});
  }
  if (!all_good)
    return; // Its blocks say no more than that.
  if (const auto status = base_.db->VerifyChecksum(); !status.ok())
    unreadable("a block of a table", status);
}

void checker::first_records() {
  const auto number = [this](const char* key, uint64_t otherwise) {
    std::string value;
    const auto status
      = base_.db->Get({}, base_[family::meta], key, &value);
    if (status.IsNotFound())
      return otherwise;
    const auto found = status.ok() ? decode<uint64_t>(value) : std::nullopt;
    if (!found)
      find("The record \"" + std::string{key} + "\" cannot be read.");
    return found.value_or(otherwise);
  };
  out_.schema = number("schema", 0);
  out_.run = number("run", 0);
  store_id_ = number("id", 0);
  last_batch_ = number("batch", 0);
  last_account_ = number("account", 0);
  record_count_ = number("records", 0);
}

void checker::names() {
  scan(family::meta, "the names of the accounts", [this](auto key, auto value) {
    if (!key.starts_with(name_prefix))
      return;
    const auto name = std::string{key.substr(name_prefix.size())};
    const auto id = decode<uint64_t>(value);
    if (!id || *id == 0 || *id > last_account_)
      return find({target_.store_dir, name, 0,
                   "The account's number cannot be read."});
    const auto x = account_id{static_cast<uint32_t>(*id)};
    if (const auto [i, fresh] = names_.emplace(x, name); !fresh)
      find({target_.store_dir, name, 0,
            "The account has the number of " + i->second + "."});
  });
}

void checker::records() {
  scan(family::record, "the records of requests", [this](auto key, auto value) {
    ++out_.records;
    const auto x = decode<usage_record>(value);
    if (!x || record_key(x->id) != key)
      find("The record of a request is damaged.");
    else if (x->id.run == 0 || x->id.run > out_.run)
      find("The record of " + to_string(x->id)
           + " is of a run that there was not.");
  });
  if (record_count_ != out_.records)
    find("There are " + std::to_string(out_.records) + " records of requests,"
         " but " + std::to_string(record_count_) + " were counted.");
}

std::string checker::name_of(account_id x) const {
  const auto i = names_.find(x);
  return i != names_.end() ? i->second : "account " + std::to_string(x.value);
}

void checker::find(check_finding x) {
  ++out_.finding_count;
  if (out_.findings.size() < findings_kept)
    out_.findings.push_back(std::move(x));
}

void checker::unreadable(const std::string& what,
                         const rocksdb::Status& status) {
  find("RocksDB cannot read " + what + ": " + text_of(status) + '.');
}

} // namespace rota
