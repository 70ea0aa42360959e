#include "runtime/storage/manifest_mark.hpp"

#include "runtime/storage/crc32c.hpp"
#include "runtime/storage/files.hpp"

#include <charconv>
#include <filesystem>

namespace rota {

namespace {

constexpr std::string_view prefix = "MANIFEST-";

/// The number of the list that CURRENT names; 0 if it names none.
uint64_t current(const std::string& store_dir) {
  const auto text = content_of(store_dir + "/CURRENT").value_or("");
  uint64_t result = 0;
  if (text.starts_with(prefix) && text.ends_with('\n'))
    std::from_chars(text.data() + prefix.size(), text.data() + text.size(),
                    result);
  return result;
}

std::string path_of(const std::string& store_dir, uint64_t number) {
  auto digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return store_dir + '/' + std::string{prefix} + digits;
}

} // namespace

manifest_mark mark_manifest(const std::string& store_dir,
                            const manifest_mark& last) {
  manifest_mark result;
  result.number = current(store_dir);
  const auto path = path_of(store_dir, result.number);
  std::error_code err;
  result.bytes = std::filesystem::file_size(path, err);
  if (result.number == 0 || err)
    return {};
  if (result.number == last.number && result.bytes == last.bytes)
    return last;
  const auto text = content_of(path);
  if (!text || text->size() < result.bytes || !sync_path(path))
    return {};
  result.crc = crc32c(std::string_view{*text}.substr(0, result.bytes));
  return result;
}

std::string lacks(const manifest_mark& promised,
                  const std::string& store_dir) {
  const auto now = current(store_dir);
  if (promised.number == 0 || now == 0 || now > promised.number)
    return {};
  const auto path = path_of(store_dir, promised.number);
  if (now < promised.number)
    return store_dir + "/CURRENT names an earlier list of tables than " + path;
  const auto text = content_of(path);
  if (!text)
    return {};
  if (text->size() < promised.bytes)
    return "the list of tables " + path + " lacks its last "
           + std::to_string(promised.bytes - text->size()) + " bytes";
  if (crc32c(std::string_view{*text}.substr(0, promised.bytes))
      != promised.crc)
    return "the list of tables " + path + " was changed";
  return {};
}

} // namespace rota
