#include "runtime/storage/state_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace rota {

namespace {

struct flock whole(short kind) {
  struct flock result {};
  result.l_type = kind;
  result.l_whence = SEEK_SET;
  return result;
}

} // namespace

state_lock::state_lock(const std::string& store_dir, mode how) {
  const auto replaces = how == mode::replace;
  const auto kind = static_cast<short>(replaces ? F_WRLCK : F_RDLCK);
  file_ = ::open((store_dir + "/LOCK").c_str(),
                 (replaces ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (file_ < 0)
    return;
  auto wanted = whole(kind);
  if (::fcntl(file_, F_SETLK, &wanted) == 0)
    return;
  auto found = whole(kind);
  if (::fcntl(file_, F_GETLK, &found) == 0 && found.l_type != F_UNLCK)
    holder_ = found.l_pid;
  else
    holder_ = -1; // It has just gone, or is of another machine.
}

state_lock::~state_lock() {
  if (file_ >= 0)
    ::close(file_);
}

} // namespace rota
