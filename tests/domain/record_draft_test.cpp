#include "actors/domain/record_draft.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;

namespace {

constexpr timestamp arrival{1'795'000'000'000};

job request() {
  job x;
  x.id = {{}, 17, {6}};
  x.attempt_base = 3 << 8;
  x.model = "m";
  x.arrived = arrival;
  x.client_request_id = "mine";
  return x;
}

hold_grant grant(uint32_t account, uint32_t attempt, int64_t amount) {
  hold_grant x;
  x.account = {account};
  x.hold = {{{}, 17, {6}}, attempt};
  x.amount = {amount};
  return x;
}

attempt_report report(failure_class cls, charge charged, int status,
                      int64_t output = 0) {
  attempt_report x;
  x.judged.cls = cls;
  x.judged.charged = charged;
  x.judged.reason = cls == failure_class::none ? "" : "it failed";
  x.status = status;
  x.first_byte = milliseconds{40};
  x.total = milliseconds{50};
  x.used.output = output;
  return x;
}

pick_record_ptr pick(ec why) {
  auto x = std::make_shared<pick_record>();
  x->why = why;
  return x;
}

} // namespace

TEST_CASE("a record says how its price was found", "[record]") {
  const model_price any;
  const auto said = [](surface route, const price_match& x) {
    auto work = request();
    work.route = route;
    record_draft draft{work};
    draft.priced(x);
    const auto record
      = draft.finish(request_outcome::succeeded, {}, arrival);
    return std::pair{record->price_name, record->priced};
  };
  using answer = std::pair<std::string, price_basis>;
  const auto chat = surface::openai_chat;
  CHECK(said(chat, {&any, "gpt-5"}) == answer{"gpt-5", price_basis::known});
  CHECK(said(chat, {&any, "gpt-5", false, true})
        == answer{"gpt-5", price_basis::by_prefix});
  CHECK(said(chat, {&any, "", true}) == answer{"", price_basis::unknown});
  CHECK(said(surface::openai_stored, {&any, "", true})
        == answer{"", price_basis::none});
}

TEST_CASE("a record has the request and where it came from", "[record]") {
  record_draft aut{request()};
  const auto x = aut.finish(request_outcome::refused, "no_account",
                            arrival + milliseconds{7});
  CHECK(to_string(x->id) == "req_3_17");
  CHECK(x->client == client_id{6});
  CHECK(x->client_request_id == "mine");
  CHECK(x->model == "m");
  CHECK_FALSE(x->streamed);
  CHECK(x->outcome == request_outcome::refused);
  CHECK(x->error_code == "no_account");
  CHECK(x->total == milliseconds{7});
  CHECK(x->first_byte == milliseconds{0});
  CHECK(x->attempts.empty());
  CHECK(x->picks.empty());
}

TEST_CASE("a record sums up what its attempts cost", "[record]") {
  record_draft aut{request()};
  aut.held(grant(1, 0x301, 500), pick(ec::ok), arrival + milliseconds{1});
  aut.sent(arrival + milliseconds{2});
  aut.answered(report(failure_class::stream_broken, charge::yes, 200, 3), {70},
               milliseconds{0});
  aut.held(grant(2, 0x302, 600), pick(ec::ok), arrival + milliseconds{60});
  aut.sent(arrival + milliseconds{61});
  aut.answered(report(failure_class::upstream_error, charge::hardly, 500), {},
               milliseconds{0});
  aut.held(grant(3, 0x303, 700), pick(ec::ok), arrival + milliseconds{120});
  aut.sent(arrival + milliseconds{121});
  aut.answered(report(failure_class::none, charge::yes, 200, 20), {210},
               milliseconds{0});
  const auto x
    = aut.finish(request_outcome::succeeded, "", arrival + milliseconds{180});
  CHECK(x->cost == money{280});
  CHECK(in_doubt(*x) == money{600});
  CHECK(x->hold == money{700});
  CHECK(x->used.output == 23);
  CHECK(x->first_byte == milliseconds{121 + 40});
  CHECK(x->total == milliseconds{180});
  REQUIRE(x->attempts.size() == 3);
  CHECK(x->picks.size() == 3);
  CHECK(x->attempts[0].cls == failure_class::stream_broken);
  CHECK(x->attempts[0].cost == money{70});
  CHECK(x->attempts[0].reason == "it failed");
  CHECK(x->attempts[1].number == 0x302);
  CHECK(x->attempts[1].charged == charge::hardly);
  CHECK(x->attempts[2].account == account_id{3});
  CHECK(x->attempts[2].total == milliseconds{50});
}

TEST_CASE("a stream's first byte is the first that reached its client",
          "[record]") {
  record_draft aut{request()};
  aut.held(grant(1, 0x301, 500), pick(ec::ok), arrival);
  aut.sent(arrival);
  aut.answered(report(failure_class::none, charge::yes, 200), {1},
               milliseconds{333});
  CHECK(aut.finish(request_outcome::succeeded, "", arrival)->first_byte
        == milliseconds{333});
}

TEST_CASE("the last pick is kept where it found nothing", "[record]") {
  record_draft aut{request()};
  aut.unpicked(pick(ec::at_limit)); // It waited, and was served after all.
  aut.held(grant(1, 0x301, 500), pick(ec::ok), arrival);
  aut.unpicked(pick(ec::cooling));
  aut.unpicked(pick(ec::no_account));
  const auto x = aut.finish(request_outcome::failed, "upstream_error", arrival);
  REQUIRE(x->attempts.size() == 1);
  CHECK_FALSE(x->attempts[0].sent);
  REQUIRE(x->picks.size() == 2);
  CHECK(x->picks[0]->why == ec::ok);
  CHECK(x->picks[1]->why == ec::no_account);
}

TEST_CASE("names of requests are read as they are written", "[record]") {
  const request_id x{3, 17};
  CHECK(to_string(x) == "req_3_17");
  CHECK(parse_request_id("req_3_17") == x);
  CHECK(parse_request_id("req_4294967295_18446744073709551615")
        == request_id{UINT32_MAX, UINT64_MAX});
  for (const auto* bad :
       {"", "req_", "req_3", "req_3_", "req__17", "req_3_17x", "3_17",
        "req_-3_17", "req_3_-1", "req_4294967296_1", "req_3_17_1"}) {
    INFO(bad);
    CHECK_FALSE(parse_request_id(bad).has_value());
  }
}

TEST_CASE("findings and outcomes have names of their own", "[record]") {
  std::vector<std::string> seen;
  for (int i = 0; i <= static_cast<int>(pick_finding::other_session); ++i) {
    seen.push_back(to_string(static_cast<pick_finding>(i)));
    CHECK_FALSE(explain(static_cast<pick_finding>(i)).empty());
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
  seen.clear();
  for (int i = 0; i <= static_cast<int>(request_outcome::stopped); ++i)
    seen.push_back(to_string(static_cast<request_outcome>(i)));
  std::sort(seen.begin(), seen.end());
  CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
}
