#include "actors/domain/pick_survey.hpp"
#include "tests/support/catch.hpp"

#include <memory>

using namespace rota;

namespace {

constexpr money needed{1'000'000};

demand wants(std::string_view model = "m") {
  return {surface::openai_chat, model, needed, {}};
}

account_abilities can(uint32_t id) {
  account_abilities x;
  x.account = {id};
  x.surfaces = 1;
  return x;
}

account_state state(uint32_t id, int64_t dollars = 10) {
  account_state x;
  x.account = {id};
  x.version = 1;
  x.available = {dollars * 1'000'000'000};
  x.headroom = x.available;
  x.limit = 8;
  x.funds = funds_state::funded;
  return x;
}

/// "2:chosen 1:behind", in the order of the candidates.
std::string text(const pick_record& x) {
  std::string result;
  for (const auto& each : x.candidates)
    result += (result.empty() ? "" : " ") + std::to_string(each.account.value)
              + ':' + to_string(each.finding);
  return result;
}

pick_record pick(const ranking& ranks, const demand& want = wants()) {
  const auto chosen = ranks.pick(want, {});
  return survey(ranks, {want, {}, {}, chosen});
}

} // namespace

TEST_CASE("each refusal has its finding", "[record]") {
  struct row {
    ec why;
    pick_finding finding;
    void (*change)(account_state&) = [](account_state&) {};
  };
  const auto refuse = [](account_state& x) { x.refusal = ec::cooling; };
  const std::vector<row> rows{
    {ec::ok, pick_finding::behind},
    {ec::not_ready, pick_finding::drained,
     [](account_state& x) { x.admin = admin_state::drain; }},
    {ec::not_ready, pick_finding::in_maintenance,
     [](account_state& x) { x.admin = admin_state::maintenance; }},
    {ec::ejected, pick_finding::ejected},
    {ec::cooling, pick_finding::cooling, refuse},
    {ec::cooling, pick_finding::model_cooling},
    {ec::insufficient_funds, pick_finding::too_little},
    {ec::insufficient_funds, pick_finding::below_floor,
     [](account_state& x) {
       x.refusal = ec::insufficient_funds;
       x.headroom = {};
     }},
    {ec::insufficient_funds, pick_finding::exhausted,
     [](account_state& x) {
       x.refusal = ec::insufficient_funds;
       x.funds = funds_state::exhausted;
     }},
    {ec::balance_unknown, pick_finding::balance_unknown},
    {ec::reading_stale, pick_finding::reading_stale},
    {ec::at_limit, pick_finding::busy},
  };
  for (const auto& x : rows) {
    INFO(to_string(x.finding));
    auto published = state(1);
    x.change(published);
    CHECK(finding_of(can(1), &published, x.why, wants()) == x.finding);
  }
  CHECK(finding_of(can(1), nullptr, ec::balance_unknown, wants())
        == pick_finding::balance_unknown);
}

TEST_CASE("what an account is not configured for is told apart", "[record]") {
  auto x = can(1);
  x.surfaces = 2;
  CHECK(finding_of(x, nullptr, ec::no_such_model, wants())
        == pick_finding::other_surface);
  x = can(1);
  x.models = {"k", "n"};
  CHECK(finding_of(x, nullptr, ec::no_such_model, wants())
        == pick_finding::other_model);
  x.models = {"m"};
  CHECK(finding_of(x, nullptr, ec::no_such_model, wants())
        == pick_finding::other_tags);
}

TEST_CASE("candidates stand in the order of the strategy", "[record]") {
  struct row {
    strategy by;
    std::string order;
    std::vector<int64_t> scores;
  };
  const auto x = GENERATE(
    row{strategy::most_balance, "3:chosen 2:behind 1:behind",
        {30'000'000'000, 20'000'000'000, 10'000'000'000}},
    row{strategy::least_used, "2:chosen 1:behind 3:behind", {4, 5, 5}},
    row{strategy::least_recently_used, "1:chosen 3:behind 2:behind",
        {100, 200, 300}},
    row{strategy::round_robin, "1:chosen 2:behind 3:behind", {0, 0, 0}},
    row{strategy::fastest, "2:chosen 3:behind 1:behind", {0, 80, 200}},
    row{strategy::proportional, "1:chosen 2:behind 3:behind", {0, 0, 0}});
  INFO(to_string(x.by));
  ranking ranks{x.by};
  for (uint32_t id = 1; id <= 3; ++id) {
    ranks.enlist(can(id));
    auto published = state(id, 10 * id);
    published.window_calls = id == 2 ? 4 : 5;
    published.window_spent = {id == 3 ? 9 : 7};
    published.last_used = {id == 1 ? 100 : id == 3 ? 200 : 300};
    published.latency_us = id == 1 ? 100 : id == 2 ? 0 : 40;
    published.in_flight = id == 2 ? 0 : 1;
    ranks.update(published);
  }
  const auto found = pick(ranks);
  CHECK(found.by == x.by);
  CHECK(found.accounts == 3);
  CHECK(found.list_cost == needed);
  CHECK(text(found) == x.order);
  for (size_t i = 0; i < 3; ++i)
    CHECK(found.candidates[i].score == x.scores[i]);
}

TEST_CASE("turns show in the scores of strategies that go by them",
          "[record]") {
  const auto by = GENERATE(strategy::round_robin, strategy::proportional);
  ranking ranks{by};
  for (uint32_t id = 1; id <= 2; ++id) {
    ranks.enlist(can(id));
    ranks.update(state(id, 1));
  }
  ranks.granted({1});
  const auto x = pick(ranks);
  CHECK(text(x) == "2:chosen 1:behind");
  // One turn, or one stride at one dollar.
  CHECK(x.candidates[1].score == (by == strategy::round_robin ? 1 : 1'000'000));
  CHECK(x.candidates[0].score == 0);
}

TEST_CASE("a pick is surveyed as it was made", "[record]") {
  ranking ranks{strategy::most_balance};
  for (uint32_t id = 1; id <= 4; ++id) {
    ranks.enlist(can(id));
    ranks.update(state(id, 10 * id));
  }
  const std::vector<account_id> tried{{4}};
  const std::vector<account_id> out{{4}, {3}};
  CHECK(text(survey(ranks, {wants(), tried, out, account_id{2}}))
        == "2:chosen 1:behind 3:declined 4:tried");
  CHECK(text(survey(ranks, {wants(), {}, {}, account_id{1},
                            pick_finding::bound}))
        == "1:chosen 2:bound 3:bound 4:bound");
  CHECK(text(survey(ranks, {wants(), tried, out, account_id{1},
                            pick_finding::other_session}))
        == "1:chosen 2:other_session 3:declined 4:tried");
  CHECK(text(survey(ranks, {wants(), tried, out, std::nullopt}))
        == "2:behind 1:behind 3:declined 4:tried");
}

TEST_CASE("a model that cools down says until when", "[record]") {
  ranking ranks{strategy::most_balance};
  ranks.enlist(can(1));
  auto published = state(1);
  published.barred_models
    = std::make_shared<const std::vector<model_cooldown>>(
      std::vector<model_cooldown>{{"m", {777}, "429"}});
  ranks.update(published);
  const auto x = pick(ranks);
  CHECK(text(x) == "1:model_cooling");
  CHECK(x.candidates.at(0).until == timestamp{777});
  CHECK(text(pick(ranks, wants("n"))) == "1:chosen");
}

TEST_CASE("a survey of a large pool is bounded", "[record]") {
  ranking ranks{strategy::most_balance};
  constexpr uint32_t accounts = 3'000;
  for (uint32_t id = 1; id <= accounts; ++id) {
    auto x = can(id);
    if (id > 1'000)
      x.models = {"other"};
    ranks.enlist(x);
    ranks.update(state(id, id));
  }
  CHECK(text(pick(ranks)) == "1000:chosen 999:behind 998:behind");
  for (uint32_t id = 1; id <= 1'000; ++id) {
    auto x = state(id, id);
    x.version = 2;
    x.refusal = ec::at_limit;
    ranks.update(x);
  }
  const auto none = pick(ranks);
  CHECK(none.accounts == accounts);
  CHECK(none.candidates.size() == survey_refused);
  CHECK(none.rest
        == std::vector<finding_count>{
          {pick_finding::other_model,
           static_cast<uint32_t>(survey_most - 1'000)},
          {pick_finding::busy, static_cast<uint32_t>(1'000 - survey_refused)}});
}
