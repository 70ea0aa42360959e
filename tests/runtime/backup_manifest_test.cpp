// The manifest of a backup: whole, or none.

#include "runtime/storage/backup_manifest.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

backup_manifest sample() {
  backup_manifest x;
  x.number = 3;
  x.made_at = {1'795'000'000'000};
  x.schema = 3;
  x.accounts = 2;
  x.entries = 602;
  x.batches = 1;
  x.results = 300;
  x.files = {{"store.head", std::string(64, 'a'), 8'192},
             {"batches/batch_1.jsonl", std::string(64, 'b'), 51'984}};
  return x;
}

} // namespace

TEST_CASE("a manifest says what was written into it", "[backup]") {
  const auto text = text_of(sample());
  const auto x = manifest_of(text);
  REQUIRE(x);
  CHECK(text_of(*x) == text);
  CHECK(x->number == 3);
  CHECK(x->made_at == timestamp{1'795'000'000'000});
  CHECK(x->results == 300);
  REQUIRE(x->files.size() == 2);
  CHECK(x->files[1].name == "batches/batch_1.jsonl");
  CHECK(x->files[1].bytes == 51'984);
}

TEST_CASE("a manifest that was changed anywhere is none", "[backup]") {
  const auto text = text_of(sample());
  for (size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(manifest_of(changed));
    CHECK_FALSE(manifest_of(text.substr(0, i)));
  }
}

TEST_CASE("a manifest names files of a state only", "[backup]") {
  for (const auto* name : {"batches/", "batches/..", "batches/../store.head",
                           "/etc/passwd", "../x", "store", ""}) {
    auto x = sample();
    x.files[1].name = name;
    CHECK_FALSE(manifest_of(text_of(x)));
  }
}
