// Gives a fuzzer's function the files of folders, where there is no libFuzzer:
// its seeds and whatever it has found once.
// Usage: NAME_replay FOLDER...

#include "tests/fuzz/fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& x : fs::recursive_directory_iterator{argv[i]}) {
      if (!x.is_regular_file())
        continue;
      std::ifstream in{x.path(), std::ios::binary};
      const std::string text{std::istreambuf_iterator<char>{in}, {}};
      std::fprintf(stderr, "%s\n", x.path().c_str());
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()),
                             text.size());
      ++files;
    }
  std::fprintf(stderr, "%zu files\n", files);
  return files > 0 ? 0 : 1;
}
