#include "runtime/storage/spool.hpp"

#include "actors/domain/batch_plan.hpp"
#include "runtime/storage/codec.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rota {

namespace {

constexpr uint64_t index_step = 256;

bool sync_path(const std::string& path) {
  const auto fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const auto good = ::fsync(fd) == 0;
  ::close(fd);
  return good;
}

bool write_durably(const std::string& path, const std::string& content) {
  {
    std::ofstream out{path, std::ios::binary | std::ios::trunc};
    out << content;
    if (!out.flush())
      return false;
  }
  return sync_path(path);
}

} // namespace

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string for_each_line(
  const std::string& path, uint64_t line_bytes_max,
  const std::function<void(uint64_t, uint64_t, std::string_view)>& f) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return "The file " + path + " cannot be read: "
           + std::strerror(errno) + ".";
  std::string chunk(256 * 1024, '\0');
  std::string line;
  uint64_t number = 0;
  uint64_t offset = 0; // Of the line.
  uint64_t at = 0;     // Of the chunk.
  auto pending = false;
  const auto end_line = [&](uint64_t next) {
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    f(++number, offset, line);
    line.clear();
    offset = next;
    pending = false;
  };
  while (in) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto size = static_cast<size_t>(in.gcount());
    std::string_view rest{chunk.data(), size};
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      const auto part = rest.substr(0, end);
      const auto room = line_bytes_max + 1 - std::min(line.size(),
                                                      line_bytes_max + 1);
      line += part.substr(0, room);
      pending = true;
      if (end == std::string_view::npos)
        break;
      rest.remove_prefix(end + 1);
      end_line(at + size - rest.size());
    }
    at += size;
  }
  if (in.bad())
    return "The file " + path + " cannot be read: "
           + std::strerror(errno) + ".";
  if (pending)
    end_line(at);
  return {};
}

// -- uploads ------------------------------------------------------------------

spool_files::spool_files(std::string dir) : dir_{std::move(dir)} {
  std::filesystem::create_directories(dir_);
  // What an earlier run had not accepted yet was never promised.
  for (const auto& x : std::filesystem::directory_iterator{dir_})
    if (x.path().extension() == ".part")
      std::filesystem::remove(x.path());
}

std::unique_ptr<spool_files::upload>
spool_files::begin(uint64_t bytes_max) {
  return std::make_unique<upload>(
    dir_ + "/upload-" + std::to_string(next_++) + ".part", bytes_max);
}

spool_files::upload::upload(std::string path, uint64_t bytes_max)
  : path_{std::move(path)}, bytes_max_{bytes_max} {
  file_ = std::fopen(path_.c_str(), "wbe");
  if (file_ == nullptr)
    fault_ = "The file " + path_ + " cannot be written: "
             + std::strerror(errno) + "; check state_dir.";
}

spool_files::upload::~upload() {
  if (file_ != nullptr)
    std::fclose(file_);
  if (!path_.empty())
    unlink(path_.c_str());
}

void spool_files::upload::write(std::string_view piece) {
  bytes_ += piece.size();
  if (!fault_.empty())
    return;
  if (bytes_ > bytes_max_)
    fault_ = "The file has more than " + std::to_string(bytes_max_)
             + " bytes; split it, or raise batch.max_file_bytes.";
  else if (std::fwrite(piece.data(), 1, piece.size(), file_) != piece.size())
    fault_ = "The file " + path_ + " cannot be written: "
             + std::strerror(errno) + "; check the disk of state_dir.";
}

std::string spool_files::upload::finish() {
  if (file_ != nullptr && std::fclose(std::exchange(file_, nullptr)) != 0
      && fault_.empty())
    fault_ = "The file " + path_ + " cannot be written: "
             + std::strerror(errno) + "; check the disk of state_dir.";
  if (fault_.empty())
    fault_ = unfold();
  return fault_;
}

std::string spool_files::upload::unfold() {
  // Only a document of its own kind is looked at whole: its first line is no
  // request, and "requests" comes early.
  std::ifstream in{path_, std::ios::binary};
  std::string head(4'096, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  const auto start = head.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || head[start] != '{')
    return {};
  const auto name = head.find_first_not_of(" \t\r\n", start + 1);
  if (name == std::string::npos
      || head.compare(name, 10, "\"requests\"") != 0)
    return {};
  in.clear();
  in.seekg(0);
  std::ostringstream whole;
  whole << in.rdbuf();
  std::string lines;
  if (!unfold_requests(whole.str(), [&lines](std::string_view x) {
        lines += x;
        lines += '\n';
      }))
    return {}; // The check of its lines says what is wrong.
  return write_durably(path_, lines)
           ? std::string{}
           : "The file " + path_ + " cannot be written; check the disk.";
}

std::string spool_files::seal(upload& x, batch_id id,
                              const std::vector<uint64_t>& bad_lines,
                              uint64_t line_bytes_max) {
  std::string skip;
  for (const auto number : bad_lines)
    skip += be64(number);
  std::string index;
  uint64_t items = 0;
  auto next_bad = bad_lines.begin();
  const auto fault = for_each_line(
    x.path_, line_bytes_max,
    [&](uint64_t number, uint64_t offset, std::string_view text) {
      while (next_bad != bad_lines.end() && *next_bad < number)
        ++next_bad;
      const auto bad = next_bad != bad_lines.end() && *next_bad == number;
      if (bad || is_blank(text))
        return;
      if (items++ % index_step == 0)
        index += be64(offset) + be64(number);
    });
  if (!fault.empty())
    return fault;
  const auto stem = dir_ + '/' + to_string(id);
  const auto good = write_durably(stem + ".skip", skip)
                    && write_durably(stem + ".index", index)
                    && sync_path(x.path_)
                    && rename(x.path_.c_str(), (stem + ".jsonl").c_str()) == 0
                    && sync_path(dir_);
  if (!good)
    return "The files of " + to_string(id) + " cannot be written: "
           + std::strerror(errno) + "; check the disk of state_dir.";
  x.path_.clear();
  return {};
}

} // namespace rota
