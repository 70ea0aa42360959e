#include "runtime/storage/state_copy.hpp"

#include "runtime/storage/files.hpp"
#include "runtime/storage/high_water.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <vector>

namespace rota {

namespace {

namespace fs = std::filesystem;

/// Files that RocksDB writes to or renames; the others never change.
bool is_table(const fs::path& x) {
  return x.extension() == ".sst";
}

/// What only a daemon that runs needs.
bool is_passing(const fs::path& x) {
  const auto name = x.filename().string();
  return name == "LOCK" || name.starts_with("LOG");
}

constexpr std::string_view copy_begin = "/copy-";
constexpr std::string_view copy_end = ".part";

template <class F>
std::string for_each_file(const std::string& dir, F f) {
  std::error_code err;
  std::string fault;
  for (fs::directory_iterator i{dir, err}, end; !err && i != end;
       i.increment(err))
    if (fault.empty() && i->is_regular_file(err))
      fault = f(i->path());
  if (err && fault.empty())
    fault = "The directory " + dir + " cannot be read (" + err.message()
            + "): check it and its permissions.";
  return fault;
}

} // namespace

std::string copy_state(const std::string& state_dir, const std::string& to) {
  const auto store = state_dir + "/store";
  auto fault = make_private_directory(to);
  if (fault.empty())
    fault = make_private_directory(to + "/store");
  const auto mark = high_water_path(store);
  if (fault.empty() && fs::exists(mark))
    fault = copy_durably(mark, high_water_path(to + "/store"));
  if (fault.empty())
    fault = for_each_file(store, [&to](const fs::path& x) -> std::string {
      const auto copy = to + "/store/" + x.filename().string();
      if (is_passing(x))
        return {};
      return is_table(x) ? link_or_copy(x.string(), copy)
                         : copy_durably(x.string(), copy);
    });
  if (fault.empty())
    fault = copy_batches(state_dir + "/batches", to + "/batches");
  return fault;
}

std::string passing_copy(const std::string& state_dir) {
  return state_dir + std::string{copy_begin} + std::to_string(getpid())
         + std::string{copy_end};
}

void remove_left_copies(const std::string& state_dir) {
  std::error_code err;
  std::vector<std::string> left;
  for (fs::directory_iterator i{state_dir, err}, end; !err && i != end;
       i.increment(err)) {
    const auto path = i->path().string();
    const auto name = std::string_view{path}.substr(path.rfind('/'));
    if (!name.starts_with(copy_begin) || !name.ends_with(copy_end))
      continue;
    const auto digits = name.substr(
      copy_begin.size(), name.size() - copy_begin.size() - copy_end.size());
    pid_t owner = 0;
    const auto* end_of = digits.data() + digits.size();
    if (const auto [at, fault] = std::from_chars(digits.data(), end_of, owner);
        fault == std::errc{} && at == end_of && owner > 0
        && (owner == getpid() || (::kill(owner, 0) != 0 && errno == ESRCH)))
      left.push_back(path);
  }
  for (const auto& path : left)
    fs::remove_all(path, err);
}

std::string copy_batches(const std::string& from, const std::string& to) {
  auto fault = make_private_directory(to);
  std::error_code err;
  if (!fault.empty() || !fs::exists(from, err))
    return fault;
  return for_each_file(from, [&to](const fs::path& x) -> std::string {
    if (x.extension() == ".part")
      return {}; // Not accepted yet.
    return link_or_copy(x.string(), to + '/' + x.filename().string());
  });
}

} // namespace rota
