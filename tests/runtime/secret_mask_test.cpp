#include "runtime/upstream/secret_mask.hpp"

#include "tests/runtime/upstream_fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace rota;

namespace {

const std::string key = "sk-canary/0123456789";

std::string masked(const secret_mask& mask, std::string text) {
  mask.apply(text);
  return text;
}

/// What comes of a text that is cut at one place.
std::string streamed(const secret_mask& mask, std::string_view text,
                     size_t cut) {
  masked_stream it;
  std::string result{it.feed(mask, text.substr(0, cut))};
  result += it.feed(mask, text.substr(cut));
  result += it.finish();
  return result;
}

} // namespace

TEST_CASE("secrets are masked as they are, in JSON and in URLs", "[mask]") {
  secret_mask it;
  it.add(key);
  CHECK(masked(it, "key: " + key + ", " + key) == "key: ***, ***");
  CHECK(masked(it, R"({"m":"Bearer sk-canary\/0123456789"})")
        == R"({"m":"Bearer ***"})");
  CHECK(masked(it, "?key=sk-canary%2F0123456789&a=b") == "?key=***&a=b");
  CHECK(masked(it, "sk-canary/012345678") == "sk-canary/012345678");
  CHECK(masked(it, "") == "");
}

TEST_CASE("secrets are masked as JSON escapes them", "[mask]") {
  const std::string secret = "sk+canary0123456789";
  const auto escaped = [&secret](const char* form) {
    std::string result;
    for (const char c : secret)
      result += fmt::format(fmt::runtime(form), c);
    return result;
  };
  secret_mask it;
  it.add(secret);
  for (const auto& form :
       {escaped("\\u{:04x}"), escaped("\\u{:04X}"),
        std::string{"sk\\u002bcanary0123456789"},
        std::string{"sk\\u002Bcanary0123456789"}}) {
    const auto text = "{\"m\":\"key \\u002b" + form + "\"}";
    const std::string expected = "{\"m\":\"key \\u002b***\"}";
    CHECK(masked(it, text) == expected);
    for (size_t cut = 0; cut <= text.size(); ++cut)
      CHECK(streamed(it, text, cut) == expected);
  }
}

TEST_CASE("the values of a cookie are masked", "[mask]") {
  secret_mask it;
  it.add("session=MTcyMDAwMDAwMHxE; acw_tc=0a1b2c3d4e5f6071;"
         " sidebar=collapsed; locale=English-US; theme=a-very-dark-one-indeed");
  CHECK(masked(it, "no user has MTcyMDAwMDAwMHxE or 0a1b2c3d4e5f6071")
        == "no user has *** or ***");
  // What says how a page is to look may stand in any answer.
  const auto words = "a collapsed English-US page, a-very-dark-one-indeed";
  CHECK(masked(it, words) == words);
}

TEST_CASE("a word is no secret", "[mask]") {
  secret_mask it;
  it.add("EMPTY");
  CHECK(masked(it, "EMPTY") == "EMPTY");
}

TEST_CASE("a secret is found wherever its text is cut", "[mask]") {
  secret_mask it;
  it.add(key);
  const auto text = "a sk-canary sk-" + key + "sk-canar" + key + " sk-";
  const auto expected = std::string{"a sk-canary sk-***sk-canar*** sk-"};
  for (size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(streamed(it, text, cut) == expected);
  masked_stream bytes;
  std::string result;
  for (const char c : text)
    result += bytes.feed(it, {&c, 1});
  result += bytes.finish();
  CHECK(result == expected);
}

TEST_CASE("nobody sees a key that its provider repeats", "[mask][upstream]") {
  upstream_fixture fix;
  fix.configure(fix.relay, fix.server.url(), key);
  const auto body = R"({"error":{"message":"Incorrect API key: )" + key
                    + R"("}})";
  for (const auto status : {200, 401, 500}) {
    fix.server.on("/v1/a", [status, body](mini_exchange& x) {
      x.reply(status, body, "application/json",
              "x-request-id: Bearer " + key + "\r\n");
    });
    const auto x = fix.call(fix.post("/v1/a"));
    CHECK(x->status == status);
    CHECK(x->body == R"({"error":{"message":"Incorrect API key: ***"}})");
    CHECK(x->header("x-request-id") == "Bearer ***");
  }
  // What was sent is what the account has.
  CHECK(fix.server.last().header("authorization") == "Bearer " + key);
}
