#pragma once

#include <cstdio>
#include <cstdlib>

namespace rota {

/// Called before the process ends over a broken invariant; null: nothing is.
inline void (*on_broken_invariant)() = nullptr;

[[noreturn, gnu::cold]] inline void
broken_invariant(const char* what, const char* condition, const char* file,
                 int line) {
  std::fprintf(stderr, "rota: broken invariant: %s (%s) at %s:%d\n", what,
               condition, file, line);
  if (on_broken_invariant != nullptr)
    on_broken_invariant();
  std::abort();
}

} // namespace rota

/// A broken invariant of the books is no error to report but a reason to stop:
/// what is on disk is right, what is in memory is not. Stays on in release.
#define ROTA_CHECK(condition, what)                                            \
  do {                                                                         \
    if (!(condition)) [[unlikely]]                                             \
      ::rota::broken_invariant(what, #condition, __FILE__, __LINE__);          \
  } while (false)
