#include "runtime/storage/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

namespace rota {

namespace {

namespace fs = std::filesystem;

/// Makes a file of a text. Streams say that they failed, but not why.
/// @returns Whether it did; else errno says why.
bool put(const std::string& path, std::string_view text) {
  const auto fd
    = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return false;
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR)
      break;
    if (n > 0)
      text.remove_prefix(static_cast<size_t>(n));
  }
  const auto why = errno;
  const auto good = ::close(fd) == 0 && text.empty();
  if (!text.empty())
    errno = why;
  return good;
}

} // namespace

private_files::private_files() : before_{::umask(077)} {
  // nop
}

private_files::~private_files() {
  ::umask(before_);
}

std::string cannot(const std::string& path, const char* what,
                   const std::error_code& why) {
  return "The file " + path + " cannot be " + what + " (" + why.message()
         + "): check the disk and the permissions of its directory.";
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

bool sync_path(const std::string& path) {
  const auto fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const auto good = ::fsync(fd) == 0;
  const auto why = errno;
  ::close(fd);
  errno = why;
  return good;
}

bool sync_directory_of(const std::string& path) {
  const auto dir = fs::path{path}.parent_path().string();
  return sync_path(dir.empty() ? "." : dir);
}

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  if (!in || (in.peek() != EOF && !(out << in.rdbuf())))
    return std::nullopt;
  return out.str();
}

std::string write_durably(const std::string& path, const std::string& content) {
  const auto part = path + ".part";
  return put(part, content) ? name_durably(part, path)
                            : cannot(path, "written", last_error());
}

std::string name_durably(const std::string& part, const std::string& path) {
  if (!sync_path(part) || ::rename(part.c_str(), path.c_str()) != 0
      || !sync_directory_of(path))
    return cannot(path, "written", last_error());
  return {};
}

std::string copy_durably(const std::string& from, const std::string& to) {
  std::error_code err;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, err);
  if (err)
    return cannot(from, ("copied to " + to).c_str(), err);
  return sync_path(to) ? std::string{} : cannot(to, "written", last_error());
}

std::string link_or_copy(const std::string& from, const std::string& to) {
  return ::link(from.c_str(), to.c_str()) == 0 ? std::string{}
                                               : copy_durably(from, to);
}

std::error_code make_private_path(const std::string& path) {
  std::error_code err;
  fs::path at;
  for (const auto& part : fs::path{path}) {
    at /= part; // Those above are nobody else's, either, if they are made here.
    if (!err && !fs::exists(at, err) && !err
        && ::mkdir(at.c_str(), 0700) != 0 && errno != EEXIST)
      err = last_error();
  }
  if (!err && !fs::is_directory(path, err) && !err)
    err = std::make_error_code(std::errc::not_a_directory);
  return err;
}

std::string make_private_directory(const std::string& path) {
  const auto err = make_private_path(path);
  return err ? "The directory " + path + " cannot be made (" + err.message()
                 + "): choose another one, or give this user write access."
             : std::string{};
}

std::string sync_tree(const std::string& dir) {
  std::error_code err;
  for (fs::recursive_directory_iterator i{dir, err}, end; !err && i != end;
       i.increment(err))
    if (!sync_path(i->path().string()))
      return cannot(i->path().string(), "written", last_error());
  if (err)
    return cannot(dir, "read", err);
  return sync_path(dir) ? std::string{} : cannot(dir, "written", last_error());
}

} // namespace rota
