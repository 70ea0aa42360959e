// Forms as clients send them, and as nobody should.

#include "actors/domain/form_data.hpp"
#include "tests/support/catch.hpp"

#include <random>
#include <vector>

using namespace rota;

namespace {

std::vector<form_part> parts_of(std::string_view body,
                                std::string_view boundary) {
  std::vector<form_part> result;
  while (const auto x = next_form_part(body, boundary))
    result.push_back(*x);
  return result;
}

} // namespace

TEST_CASE("a boundary is found in a content type", "[form]") {
  struct row {
    const char* type;
    std::optional<std::string> boundary;
  };
  const std::vector<row> rows{
    {"multipart/form-data; boundary=abc", "abc"},
    {"Multipart/Form-Data;boundary=abc", "abc"},
    {"multipart/form-data; charset=utf-8; Boundary=\"a b;c\"", "a b;c"},
    {"multipart/form-data; boundary=abc ; x=y", "abc"},
    {"multipart/form-data", std::nullopt},
    {"multipart/form-data; boundary=", std::nullopt},
    {"multipart/form-data; boundary", std::nullopt},
    {"multipart/mixed; boundary=abc", std::nullopt},
    {"application/json; boundary=abc", std::nullopt},
    {"", std::nullopt},
  };
  for (const auto& x : rows) {
    INFO(x.type);
    CHECK(form_boundary(x.type) == x.boundary);
  }
}

TEST_CASE("a form is read part by part", "[form]") {
  const std::string sound{"\r\n--x\0\r\n\r\n--", 13};
  const auto body = "preamble\r\n--m\r\nContent-Disposition: form-data; "
                    "name=\"model\"\r\n\r\nwhisper-1\r\n--m\r\n"
                    "content-type: audio/mpeg\r\ncontent-disposition: "
                    "form-data; filename=\"a;name=b.mp3\"; name=file\r\n\r\n"
                    + sound
                    + "\r\n--m\r\nContent-Disposition: form-data; "
                      "name=\"empty\"\r\n\r\n\r\n--m--\r\nepilogue --m\r\n";
  const auto parts = parts_of(body, "m");
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].name == "model");
  CHECK(parts[0].value == "whisper-1");
  CHECK_FALSE(parts[0].is_file);
  CHECK(parts[1].name == "file");
  CHECK(parts[1].value == sound);
  CHECK(parts[1].is_file);
  CHECK(parts[2].name == "empty");
  CHECK(parts[2].value.empty());
}

TEST_CASE("what is no form has no parts", "[form]") {
  for (const std::string body :
       {"", "model=x", "--m", "--m--", "--m\r\n", "--m\r\n\r\n", "--m\r\nx",
        "--m\r\nContent-Disposition: form-data; name=a\r\n\r\nvalue",
        "--m\r\nContent-Disposition: form-data; name=a\r\n--m--"}) {
    INFO(body);
    CHECK(parts_of(body, "m").empty());
  }
}

TEST_CASE("a damaged form ends, and its parts lie within it", "[form]") {
  const std::string whole
    = "--m\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--m\r\n"
      "Content-Disposition: form-data; name=\"b\"; filename=\"c\"\r\n\r\n2"
      "\r\n--m--\r\n";
  std::minstd_rand random{7};
  for (int turn = 0; turn < 20'000; ++turn) {
    auto body = whole.substr(0, random() % (whole.size() + 1));
    for (auto flips = random() % 4; flips > 0 && !body.empty(); --flips)
      body[random() % body.size()] = "-m\r\n\":;=a"[random() % 9];
    const auto parts = parts_of(body, "m");
    REQUIRE(parts.size() <= body.size());
    for (const auto& x : parts)
      for (const auto text : {x.name, x.value})
        REQUIRE((text.empty()
                 || (text.data() >= body.data()
                     && text.data() + text.size()
                          <= body.data() + body.size())));
  }
}
