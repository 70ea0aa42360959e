// What a request says beside its model: forms, pictures, speech, recordings.

#include "actors/domain/call_facts.hpp"
#include "actors/domain/multipart.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;

namespace {

constexpr auto form_type = "multipart/form-data; boundary=B";

std::string part(const std::string& disposition, const std::string& content) {
  return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n"
         + content + "\r\n";
}

request_facts read(surface route, const std::string& body) {
  return read_call(route, "application/json", body, 4'096);
}

} // namespace

TEST_CASE("a form is taken apart", "[form]") {
  const auto body = part("name=\"model\"", "m")
                    + part("filename=\"a; name=b\"; name=\"file\"", "\r\n--A")
                    + part("name=empty", "") + "--B--\r\n";
  const auto x = parse_form(form_type, body);
  REQUIRE(x);
  REQUIRE(x->size() == 3);
  CHECK((*x)[0].name == "model");
  CHECK((*x)[0].content == "m");
  CHECK_FALSE((*x)[0].is_file);
  CHECK((*x)[1].name == "file");
  CHECK((*x)[1].content == "\r\n--A");
  CHECK((*x)[1].is_file);
  CHECK((*x)[2].name == "empty");
  CHECK((*x)[2].content.empty());
  CHECK(parse_form("multipart/form-data; charset=a; boundary=\"B\"",
                   "preamble\r\n" + body + "epilogue")
          ->size()
        == 3);
  CHECK(parse_form(form_type, "--B--")->empty());
}

TEST_CASE("what is no form is none", "[form]") {
  const auto whole = part("name=\"model\"", "m") + "--B--";
  for (size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    CHECK_FALSE(parse_form(form_type, whole.substr(0, n)));
  }
  CHECK(parse_form(form_type, whole));
  CHECK_FALSE(parse_form("multipart/form-data", whole));
  CHECK_FALSE(parse_form("multipart/form-data; boundary=", whole));
  CHECK_FALSE(parse_form("multipart/form-data; boundary=C", whole));
  CHECK_FALSE(parse_form(form_type, part("filename=x", "m") + "--B--"));
  CHECK_FALSE(parse_form(form_type, "--B\r\n\r\nm\r\n--B--"));
  CHECK(is_form("Multipart/Form-Data; boundary=x"));
  CHECK_FALSE(is_form("application/json"));
  const auto facts = read_call(openai_transcriptions, form_type, "{}", 0);
  CHECK_FALSE(facts.fault.empty());
}

TEST_CASE("any bytes leave a form's reader alive", "[form]") {
  std::string body = part("name=\"a\"", "1") + part("name=\"b\"", "2")
                     + "--B--";
  uint32_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    auto x = body;
    for (int k = 0; k < 3; ++k) {
      state = state * 1'664'525 + 1'013'904'223;
      x[state % x.size()] = "\r\n-B\";= a\0"[(state >> 16) % 11];
    }
    if (const auto parts = parse_form(form_type, x))
      for (const auto& y : *parts)
        CHECK(y.content.size() <= x.size());
  }
}

