#include "runtime/storage/high_water.hpp"

#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/files.hpp"
#include "runtime/storage/record_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

namespace rota {

namespace {

constexpr size_t slot_bytes = 4'096;
constexpr std::string_view magic = "rotahead";
constexpr size_t prefix_bytes = magic.size() + 2;

/// Accounts that a sentence names.
constexpr size_t named_max = 5;

template <class F, class Mark>
void fields(F& f, Mark& x) {
  f(x.store);
  f(x.generation);
  f(x.writes);
  f(x.entries);
  f(x.heads);
  f(x.clean);
}

/// The magic, the length of the record (two bytes, the lowest first), the
/// record, zeros.
std::string slot_of(const high_water& x) {
  std::string record;
  {
    record_writer out{record};
    fields(out, x);
    const auto n = std::min(x.latest.size(), high_water::latest_max);
    out.number(n);
    for (size_t i = 0; i < n; ++i) {
      out.number(x.latest[i].account.value);
      out.number(x.latest[i].seq);
    }
    out.number(x.tables.number);
    out.number(x.tables.bytes);
    out.number(x.tables.crc);
  }
  std::string result{magic};
  result += static_cast<char>(record.size() & 0xff);
  result += static_cast<char>(record.size() >> 8);
  result += record;
  result.resize(slot_bytes);
  return result;
}

std::optional<high_water> mark_of(std::string_view slot) {
  if (slot.size() < prefix_bytes || !slot.starts_with(magic))
    return std::nullopt;
  const auto byte = [slot](size_t i) {
    return size_t{static_cast<unsigned char>(slot[i])};
  };
  const auto size = byte(magic.size()) | byte(magic.size() + 1) << 8;
  if (size > slot.size() - prefix_bytes)
    return std::nullopt;
  record_reader in{slot.substr(prefix_bytes, size)};
  std::optional<high_water> result{std::in_place};
  fields(in, *result);
  const auto n = in.number(high_water::latest_max);
  for (uint64_t i = 0; i < n && in.good(); ++i) {
    const auto account = static_cast<uint32_t>(in.number(UINT32_MAX));
    result->latest.push_back({{account}, in.number()});
  }
  in(result->tables.number);
  in(result->tables.bytes);
  in(result->tables.crc);
  if (!in.done())
    result.reset();
  return result;
}

bool write_at(int fd, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
    at += n;
  }
  return true;
}

std::string counted(uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " acknowledged "
         + (n == 1 ? std::string{one} + " is" : std::string{many} + " are")
         + " missing";
}

} // namespace

void combine(chain_digest& all, const chain_digest& one) {
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<uint8_t>(all[i] ^ one[i]);
}

std::string high_water_path(const std::string& store_dir) {
  auto end = store_dir.size();
  while (end > 1 && store_dir[end - 1] == '/')
    --end;
  return store_dir.substr(0, end) + ".head";
}

high_water_found read_high_water(const std::string& path) {
  high_water_found result;
  const auto fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    result.exists = errno != ENOENT;
    if (result.exists)
      result.fault = cannot(path, "read", last_error());
    return result;
  }
  result.exists = true;
  for (off_t at : {0, static_cast<int>(slot_bytes)}) {
    std::string slot(slot_bytes, '\0');
    const auto n = ::pread(fd, slot.data(), slot.size(), at);
    slot.resize(n > 0 ? static_cast<size_t>(n) : 0);
    auto mark = mark_of(slot);
    if (!mark)
      ++result.damaged;
    else if (!result.mark || mark->generation > result.mark->generation)
      result.mark = std::move(mark);
  }
  ::close(fd);
  if (!result.mark)
    result.fault = "The file " + path + " is damaged: both of its slots.";
  return result;
}

std::string make_high_water(const std::string& path, const high_water& x) {
  const auto fresh = path + ".part";
  const auto fd
    = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return cannot(path, "made", last_error());
  const auto slot = slot_of(x);
  const auto good = write_at(fd, slot + slot, 0) && ::fsync(fd) == 0;
  ::close(fd);
  kill_point("head/made");
  if (!good || ::rename(fresh.c_str(), path.c_str()) != 0
      || !sync_directory_of(path))
    return cannot(path, "made", last_error());
  kill_point("head/renamed");
  return {};
}

high_water_file::~high_water_file() {
  if (fd_ >= 0)
    ::close(fd_);
}

std::string high_water_file::open(const std::string& path) {
  path_ = path;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  return fd_ >= 0 ? std::string{} : cannot(path, "opened", last_error());
}

std::string high_water_file::write(const high_water& x) {
  const auto at = static_cast<off_t>(x.generation % 2 * slot_bytes);
  kill_point("head/before");
  auto good = write_at(fd_, slot_of(x), at);
  kill_point("head/written");
  good = good && ::fdatasync(fd_) == 0;
  if (!good)
    return cannot(path_, "written", last_error());
  kill_point("head/synced");
  return {};
}

std::string missing(const high_water& promised, const high_water& found,
                    const std::function<std::string(account_id)>& name_of) {
  std::unordered_map<account_id, uint64_t> has;
  for (const auto& x : found.latest)
    has[x.account] = x.seq;
  uint64_t lost = 0;
  size_t concerned = 0;
  std::string who;
  for (const auto& x : promised.latest) {
    const auto seq = has[x.account];
    if (seq >= x.seq)
      continue;
    lost += x.seq - seq;
    if (++concerned <= named_max)
      who += (who.empty() ? "" : ", ") + name_of(x.account) + " lacks "
             + std::to_string(x.seq - seq);
  }
  if (concerned > named_max)
    who += ", and " + std::to_string(concerned - named_max) + " more";
  if (promised.entries > found.entries)
    lost = std::max(lost, promised.entries - found.entries);
  if (lost > 0)
    return counted(lost, "entry", "entries")
           + (who.empty() ? "" : " (" + who + ")");
  if (promised.writes > found.writes)
    return counted(promised.writes - found.writes, "record", "records")
           + " (none of them an entry)";
  return {};
}

} // namespace rota
