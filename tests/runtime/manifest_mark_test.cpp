// The list of tables against what was promised of it.

#include "runtime/storage/manifest_mark.hpp"
#include "tests/runtime/full_state.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <filesystem>
#include <fstream>

using namespace rota;

namespace {

void write_raw(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
}

/// A directory that names a list of tables.
struct fixture {
  temp_dir dir;
  std::string path = dir.path().string();
  const std::string text = "edit one, edit two, edit three";

  fixture() {
    name(7);
    write_raw(dir / "MANIFEST-000007", text);
  }

  void name(int number) const {
    write_raw(dir / "CURRENT", "MANIFEST-00000" + std::to_string(number) + '\n');
  }
};

} // namespace

TEST_CASE("a list of tables may grow, but not shrink or change", "[tables]") {
  const fixture on;
  const auto mark = mark_manifest(on.path);
  CHECK(mark.number == 7);
  CHECK(mark.bytes == on.text.size());
  CHECK(lacks(mark, on.path) == "");
  write_raw(on.dir / "MANIFEST-000007", on.text + ", edit four");
  CHECK(lacks(mark, on.path) == "");
  CHECK(mark_manifest(on.path, mark).bytes > mark.bytes);
  for (size_t size = 0; size < on.text.size(); ++size) {
    write_raw(on.dir / "MANIFEST-000007", on.text.substr(0, size));
    CHECK_THAT(lacks(mark, on.path),
               ContainsSubstring("lacks its last "
                                 + std::to_string(on.text.size() - size)));
  }
  for (size_t i = 0; i < on.text.size(); ++i) {
    auto changed = on.text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write_raw(on.dir / "MANIFEST-000007", changed);
    CHECK_THAT(lacks(mark, on.path), ContainsSubstring("was changed"));
  }
}

TEST_CASE("another list of tables is judged by its number", "[tables]") {
  const fixture on;
  const auto mark = mark_manifest(on.path);
  write_raw(on.dir / "MANIFEST-000008", "x");
  on.name(8);
  CHECK(lacks(mark, on.path) == "");
  write_raw(on.dir / "MANIFEST-000006", on.text);
  on.name(6);
  CHECK_THAT(lacks(mark, on.path), ContainsSubstring("an earlier list"));
  // RocksDB refuses these with words of its own.
  for (const auto* text : {"", "MANIFEST-", "MANIFEST-7", "nonsense\n"}) {
    write_raw(on.dir / "CURRENT", text);
    CHECK(lacks(mark, on.path) == "");
    CHECK(mark_manifest(on.path) == manifest_mark{});
  }
}

TEST_CASE("no table is deleted over a list that lost its end", "[tables]") {
  const temp_dir dir;
  const auto state = dir / "state";
  std::filesystem::copy(full_state::image().dir(), state,
                        std::filesystem::copy_options::recursive);
  const auto tables = [&state] {
    std::vector<std::string> result;
    for (const auto& x : std::filesystem::directory_iterator{state + "/store"})
      if (x.path().extension() == ".sst")
        result.push_back(x.path().string());
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto before = tables();
  REQUIRE(before.size() >= 4);
  const auto list
    = state + "/store/" + read_text(state + "/store/CURRENT").substr(0, 15);
  // At every length: most of them are an earlier list to RocksDB.
  const auto text = read_text(list);
  for (size_t size = text.size() - 1; size > text.size() / 2; size -= 7) {
    write_raw(list, text.substr(0, size));
    const auto fault = store::open(state + "/store", {}, [](const auto&) {})
                         .fault;
    CHECK_THAT(fault, ContainsSubstring(list + " lacks its last"));
    CHECK(tables() == before);
  }
  write_raw(list, text);
  CHECK(store::open(state + "/store", {}, [](const auto&) {}).fault == "");
}
