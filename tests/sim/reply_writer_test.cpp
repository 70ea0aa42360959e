// Bytes, pauses and mishaps of an answer.

#include "tests/support/catch.hpp"

#include "tools/sim/reply_writer.hpp"

using namespace rota::sim;
using namespace std::chrono_literals;

namespace {

using next = reply_writer::next;

http_reply text_reply() {
  http_reply x;
  x.body = "0123456789";
  return x;
}

http_reply stream_reply() {
  auto x = text_reply();
  x.piece_ends = {4, 10};
  return x;
}

struct fixture {
  reply_writer writer;
  std::string out;
  microseconds wait{0};

  /// @returns What comes next; `out` holds what left just now, without a head.
  next step() {
    out.clear();
    head.clear();
    const auto result = writer.advance(out, wait);
    if (out.starts_with("HTTP/1.1 ")) {
      head = out.substr(0, out.find("\r\n\r\n") + 4);
      out.erase(0, head.size());
    }
    return result;
  }

  std::string head;
};

http_reply broken(http_reply x, mishap how, int64_t at,
                  microseconds stall = 0s) {
  x.ending = how;
  x.at_byte = at;
  x.stall = stall;
  return x;
}

} // namespace

TEST_CASE_METHOD(fixture, "a plain answer leaves at once", "[sim]") {
  writer.start(text_reply(), true);
  CHECK(step() == next::done);
  CHECK(head
        == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
           "Content-Length: 10\r\n\r\n");
  CHECK(out == "0123456789");
  writer.start(text_reply(), false);
  CHECK(step() == next::hang_up);
  CHECK(head.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE_METHOD(fixture, "a stream leaves in chunks", "[sim]") {
  writer.start(stream_reply(), true);
  CHECK(step() == next::done);
  CHECK(head.find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(out == "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n");
}

TEST_CASE_METHOD(fixture, "pauses stand before the head and the pieces",
                 "[sim]") {
  auto x = stream_reply();
  x.delay = 7ms;
  x.piece_delays = {0ms, 3ms};
  writer.start(x, true);
  CHECK(step() == next::pause);
  CHECK(wait == 7ms);
  CHECK((head.empty() && out.empty()));
  CHECK(step() == next::pause);
  CHECK(wait == 3ms);
  CHECK_FALSE(head.empty());
  CHECK(out == "4\r\n0123\r\n");
  CHECK(step() == next::done);
  CHECK(out == "6\r\n456789\r\n0\r\n\r\n");
}

TEST_CASE_METHOD(fixture, "a reset comes before the head, after it, or within",
                 "[sim]") {
  writer.start(broken(text_reply(), mishap::reset, -1), true);
  CHECK(step() == next::reset);
  CHECK(head.empty());
  writer.start(broken(text_reply(), mishap::reset, 0), true);
  CHECK(step() == next::reset);
  CHECK_FALSE(head.empty());
  CHECK(out.empty());
  writer.start(broken(text_reply(), mishap::reset, 6), true);
  CHECK(step() == next::reset);
  CHECK(out == "012345");
  writer.start(broken(stream_reply(), mishap::reset, 6), true);
  CHECK(step() == next::reset);
  CHECK(out == "4\r\n0123\r\n2\r\n45\r\n");
}

TEST_CASE_METHOD(fixture, "a truncated answer promises more than it brings",
                 "[sim]") {
  writer.start(broken(text_reply(), mishap::truncate, 3), true);
  CHECK(step() == next::hang_up);
  CHECK(head.find("Content-Length: 10\r\n") != std::string::npos);
  CHECK(out == "012");
  writer.start(broken(stream_reply(), mishap::truncate, 4), true);
  CHECK(step() == next::hang_up);
  CHECK(out == "4\r\n0123\r\n"); // The last chunk is missing.
}

TEST_CASE_METHOD(fixture, "a mishap beyond the end does not happen", "[sim]") {
  writer.start(broken(text_reply(), mishap::truncate, 11), true);
  CHECK(step() == next::done);
  CHECK(out == "0123456789");
}

TEST_CASE_METHOD(fixture, "a stall ends, or does not", "[sim]") {
  writer.start(broken(text_reply(), mishap::stall, 3, 5s), true);
  CHECK(step() == next::pause);
  CHECK(wait == 5s);
  CHECK(out == "012");
  CHECK(step() == next::done);
  CHECK(out == "3456789");
  writer.start(broken(text_reply(), mishap::stall, -1, 5s), true);
  CHECK(step() == next::pause);
  CHECK(head.empty());
  CHECK(step() == next::done);
  CHECK(out == "0123456789");
  writer.start(broken(text_reply(), mishap::stall, 3), true);
  CHECK(step() == next::go_quiet);
  CHECK(out == "012");
}
