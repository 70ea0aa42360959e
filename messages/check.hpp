#pragma once

#include <cstdio>
#include <cstdlib>

/// A broken invariant of the books is no error to report but a reason to stop:
/// what is on disk is right, what is in memory is not. Stays on in release.
#define ROTA_CHECK(condition, what)                                            \
  do {                                                                         \
    if (!(condition)) [[unlikely]] {                                           \
      std::fprintf(stderr, "rota: broken invariant: %s (%s) at %s:%d\n", what, \
                   #condition, __FILE__, __LINE__);                            \
      std::abort();                                                            \
    }                                                                          \
  } while (false)