TEST_CASE("pictures are counted and weighed by their quality", "[facts]") {
  const auto plain = read(openai_images, R"({"prompt":"a cat"})");
  CHECK(plain.model == "gpt-image-1");
  CHECK(plain.units.images == 1);
  CHECK(plain.tokens.output == 6'240);
  const auto many = read(
    openai_images,
    R"({"model":"m","prompt":"a cat","n":3,"quality":"low","stream":true})");
  CHECK(many.model == "m");
  CHECK(many.stream);
  CHECK(many.units.images == 3);
  CHECK(many.tokens.output == 3 * 408);
  CHECK(read(openai_images, R"({"n":-5})").units.images == 1);
  CHECK(read(openai_images, R"({"n":99999999999})").units.images == 1'000);
  // Which of two counts, providers do not agree on.
  for (const auto* twice : {R"({"n":1,"N":9})", R"({"n":9,"n":1})"})
    CHECK(read(openai_images, twice).units.images == 9);
  const auto edit = read_call(
    openai_image_edits, form_type,
    part("name=\"image[]\"; filename=\"a\"", "x")
      + part("name=\"image[]\"; filename=\"b\"", "x") + part("name=\"n\"", "2")
      + part("name=\"quality\"", "medium") + part("name=\"prompt\"", "a hat")
      + part("name=\"model\"", "m") + part("name=\"stream\"", "true") + "--B--",
    4'096);
  CHECK(edit.fault.empty());
  CHECK(edit.model == "m");
  CHECK(edit.stream);
  CHECK(edit.units.images == 2);
  CHECK(edit.tokens.output == 2 * 1'584);
  CHECK(edit.tokens.input >= 2 * 6'600);
}

TEST_CASE("a form names one model, in UTF-8", "[facts]") {
  const auto fault_of = [](const std::string& parts) {
    return read_call(openai_image_edits, form_type, parts + "--B--", 4'096)
      .fault;
  };
  const auto model = [](const std::string& x) {
    return part("name=\"model\"", x);
  };
  CHECK(fault_of(model("a\xc3\xa4")).empty());
  CHECK(fault_of(model("a") + model("b")) == "it names its model twice");
  CHECK(fault_of(model("\xff")) == "its model is no UTF-8");
}

TEST_CASE("speech is counted in characters", "[facts]") {
  const auto x
    = read(openai_speech, R"({"model":"tts-1","input":"h\u00e9llo \u4f60"})");
  CHECK(x.units.characters == 7);
  CHECK(x.tokens.output == 14);
  CHECK_FALSE(x.stream);
  CHECK(read(openai_speech, R"({"model":"m","stream_format":"sse"})").stream);
}

TEST_CASE("a recording is as long as its bytes", "[facts]") {
  const auto length = [](const std::string& file) {
    return read_call(openai_transcriptions, form_type,
                     part("name=\"file\"; filename=\"a.mp3\"", file)
                       + part("name=\"model\"", "whisper-1") + "--B--",
                     0)
      .units.audio_ms;
  };
  CHECK(length("") == 1'000);
  CHECK(length(std::string(40'000, 'x')) == 10'000);
  // A WAV says how many bytes make a second: 32,000 here.
  std::string wav = "RIFF....WAVEfmt ";
  wav.resize(44);
  wav[29] = '\x7d';
  wav += std::string(64'000 - wav.size(), 'x');
  CHECK(length(wav) == 2'000);
  const auto x = read_call(openai_transcriptions, form_type,
                           part("name=\"file\"", std::string(40'000, 'x'))
                             + part("name=\"model\"", "m") + "--B--",
                           0);
  CHECK(x.tokens.input == 200);
  CHECK(x.tokens.output == 200);
}

TEST_CASE("a rerank searches once for a hundred documents", "[facts]") {
  const auto searches = [](int n) {
    std::string body = R"({"model":"m","query":"q","documents":[)";
    for (int i = 0; i < n; ++i)
      body += i > 0 ? ",\"d\"" : "\"d\"";
    return read(surface::rerank, body + "]}").units.searches;
  };
  CHECK(searches(0) == 1);
  CHECK(searches(100) == 1);
  CHECK(searches(101) == 2);
}

TEST_CASE("only what is generated has output", "[facts]") {
  const std::string body
    = R"({"model":"m","input":"a","content":{"parts":[{"text":"b"}]}})";
  for (const auto route : {openai_embeddings, openai_moderations, gemini_embed,
                           anthropic_count, gemini_count})
    CHECK(read(route, body).tokens.output == 0);
  CHECK(read(openai_responses, body).tokens.output == 4'096);
  CHECK(read(openai_moderations, R"({"input":"a"})").model
        == "omni-moderation-latest");
  CHECK(read(openai_chat, "{}").model.empty());
}

TEST_CASE("a request says what it goes on from, and whether it is kept",
          "[facts]") {
  const auto x = read(openai_responses,
                      R"({"model":"m","previous_response_id":"resp_1"})");
  CHECK(x.previous == "resp_1");
  CHECK(x.stored);
  CHECK_FALSE(read(openai_responses, R"({"store":false})").stored);
  CHECK(read(openai_responses, R"({"store":null,"previous_response_id":null})")
          .stored);
}

TEST_CASE("a response has an id", "[facts]") {
  CHECK(response_id_of(R"({"id":"resp_1","object":"response"})") == "resp_1");
  CHECK(response_id_of(R"({"id":"resp_1","object":"list"})").empty());
  CHECK(response_id_of(R"({"id":1,"object":"response"})").empty());
  CHECK(response_id_of("no JSON").empty());
  CHECK(response_id_of(R"({"object":"response","id":")" + std::string(513, 'x')
                       + "\"}")
          .empty());
}
