#include "runtime/engine/program_pages.hpp"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace rota {

void release_program_pages() {
  std::ifstream maps{"/proc/self/smaps"};
  uintptr_t begin = 0;
  uintptr_t end = 0;
  auto unchanging = false;
  // Of each mapping a line with begin, end, permissions, offset, device, inode
  // and path, then its figures, one a line; see proc(5).
  for (std::string line; std::getline(maps, line);) {
    char permissions[5] = "";
    char path = '\0'; // Its first character; the kernel's own have brackets.
    uintptr_t from = 0;
    uintptr_t to = 0;
    const auto found = std::sscanf(
      line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %c", &from, &to,
      permissions, &path);
    if (found >= 3) {
      begin = from;
      end = to;
      unchanging = path == '/' && permissions[1] == '-'
                   && permissions[3] == 'p';
    } else if (unchanging && line.starts_with("Anonymous:")
               && std::strtoul(line.c_str() + sizeof("Anonymous:") - 1, nullptr,
                               10)
                    == 0) {
      // A refusal is no fault: then they stay.
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
  }
}

} // namespace rota
