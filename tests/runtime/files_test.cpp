#include "runtime/storage/files.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text_file.hpp"

#include <filesystem>

using namespace rota;

TEST_CASE("a file that cannot be written says why", "[files]") {
  const temp_dir dir;
  CHECK(write_durably(dir / "a", "text") == "");
  CHECK(read_text(dir / "a") == "text");
  CHECK_THAT(write_durably(dir / "none/a", "text"),
             ContainsSubstring("written (No such file or directory)"));
  std::filesystem::create_symlink("/dev/full", dir / "b.part");
  CHECK_THAT(write_durably(dir / "b", "text"),
             ContainsSubstring("written (No space left on device)"));
}
