#include "actors/domain/affinity.hpp"

#include "tests/support/catch.hpp"

#include <random>
#include <set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000};

struct call {
  client_id client;
  surface route = surface::anthropic_messages;
  std::string model = "m";
  header_list headers;
  std::string body = "{}";

  uint64_t session() const {
    return session_of(client, route, model, headers, body);
  }
};

uint64_t of(const std::string& body,
            surface route = surface::anthropic_messages,
            header_list headers = {}) {
  return call{{}, route, "m", std::move(headers), body}.session();
}

const std::string hello = R"({"role":"user","content":"hello"})";
const std::string answer = R"({"role":"assistant","content":"hi"})";
const std::string more = R"({"role":"user","content":"and now?"})";

std::string turns(const std::string& list, const std::string& rest = {}) {
  return R"({"messages":[)" + list + "]" + rest + "}";
}

} // namespace

TEST_CASE("the first name of a conversation counts", "[affinity]") {
  // From the weakest to the strongest.
  auto x = call{};
  x.body = turns(hello);
  std::set<uint64_t> seen{x.session()};
  const auto fresh = [&] { return seen.insert(x.session()).second; };
  const auto same = [&] { return !fresh(); };
  x.headers.emplace_back("session_id", "s");
  CHECK(fresh());
  x.headers.emplace_back("Conversation_Id", "c");
  CHECK(fresh());
  x.headers.emplace_back("Session-Id", "s2");
  CHECK(fresh());
  x.headers.emplace_back("thread-id", "t");
  CHECK(fresh());
  x.body = turns(more);
  CHECK(same());
  x.body = turns(hello, R"(,"prompt_cache_key":"k")");
  CHECK(fresh());
  x.body = turns(more, R"(,"prompt_cache_key":"k")");
  CHECK(same());
  x.body = turns(hello, R"(,"metadata":{"a":1,"user_id":"u"},)"
                        R"("prompt_cache_key":"k")");
  CHECK(fresh());
  x.body = turns(hello, R"(,"metadata":{"user_id":"u2"})");
  CHECK(fresh());
  x.body = turns(hello, R"(,"conversation":"conv_1")");
  CHECK(fresh());
  x.body = turns(more, R"(,"conversation":{"id":"conv_1"})");
  CHECK(same());
  x.headers.emplace_back("X-Claude-Code-Session-Id", "cc");
  CHECK(fresh());
  x.body = turns(more);
  CHECK(same());
}

TEST_CASE("conversations of two clients never meet", "[affinity]") {
  for (const auto& headers :
       {header_list{}, header_list{{"x-claude-code-session-id", "a"}},
        header_list{{"session-id", "a"}}})
    for (const auto* rest : {"", R"(,"metadata":{"user_id":"u"})",
                             R"(,"prompt_cache_key":"k")"}) {
      call x{{1}, surface::openai_responses, "m", headers, turns(hello, rest)};
      auto y = x;
      y.client = {2};
      CHECK(x.session() != y.session());
      CHECK(x.session() == call{x}.session());
    }
}

TEST_CASE("a conversation keeps its opening", "[affinity]") {
  const auto first = of(turns(hello));
  CHECK(first != 0);
  CHECK(first == of(turns(hello + ',' + answer + ',' + more)));
  CHECK(first != of(turns(more)));
  CHECK(first != of(turns(hello, R"(,"system":"be brief")")));
  // Spelt as parts, with a mark for the cache that moves on later.
  CHECK(first == of(turns(R"({"role":"user","content":[{"type":"text",)"
                          R"("text":"hello","cache_control":)"
                          R"({"type":"ephemeral"}}]})")));
  // The model is part of it: another one has another cache.
  call x;
  x.body = turns(hello);
  auto y = x;
  y.model = "n";
  CHECK(x.session() != y.session());
  // A role may come behind its content.
  const auto chat = surface::openai_chat;
  const std::string system = R"({"content":"be brief","role":"system"})";
  CHECK(of(turns(system + ',' + hello), chat)
        == of(turns(system + ',' + hello + ',' + answer), chat));
  CHECK(of(turns(system + ',' + hello), chat)
        != of(turns(system + ',' + more), chat));
}

