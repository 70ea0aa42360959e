#include "runtime/storage/state_copy.hpp"

#include "runtime/storage/files.hpp"
#include "runtime/storage/high_water.hpp"

#include <filesystem>

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
