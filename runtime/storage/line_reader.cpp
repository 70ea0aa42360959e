#include "runtime/storage/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace rota {

line_reader::line_reader(std::string path, uint64_t line_bytes_max,
                         size_t chunk_bytes)
  : path_{std::move(path)},
    line_bytes_max_{line_bytes_max},
    file_{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)},
    chunk_(chunk_bytes, '\0') {
  if (file_ < 0)
    blame();
}

line_reader::~line_reader() {
  if (file_ >= 0)
    ::close(file_);
}

void line_reader::blame() {
  fault_ = "The file " + path_ + " cannot be read ("
           + std::generic_category().message(errno)
           + "): check state_dir and its disk.";
}

void line_reader::seek(uint64_t offset, uint64_t number) {
  offset_ = offset;
  number_ = number - 1;
  at_ = end_ = 0;
}

bool line_reader::fill() {
  if (!fault_.empty())
    return false;
  ssize_t size = 0;
  do
    size = ::pread(file_, chunk_.data(), chunk_.size(),
                   static_cast<off_t>(offset_));
  while (size < 0 && errno == EINTR);
  if (size < 0) {
    blame();
    return false;
  }
  at_ = 0;
  end_ = static_cast<size_t>(size);
  return end_ > 0;
}

std::optional<file_line> line_reader::next() {
  // A byte more shows that a line is too long; one more may be its "\r".
  const auto kept = line_bytes_max_ + 2;
  const auto begin = offset_;
  std::string_view text;
  auto begun = false;
  auto ended = false;
  long_.clear();
  while (!ended && (at_ < end_ || fill())) {
    const std::string_view rest{chunk_.data() + at_, end_ - at_};
    const auto size = std::min(rest.find('\n'), rest.size());
    ended = size < rest.size();
    const auto taken = size + (ended ? 1 : 0);
    at_ += taken;
    offset_ += taken;
    text = rest.substr(0, size);
    if (begun || !ended) { // Its beginning or its end lies in another chunk.
      long_ += text.substr(0, kept - std::min(kept, uint64_t{long_.size()}));
      text = long_;
    }
    begun = true;
  }
  if (!begun || !fault_.empty())
    return std::nullopt;
  const auto size = offset_ - begin - (ended ? 1 : 0);
  if (size == text.size() && !text.empty() && text.back() == '\r')
    text.remove_suffix(1);
  return file_line{++number_, begin, text.substr(0, line_bytes_max_ + 1)};
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string for_each_line(
  const std::string& path, uint64_t line_bytes_max,
  const std::function<void(uint64_t, uint64_t, std::string_view)>& f) {
  line_reader reader{path, line_bytes_max};
  while (const auto line = reader.next())
    f(line->number, line->offset, line->text);
  return reader.fault();
}

} // namespace rota
