// How a streamed answer ends for its client, whole or not.

#include "runtime/api/request_sink.hpp"
#include "tests/support/catch.hpp"

#include <memory>

using namespace rota;

namespace {

/// A client that keeps what it is told.
class keeping_client final : public http_exchange {
public:
  std::string_view method() const override {
    return "POST";
  }
  std::string_view target() const override {
    return "/";
  }
  const header_list& headers() const override {
    return none_;
  }
  std::string_view header(std::string_view) const override {
    return {};
  }
  std::string_view body() const override {
    return {};
  }
  std::shared_ptr<const void> body_owner() const override {
    return nullptr;
  }
  const std::string& peer() const override {
    return peer_;
  }
  void answer(int, const header_list&, std::string) override {
    ended = "answered";
  }
  void begin(int, const header_list&) override {
    begun = true;
  }
  bool write(std::string_view piece) override {
    text += piece;
    return true;
  }
  void end() override {
    ended = "whole";
  }
  void cut() override {
    ended = "cut";
  }
  void abort() override {
    ended = "aborted";
  }

  bool begun = false;
  std::string text;
  std::string ended;

private:
  header_list none_;
  std::string peer_;
};

/// What a client and the books get of one answer.
struct got {
  bool begun = false;
  std::string text;
  std::string ended;
  bool whole = false;
  std::optional<usage> used;
};

got pass(surface route, const std::string& type,
         const std::vector<std::string>& pieces, transport ended,
         bool swallow = false) {
  const auto client = std::make_shared<keeping_client>();
  request_sink sink{client, {route, swallow, false, "req_1", {}}};
  sink.is_private = [](std::string_view) { return false; };
  sink.begin(200, {{"content-type", type}});
  for (const auto& piece : pieces)
    sink.take(piece);
  upstream_outcome x;
  x.status = 200;
  x.ended = ended;
  sink.end(x);
  return {client->begun, client->text, client->ended,
          x.passed && x.passed->whole,
          x.passed ? x.passed->used : std::nullopt};
}

const std::string events = "text/event-stream";

} // namespace

TEST_CASE("sound that breaks off is cut where it broke", "[sink]") {
  using enum surface;
  const auto broken
    = pass(openai_speech, "audio/mpeg", {"ID3", "\xff\xfb"}, transport::broken);
  CHECK(broken.text == "ID3\xff\xfb");
  CHECK(broken.ended == "cut");
  CHECK_FALSE(broken.whole);
  const auto good
    = pass(openai_speech, "audio/mpeg", {"ID3", "\xff\xfb"}, transport::ok);
  CHECK(good.text == "ID3\xff\xfb");
  CHECK(good.ended == "whole");
  CHECK(good.whole);
  // As events, it says so.
  const auto told = pass(openai_speech, events,
                         {"data: {\"type\":\"speech.audio.delta\"}\n\n"},
                         transport::broken);
  CHECK_THAT(told.text, ContainsSubstring("\n\ndata: {\"error\":"));
  CHECK(told.ended == "whole");
}