TEST_CASE("each protocol has its opening", "[affinity]") {
  const auto responses = surface::openai_responses;
  CHECK(of(R"({"input":"hello"})", responses)
        != of(R"({"input":"hullo"})", responses));
  CHECK(of(R"({"instructions":"a","input":[)" + hello + "]}", responses)
        == of(R"({"instructions":"a","input":[)" + hello + ',' + answer + "]}",
              responses));
  const auto gemini = surface::gemini_generate;
  const std::string system
    = R"({"systemInstruction":{"parts":[{"text":"a"}]},"contents":[)";
  const std::string turn = R"({"parts":[{"text":"hello"}]})";
  CHECK(of(system + turn + "]}", gemini)
        == of(system + turn + ',' + turn + "]}", gemini));
  CHECK(of(system + turn + "]}", gemini)
        != of(R"({"contents":[)" + turn + "]}", gemini));
}

TEST_CASE("what is no conversation has no name", "[affinity]") {
  const header_list named{{"session-id", "s"}};
  for (const auto route :
       {surface::openai_embeddings, surface::openai_moderations,
        surface::openai_completions})
    CHECK(of(R"({"input":"x"})", route, named) == 0);
  for (const auto* body : {"", "{", "[]", "{}", "null", R"({"messages":[]})",
                           R"({"messages":7})", R"({"metadata":{}})"})
    CHECK(of(body) == 0);
  // What nests absurdly ends, too.
  const auto deep = R"({"messages":)" + std::string(1'000, '[')
                    + std::string(1'000, ']') + "}";
  CHECK(of(deep) == 0);
}

TEST_CASE("a conversation is remembered while it goes on", "[affinity]") {
  affinity x;
  x.limits(10s, 100);
  CHECK_FALSE(x.find(1, start));
  x.bind(1, {7}, start);
  CHECK(x.find(1, start + 9'999ms) == account_id{7});
  CHECK_FALSE(x.find(1, start + 10s));
  x.bind(1, {7}, start + 9s); // Each use counts anew.
  CHECK(x.find(1, start + 18s) == account_id{7});
  x.bind(1, {8}, start + 18s); // It has moved.
  CHECK(x.find(1, start + 19s) == account_id{8});
  x.bind(2, {8}, start + 40s); // What has rested too long makes room.
  CHECK(x.size() == 1);
  x.bind(0, {8}, start + 40s);
  CHECK(x.size() == 1);
  CHECK_FALSE(x.find(0, start + 40s));
}

TEST_CASE("nothing is remembered where it is off", "[affinity]") {
  affinity x;
  x.bind(1, {7}, start);
  CHECK_FALSE(x.find(1, start));
  x.limits(10s, 100);
  x.bind(1, {7}, start);
  x.limits(0s, 100);
  CHECK_FALSE(x.find(1, start));
  CHECK(x.size() == 0);
  x.limits(10s, 0);
  x.bind(1, {7}, start);
  CHECK(x.size() == 0);
}

TEST_CASE("the conversations that rest for longest are forgotten first",
          "[affinity]") {
  // Against a plain model: a list of all, the latest last.
  std::mt19937 random{7};
  affinity x;
  x.limits(1h, 20);
  std::vector<std::pair<uint64_t, account_id>> all;
  for (int i = 0; i < 20'000; ++i) {
    const auto session = 1 + random() % 40;
    const auto account = account_id{1 + static_cast<uint32_t>(random() % 5)};
    const auto now = start + milliseconds{i};
    std::erase_if(all, [&](auto& y) { return y.first == session; });
    all.emplace_back(session, account);
    if (all.size() > 20)
      all.erase(all.begin());
    x.bind(session, account, now);
    REQUIRE(x.size() == all.size());
    for (const auto& [s, a] : all)
      REQUIRE(x.find(s, now) == a);
  }
  x.limits(1h, 3);
  CHECK(x.size() == 3);
  CHECK(x.find(all.back().first, start + 20s) == all.back().second);
}
