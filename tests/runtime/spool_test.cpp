// The files of batches: taken in whole or not at all, and read back item by
// item from anywhere.

#include "runtime/storage/line_reader.hpp"
#include "runtime/storage/spool.hpp"
#include "runtime/storage/spool_index.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text_file.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <random>

using namespace rota;

namespace {

struct seen_line {
  uint64_t number = 0;
  uint64_t offset = 0;
  std::string text;
  friend bool operator==(const seen_line&, const seen_line&) = default;
};

std::vector<seen_line> lines_in(const std::string& path, uint64_t most = 100) {
  std::vector<seen_line> result;
  CHECK(for_each_line(path, most,
                      [&](uint64_t number, uint64_t offset,
                          std::string_view text) {
                        result.push_back({number, offset, std::string{text}});
                      })
        == "");
  return result;
}

std::vector<std::string> texts_of(const std::vector<seen_line>& xs) {
  std::vector<std::string> result;
  for (const auto& x : xs)
    result.push_back(x.text);
  return result;
}

/// A directory of batch files, and the actor that reads them.
struct spool_fixture {
  temp_dir dir;
  spool_files files{dir / "batches"};
  deterministic_system fix;
  spool_actor aut = spawn_spool(fix.sys, dir / "batches");

  ~spool_fixture() {
    fix.end(aut);
  }

  /// Takes in a text in pieces of a size.
  std::string take(batch_id id, const std::string& text,
                   const std::vector<uint64_t>& bad = {}, size_t piece = 7,
                   uint64_t line_bytes_max = 1'000) {
    const auto upload = files.begin(1 << 20);
    for (size_t i = 0; i < text.size(); i += piece)
      upload->write(std::string_view{text}.substr(i, piece));
    auto fault = upload->finish();
    if (fault.empty())
      fault = files.seal(*upload, id, bad, line_bytes_max);
    return fault;
  }

  std::string stored(batch_id id) const {
    return read_text(dir / ("batches/" + to_string(id) + ".jsonl"));
  }

  line_block_ptr read(batch_id id, uint64_t item, uint32_t count,
                      uint64_t max_bytes = 1 << 20) {
    auto said = fix.ask<line_block_ptr>(
      aut, atom::read_v, lines_wanted{id, item, count, max_bytes});
    REQUIRE(std::holds_alternative<line_block_ptr>(said));
    return std::get<line_block_ptr>(said);
  }

  /// The texts of a block whose items are numbered as they should be.
  std::vector<std::string> items(batch_id id, uint64_t item, uint32_t count) {
    const auto block = read(id, item, count);
    CHECK(block->error == "");
    CHECK(block->batch == id);
    std::vector<std::string> result;
    for (const auto& x : block->lines) {
      CHECK(x.index == item + result.size());
      result.emplace_back(x.text);
    }
    return result;
  }

