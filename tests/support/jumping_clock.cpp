// A library to be preloaded: the process sees the wall clock moved by as many
// seconds as the file ROTA_CLOCK holds, a little-endian int64, at any moment;
// the steady clocks are left alone. Debian's libfaketime cannot start a program
// that brings jemalloc.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

std::atomic<const volatile int64_t*> moved_by = nullptr;

__attribute__((constructor)) void find_clock() {
  const auto* path = std::getenv("ROTA_CLOCK");
  const auto fd = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  auto* at = ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED)
    moved_by = static_cast<const volatile int64_t*>(at);
}

} // namespace

extern "C" int clock_gettime(clockid_t which, timespec* x) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, which, x));
  const auto* by = moved_by.load();
  if (result == 0 && by != nullptr
      && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
    x->tv_sec += *by;
  return result;
}

extern "C" int gettimeofday(timeval* x, void*) noexcept {
  timespec now{};
  const auto result = clock_gettime(CLOCK_REALTIME, &now);
  x->tv_sec = now.tv_sec;
  x->tv_usec = now.tv_nsec / 1'000;
  return result;
}

extern "C" time_t time(time_t* x) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (x != nullptr)
    *x = now.tv_sec;
  return now.tv_sec;
}
