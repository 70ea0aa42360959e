#include "runtime/storage/spool_index.hpp"

#include "runtime/storage/codec.hpp"
#include "runtime/storage/crc32c.hpp"
#include "runtime/storage/line_reader.hpp"

#include <algorithm>
#include <filesystem>

namespace rota {

namespace {

constexpr std::string_view index_form = "rotaidx1";
constexpr std::string_view skips_form = "rotaskp1";

std::string sealed(std::string x) {
  x += be32(crc32c(x));
  return x;
}

/// The numbers of a file. @returns Nothing if it is damaged.
std::optional<std::vector<uint64_t>> numbers_of(std::string_view file,
                                                std::string_view form) {
  if (file.size() < form.size() + 4 || !file.starts_with(form)
      || (file.size() - form.size() - 4) % 8 != 0)
    return std::nullopt;
  const auto body = file.substr(0, file.size() - 4);
  if (from_be32(file.substr(body.size())) != crc32c(body))
    return std::nullopt;
  std::vector<uint64_t> result;
  for (auto i = form.size(); i < body.size(); i += 8)
    result.push_back(from_be64(body.substr(i, 8)));
  return result;
}

} // namespace

std::string encode_index(const spool_index& x) {
  std::string result{index_form};
  result += be64(x.bytes) + be64(x.items) + be64(x.longest);
  for (const auto& row : x.rows)
    result += be64(row.offset) + be64(row.line);
  return sealed(std::move(result));
}

std::optional<spool_index> decode_index(const std::string& file) {
  const auto numbers = numbers_of(file, index_form);
  if (!numbers || numbers->size() % 2 != 1 || numbers->size() < 3)
    return std::nullopt;
  spool_index result;
  result.bytes = (*numbers)[0];
  result.items = (*numbers)[1];
  result.longest = (*numbers)[2];
  for (size_t i = 3; i < numbers->size(); i += 2)
    result.rows.push_back({(*numbers)[i], (*numbers)[i + 1]});
  if (result.rows.size()
      != (result.items + spool_index::step - 1) / spool_index::step)
    return std::nullopt;
  return result;
}

std::string encode_skips(const std::vector<uint64_t>& lines) {
  std::string result{skips_form};
  for (const auto x : lines)
    result += be64(x);
  return sealed(std::move(result));
}

std::optional<std::vector<uint64_t>> decode_skips(const std::string& file) {
  return numbers_of(file, skips_form);
}

std::optional<uint64_t> count_of_skips(uint64_t file_bytes) {
  const auto least = skips_form.size() + 4;
  if (file_bytes < least || (file_bytes - least) % 8 != 0)
    return std::nullopt;
  return (file_bytes - least) / 8;
}

std::string index_lines(const std::string& path,
                        const std::vector<uint64_t>& bad_lines,
                        uint64_t line_bytes_max, spool_index& to) {
  auto next_bad = bad_lines.begin();
  auto fault = for_each_line(
    path, line_bytes_max,
    [&](uint64_t number, uint64_t offset, std::string_view text) {
      while (next_bad != bad_lines.end() && *next_bad < number)
        ++next_bad;
      const auto bad = next_bad != bad_lines.end() && *next_bad == number;
      if (bad || is_blank(text))
        return;
      to.longest = std::max(to.longest, uint64_t{text.size()});
      if (to.items++ % spool_index::step == 0)
        to.rows.push_back({offset, number});
    });
  std::error_code err;
  to.bytes = std::filesystem::file_size(path, err);
  if (fault.empty() && err)
    fault = "The file " + path + " cannot be read (" + err.message()
            + "): check state_dir and its disk.";
  return fault;
}

} // namespace rota