  size_t files_left() const {
    size_t result = 0;
    for (const auto& x : std::filesystem::directory_iterator{dir / "batches"})
      result += x.is_regular_file();
    return result;
  }
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("lines are found whatever their ends", "[storage]") {
  temp_dir dir;
  const auto path = dir / "x";
  const auto write = [&path](const std::string& text) {
    write_file(path, text);
    return lines_in(path);
  };
  CHECK(write("").empty());
  CHECK(write("a\nbc\n") == std::vector<seen_line>{{1, 0, "a"}, {2, 2, "bc"}});
  CHECK(write("a\nbc") == std::vector<seen_line>{{1, 0, "a"}, {2, 2, "bc"}});
  CHECK(write("a\r\n\r\nb\r")
        == std::vector<seen_line>{{1, 0, "a"}, {2, 3, ""}, {3, 5, "b"}});
  CHECK(texts_of(write("\n\n")) == texts{"", ""});
  CHECK(texts_of(write("a\rb\n")) == texts{"a\rb"});
  CHECK_THAT(for_each_line(dir / "absent", 9,
                           [](uint64_t, uint64_t, std::string_view) {}),
             ContainsSubstring("absent cannot be read"));
}

TEST_CASE("a line that is too long is cut, not kept", "[storage]") {
  temp_dir dir;
  const auto path = dir / "x";
  const std::string ten(10, 'x');
  write_file(path, ten + "\n" + ten + "\r\n" + ten + "y\n" + ten + "\ry\n"
                     + std::string(5'000'000, 'z') + "\nend");
  const auto found = lines_in(path, 10);
  REQUIRE(found.size() == 6);
  CHECK(found[0].text == ten);
  CHECK(found[1].text == ten);
  CHECK(found[2].text == ten + "y");
  CHECK(found[3].text == ten + "\r");
  CHECK(found[4].text == std::string(11, 'z'));
  CHECK(found[5] == seen_line{6, 5'000'049, "end"});
}

TEST_CASE("lines do not depend on where the reads fall", "[storage]") {
  temp_dir dir;
  const auto path = dir / "x";
  std::mt19937 draw{3};
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += std::string(draw() % 30, static_cast<char>('a' + i % 26))
            + (draw() % 2 == 0 ? "\n" : "\r\n");
  write_file(path, text);
  const auto whole = lines_in(path, 20);
  for (size_t chunk = 1; chunk < 40; ++chunk) {
    line_reader reader{path, 20, chunk};
    std::vector<seen_line> found;
    while (const auto line = reader.next())
      found.push_back({line->number, line->offset, std::string{line->text}});
    REQUIRE(found == whole);
    reader.seek(whole[150].offset, whole[150].number);
    REQUIRE(reader.next()->text == whole[150].text);
    REQUIRE(reader.next()->number == whole[151].number);
  }
}

TEST_CASE("a file is kept as it came in", "[storage]") {
  spool_fixture fix;
  const std::string text = "{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":3}";
  REQUIRE(fix.take({1}, text) == "");
  CHECK(fix.stored({1}) == text);
  // Computed with sha256sum.
  CHECK(fix.files.digest_of({1}).value()
        == "2a407b163ad7fbc75c64fc97a920df612b92afa34c94db3196c10903c17afe93");
  CHECK(fix.items({1}, 0, 10) == texts{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"});
  const auto block = fix.read({1}, 1, 1);
  REQUIRE(block->lines.size() == 1);
  CHECK(block->lines[0].number == 3);
  CHECK_FALSE(fix.files.digest_of({2}).has_value());
}

TEST_CASE("an upload that is not sealed leaves nothing", "[storage]") {
  spool_fixture fix;
  {
    const auto upload = fix.files.begin(100);
    upload->write("{}\n");
    CHECK(fix.files_left() == 1);
  }
  CHECK(fix.files_left() == 0);
  {
    const auto upload = fix.files.begin(10);
    CHECK(upload->write("123456\n"));
    CHECK_FALSE(upload->write("123456\n"));
    CHECK(upload->finish()
          == "The file has more than 10 bytes: split it, or raise"
             " batch.max_file_bytes.");
  }
  CHECK(fix.files_left() == 0);
  // What a killed daemon leaves goes with the next start.
  write_file(fix.dir / "batches/upload-1.part", "{}");
  write_file(fix.dir / "batches/batch_1.jsonl", "{}");
  const spool_files again{fix.dir / "batches"};
  CHECK(fix.files_left() == 1);
}

TEST_CASE("a directory that cannot be used is said at upload", "[storage]") {
  temp_dir dir;
  write_file(dir / "batches", "a file");
  spool_files files{dir / "batches"};
  const auto upload = files.begin(100);
  upload->write("{}");
  CHECK_THAT(upload->finish(), ContainsSubstring("cannot be written"));
}

TEST_CASE("blank and skipped lines are no items", "[storage]") {
  spool_fixture fix;
  const std::string huge(5'000, 'x');
  const auto text = "one\n\nbad\n \t\r\ntwo\n" + huge + "\nthree\n";
  CHECK_THAT(fix.take({1}, text, {3}, 100),
             ContainsSubstring("more than 1000 bytes"));
  REQUIRE(fix.take({2}, text, {3, 6}, 100) == "");
  CHECK(fix.items({2}, 0, 9) == texts{"one", "two", "three"});
  CHECK(fix.items({2}, 1, 1) == texts{"two"});
  CHECK(fix.read({2}, 2, 1)->lines[0].number == 7);
  CHECK(fix.items({2}, 3, 9).empty());
}

TEST_CASE("any item is found, in any order", "[storage]") {
  spool_fixture fix;
  constexpr uint64_t total = 3 * spool_index::step;
  std::string text;
  for (uint64_t i = 0; i < total; ++i) {
    text += "item " + std::to_string(i) + "\n";
    if (i % 5 == 0)
      text += i % 10 == 0 ? "\n" : "bad\n";
  }
  std::vector<uint64_t> bad;
  uint64_t number = 0;
  for (const auto& line : lines_of(text))
    if (++number, line == "bad")
      bad.push_back(number);
  REQUIRE(fix.take({1}, text, bad, 1'000) == "");
  const auto name = [](uint64_t i) { return "item " + std::to_string(i); };
  // In order, in blocks, as a batch reads.
  for (uint64_t i = 0; i < total; i += 256) {
    const auto found = fix.items({1}, i, 256);
    REQUIRE(found.size() == 256);
    REQUIRE(found.front() == name(i));
    REQUIRE(found.back() == name(i + 255));
  }
  CHECK(fix.items({1}, total, 1).empty());
  CHECK(fix.items({1}, total + 5'000, 1).empty());
  std::mt19937 draw{5};
  for (int i = 0; i < 200; ++i) {
    const auto item = draw() % total;
    REQUIRE(fix.items({1}, item, 1) == texts{name(item)});
  }
}

TEST_CASE("a block ends when it has bytes enough", "[storage]") {
  spool_fixture fix;
  REQUIRE(fix.take({1}, "aaaa\nbbbb\ncccc\n") == "");
  CHECK(fix.read({1}, 0, 9, 1)->lines.size() == 1);
  CHECK(fix.read({1}, 1, 9, 5)->lines.size() == 2);
  CHECK(fix.read({1}, 0, 2, 100)->lines.size() == 2);
  CHECK(fix.read({1}, 0, 0)->lines.empty());
}

TEST_CASE("more batches than files that stay open", "[storage]") {
  spool_fixture fix;
  for (uint64_t i = 1; i <= 40; ++i)
    REQUIRE(fix.take({i}, std::to_string(i) + " a\n" + std::to_string(i)
                            + " b\n")
            == "");
  for (uint64_t item = 0; item < 2; ++item)
    for (uint64_t i = 1; i <= 40; ++i)
      REQUIRE(fix.items({i}, item, 1)
              == texts{std::to_string(i) + (item == 0 ? " a" : " b")});
}

TEST_CASE("a file that was tampered with is named", "[storage]") {
  spool_fixture fix;
  REQUIRE(fix.take({1}, "one\ntwo\n") == "");
  const auto stem = fix.dir / "batches/batch_1";
  SECTION("lines") {
    write_file(stem + ".jsonl", "one\n");
    CHECK_THAT(fix.read({1}, 0, 1)->error, ContainsSubstring("was changed"));
    write_file(stem + ".jsonl", "one\ntwo\n"); // Mended.
    CHECK(fix.items({1}, 0, 9) == texts{"one", "two"});
  }
  SECTION("no lines") {
    std::filesystem::remove(stem + ".jsonl");
    CHECK_THAT(fix.read({1}, 0, 1)->error,
               ContainsSubstring("batch_1.jsonl cannot be read"));
  }
  SECTION("what lies beside them cannot be read") {
    const auto which = GENERATE(as<std::string>{}, ".index", ".skip");
    const auto good = read_text(stem + which);
    std::filesystem::remove(stem + which);
    CHECK_THAT(fix.read({1}, 0, 1)->error,
               ContainsSubstring("batch_1" + which + " cannot be read"));
    write_file(stem + which, good);
    CHECK(fix.items({1}, 0, 9) == texts{"one", "two"});
  }
  SECTION("what lies beside them") {
    const auto which = GENERATE(as<std::string>{}, ".index", ".skip");
    const auto good = read_text(stem + which);
    for (size_t i = 0; i < good.size(); ++i) {
      auto bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 4);
      write_file(stem + which, bad);
      CHECK_THAT(fix.read({1}, 0, 1)->error,
                 ContainsSubstring("batch_1" + which + " is damaged"));
    }
    write_file(stem + which, good.substr(0, good.size() - 8));
    CHECK(fix.read({1}, 0, 1)->error != "");
  }
}

TEST_CASE("a whole document becomes lines", "[storage]") {
  spool_fixture fix;
  const auto check = [&](const std::string& text, const texts& expected) {
    // However the pieces fall.
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{100'000}}) {
      static uint64_t next = 0;
      const batch_id id{++next};
      REQUIRE(fix.take(id, text, {}, piece) == "");
      CHECK(fix.items(id, 0, 99) == expected);
    }
  };
  SECTION("one line each") {
    check(R"({"requests":[{"custom_id":"a","n":[1,{"x":2}]},{"custom_id":"b"}]})",
          {R"({"custom_id":"a","n":[1,{"x":2}]})", R"({"custom_id":"b"})"});
  }
  SECTION("written to be read by people") {
    check("\xef\xbb\xbf{\n  \"requests\" : [\n    {\n      \"a\": 1,\r\n"
          "      \"b\": [ 2, 3 ]\n    }\n    ,\n    {\"c\": 4}\n  ]\n}\n",
          {"{ \"a\": 1, \"b\": [ 2, 3 ] }", "{\"c\": 4}"});
  }
  SECTION("strings may hold anything") {
    check(R"({"requests":[{"a":"]},{[\"\\","b":"x  y"},{"c":"\\"}]})",
          {R"({"a":"]},{[\"\\","b":"x  y"})", R"({"c":"\\"})"});
  }
  SECTION("more may follow in the document") {
    check(R"({"requests":[{"a":1}],"more":{"x":["]}"]}} )", {R"({"a":1})"});
  }
  SECTION("nothing in it") {
    check(R"({"requests":[]})", {});
  }
  SECTION("what is no request stays no request") {
    check(R"({"requests":[1,"two",,{"a":3},]})",
          {"1", "\"two\"", ",", R"({"a":3})", ","});
  }
  SECTION("a line end in a string stays wrong, on its line") {
    check("{\"requests\":[{\"a\":\"x\ny\"},{\"b\":1}]}",
          {"{\"a\":\"x\ry\"}", "{\"b\":1}"});
  }
  SECTION("a document of more than one chunk") {
    std::string text = "{\"requests\":[";
    texts expected;
    for (int i = 0; i < 5'000; ++i) {
      expected.push_back("{\"custom_id\":\"" + std::to_string(i) + "\"}");
      text += (i == 0 ? "" : ",") + expected.back();
    }
    REQUIRE(fix.take({1}, text + "]}", {}, 4'000) == "");
    CHECK(fix.items({1}, 0, 9'999) == expected);
  }
  SECTION("it broke off") {
    for (const auto* text :
         {R"({"requests":[{"a":1},{"b")", R"({"requests":[{"a":1},)",
          R"({"requests":[{"a":1}])"})
      CHECK_THAT(fix.take({1}, text), ContainsSubstring("breaks off at"
                                                        " request"));
    CHECK_THAT(fix.take({1}, R"({"requests":[{"a":1}]} x)"),
               ContainsSubstring("follows the end"));
    CHECK(fix.files_left() == 0);
  }
  SECTION("a line that only looks like it") {
    check("{\"requests\": 5}\n{\"custom_id\":\"a\"}\n",
          {"{\"requests\": 5}", "{\"custom_id\":\"a\"}"});
  }
}
