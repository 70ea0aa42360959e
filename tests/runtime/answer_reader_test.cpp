#include "runtime/upstream/answer_reader.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/kept_answers.hpp"

using namespace rota;
using state = answer_reader::state;

namespace {

struct sample {
  const char* text;
  state ends;     ///< Once the text has been read.
  state after_it; ///< Once the stream has ended, if that did not end it.
  int status;
  const char* body;
  bool reusable;
};

const std::string ok = "HTTP/1.1 200 OK\r\n";

const sample samples[] = {
  {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", state::whole,
   state::whole, 200, "hi", true},
  {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", state::whole, state::whole,
   200, "", true},
  {"HTTP/1.1 204 No Content\r\n\r\n", state::whole, state::whole, 204, "",
   true},
  {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
   state::whole, state::whole, 200, "hi", false},
  {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", state::whole,
   state::whole, 200, "hi", false},
  // More than was asked for: what comes next is nobody's answer.
  {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", state::whole,
   state::whole, 200, "hi", false},
  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
   "3\r\nabc\r\n4;x=1\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n",
   state::whole, state::whole, 200, "abcdefg", true},
  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
   state::whole, state::whole, 200, "", true},
  // As long as the connection.
  {"HTTP/1.1 200 OK\r\n\r\nto the end", state::hungry, state::whole, 200,
   "to the end", false},
  // Interim heads.
  {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
   state::whole, state::whole, 200, "x", true},
  // Too short.
  {"", state::hungry, state::failed, 0, "", false},
  {"HTTP/1.1 200", state::hungry, state::failed, 0, "", false},
  {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", state::hungry,
   state::failed, 200, "hi", false},
  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
   state::hungry, state::failed, 200, "abc", false},
  {"HTTP/1.1 100 Continue\r\n\r\n", state::hungry, state::failed, 100, "",
   false},
  // No HTTP.
  {"SSH-2.0-OpenSSH_9.2\r\n\r\n", state::failed, state::failed, 0, "", false},
  {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", state::failed, state::failed, 200,
   "", false},
  {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
   state::failed, state::failed, 200, "", false},
  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
   state::failed, state::failed, 200, "", false},
};

/// Reads a text in two pieces, or byte by byte where `cut` is npos.
state read(answer_reader& it, std::string_view text, size_t cut) {
  auto result = state::hungry;
  const auto feed = [&](std::string_view piece) {
    if (result == state::hungry)
      result = feed_on(it, piece);
    else if (result == state::whole)
      it.feed(piece); // Kept, so that it is not used again.
  };
  if (cut != std::string_view::npos) {
    feed(text.substr(0, cut));
    feed(text.substr(cut));
  } else {
    for (size_t i = 0; i < text.size(); ++i)
      feed(text.substr(i, 1));
  }
  return result;
}

} // namespace

TEST_CASE("an answer is read alike however it is cut", "[upstream]") {
  for (const auto& x : samples) {
    CAPTURE(x.text);
    const std::string_view text{x.text};
    for (const size_t refuses : {0, 1, 2}) {
      for (size_t cut = 0; cut <= text.size() + 1; ++cut) {
        // Refusing every piece would go on without end.
        kept_answers kept{refuses == 1 ? size_t{3} : refuses};
        answer_reader it;
        it.begin(kept);
        auto end = read(it, text,
                        cut <= text.size() ? cut : std::string_view::npos);
        REQUIRE(end == x.ends);
        if (end == state::hungry)
          end = it.end_of_stream();
        REQUIRE(end == x.after_it);
        REQUIRE(kept.status == x.status);
        REQUIRE(kept.body == x.body);
        REQUIRE(it.is_reusable() == x.reusable);
        REQUIRE(kept.fault.empty() == (end == state::whole));
      }
    }
  }
}

TEST_CASE("one answer follows another on a connection", "[upstream]") {
  answer_reader it;
  for (const std::string body : {"a", "bc", "def"}) {
    kept_answers kept;
    it.begin(kept);
    CHECK(it.is_at_start());
    CHECK(it.feed(ok + "Content-Length: " + std::to_string(body.size())
                  + "\r\n\r\n" + body)
          == state::whole);
    CHECK(kept.body == body);
    CHECK(it.is_reusable());
  }
}

TEST_CASE("an interim head is told, and its headers forgotten",
          "[upstream]") {
  kept_answers kept;
  answer_reader it;
  it.begin(kept);
  CHECK(it.feed("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + ok
                + "X-Late:  2 \r\nContent-Length: 0\r\n\r\n")
        == state::whole);
  CHECK(kept.heads == std::vector{103, 200});
  CHECK(kept.headers
        == std::vector<std::pair<std::string, std::string>>{
          {"X-Late", "2"}, {"Content-Length", "0"}});
}

TEST_CASE("an answer that is too much ends there", "[upstream]") {
  SECTION("in its body") {
    kept_answers kept{0, 3};
    answer_reader it;
    it.begin(kept);
    CHECK(it.feed(ok + "Content-Length: 4\r\n\r\nabcd") == state::failed);
    CHECK(kept.status == 200);
  }
  SECTION("in a head without end") {
    kept_answers kept;
    answer_reader it;
    it.begin(kept);
    auto end = it.feed(ok);
    for (int i = 0; i < 1'000 && end == state::hungry; ++i)
      end = it.feed("X: " + std::string(1'000, 'x') + "\r\n");
    CHECK(end == state::failed);
    CHECK(kept.fault == "head");
    CHECK(kept.status == 200);
  }
}
