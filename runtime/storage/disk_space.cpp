#include "runtime/storage/disk_space.hpp"

#include "runtime/storage/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace rota {

std::optional<uint64_t> free_bytes(const std::string& path) {
  struct statvfs x {};
  if (::statvfs(path.c_str(), &x) != 0)
    return std::nullopt;
  return uint64_t{x.f_bavail} * x.f_frsize;
}

uint64_t background_bytes(const store_options& options) {
  return options.write_buffer_bytes * database::buffers_in_memory;
}

disk_space::disk_space(const std::string& store_dir,
                       const store_options& options, listener f)
  : dir_{store_dir},
    ballast_{store_dir + ".ballast"},
    ballast_bytes_{options.ballast_bytes},
    low_below_{options.low_space_bytes},
    enough_{low_below_ + low_below_ / 4},
    reserve_{background_bytes(options)},
    listener_{std::move(f)} {
  struct stat x {};
  has_ballast_ = ::stat(ballast_.c_str(), &x) == 0
                 && static_cast<uint64_t>(x.st_size) == ballast_bytes_;
}

void disk_space::look() {
  const auto free = free_bytes(dir_);
  if (!free)
    return;
  if (!has_ballast_ && *free >= enough_ + ballast_bytes_)
    take_ballast();
  const auto limit = low_ ? enough_ : low_below_;
  const auto before = std::exchange(low_, *free < limit);
  if (low_ != before)
    listener_(low_, *free);
}

bool disk_space::room_for(uint64_t bytes) {
  const auto fits = [this, bytes] {
    const auto free = free_bytes(dir_);
    return !free || *free >= bytes + reserve_;
  };
  if (fits())
    return true;
  if (!std::exchange(has_ballast_, false))
    return false;
  ::unlink(ballast_.c_str());
  return fits();
}

void disk_space::take_ballast() {
  const auto fd = ::open(ballast_.c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return;
  const auto size = static_cast<off_t>(ballast_bytes_);
  has_ballast_ = size == 0 || ::posix_fallocate(fd, 0, size) == 0;
  ::close(fd);
  if (!has_ballast_)
    ::unlink(ballast_.c_str());
}

} // namespace rota
