// What a request's record says of its picks: each reason against an account.

#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto server_error
  = R"({"error":{"message":"oops","type":"server_error","code":null}})";

struct record_fixture : dispatcher_fixture {
  record_fixture() {
    setup->records = true;
  }

  /// A request of the API.
  std::shared_ptr<job> request(const std::string& model = "m") {
    auto x = std::make_shared<job>(*line(next++, model));
    x->id.batch = {};
    x->id.client = {6};
    x->attempt_base = 3 << 8;
    x->arrived = now();
    x->deadline = x->arrived + 60s;
    return x;
  }

  usage_record_ptr ask_for(std::shared_ptr<job> work) {
    start(std::move(work));
    run();
    return last();
  }

  usage_record_ptr last() const {
    for (auto x = log->commits.rbegin(); x != log->commits.rend(); ++x)
      if ((*x)->record)
        return (*x)->record;
    return nullptr;
  }

  size_t records() const {
    return static_cast<size_t>(
      std::count_if(log->commits.begin(), log->commits.end(),
                    [](const auto& x) { return x->record != nullptr; }));
  }

  std::string finding(const pick_record& x, const std::string& name) {
    for (const auto& each : x.candidates)
      if (each.account == ids.at(name))
        return to_string(each.finding);
    return "absent";
  }

  candidate of(const pick_record& x, const std::string& name) {
    for (const auto& each : x.candidates)
      if (each.account == ids.at(name))
        return each;
    return {};
  }
};

} // namespace

TEST_CASE_METHOD(record_fixture, "a request leaves one record", "[record]") {
  add("a", 30);
  add("b", 20);
  const auto x = ask_for(request());
  REQUIRE(x != nullptr);
  CHECK(records() == 1);
  CHECK(to_string(x->id) == "req_3_0");
  CHECK(x->client == client_id{6});
  CHECK(x->outcome == request_outcome::succeeded);
  CHECK(x->cost == money{210'000});
  CHECK(x->hold == money{1'100'000});
  CHECK(x->used.input_total() == 10);
  CHECK(x->used.output == 20);
  CHECK(x->price_name == "m");
  CHECK(x->priced == price_basis::known);
  REQUIRE(x->attempts.size() == 1);
  CHECK(x->attempts[0].account == ids["a"]);
  CHECK(x->attempts[0].number == 0x301);
  CHECK(x->attempts[0].cost == money{210'000});
  REQUIRE(x->picks.size() == 1);
  const auto& pick = *x->picks[0];
  CHECK(pick.by == strategy::most_balance);
  CHECK(pick.accounts == 2);
  CHECK(pick.list_cost == money{1'100'000});
  REQUIRE(pick.candidates.size() == 2);
  CHECK(finding(pick, "a") == "chosen");
  CHECK(finding(pick, "b") == "behind");
  CHECK(of(pick, "b").score == 20'000'000'000);
}

TEST_CASE_METHOD(record_fixture, "the record comes with the settlement",
                 "[record]") {
  add("a", 30);
  ask_for(request());
  for (const auto& x : log->commits)
    if (x->record) {
      REQUIRE(x->entries.size() == 1);
      CHECK(x->entries[0].kind == entry_kind::settle);
      CHECK(x->entries[0].amount.nanos == -x->record->cost.nanos);
    }
}

TEST_CASE_METHOD(record_fixture, "nothing is kept where nobody wants it",
                 "[record]") {
  add("a", 30);
  start(line(next++)); // Its result says what became of it.
  run();
  CHECK(records() == 0);
  setup->records = false;
  ask_for(request());
  CHECK(owned->finished.size() == 2);
  CHECK(records() == 0);
}

TEST_CASE_METHOD(record_fixture, "a failover is told try by try",
                 "[record]") {
  add("a", 30);
  add("b", 20);
  add("c", 10);
  script->answer = [this](const upstream_request& x) {
    return x.account == ids["c"] ? good() : bad(500, server_error);
  };
  const auto x = ask_for(request());
  REQUIRE(x != nullptr);
  CHECK(x->outcome == request_outcome::succeeded);
  REQUIRE(x->attempts.size() == 3);
  CHECK(x->attempts[0].cls == failure_class::upstream_error);
  CHECK(x->attempts[0].status == 500);
  CHECK(x->attempts[1].account == ids["b"]);
  CHECK(x->attempts[2].cls == failure_class::none);
  CHECK(in_doubt(*x) == money{2'200'000});
  REQUIRE(x->picks.size() == 3);
  CHECK(finding(*x->picks[1], "a") == "tried");
  CHECK(finding(*x->picks[1], "b") == "chosen");
  CHECK(finding(*x->picks[2], "b") == "tried");
  CHECK(finding(*x->picks[2], "c") == "chosen");
}

TEST_CASE_METHOD(record_fixture, "why an account was not chosen", "[record]") {
  // "good" serves; the other one is told why not.
  add("good", 30);
  auto other = options("other", money{40'000'000'000});
  std::string wanted;
  SECTION("it has another protocol") {
    other.account.kind = provider::anthropic;
    add(other);
    wanted = "other_surface";
  }
  SECTION("it has other models") {
    other.account.models = {"n"};
    add(other);
    wanted = "other_model";
  }
  SECTION("it is drained") {
    add(other);
    ask<account_view>(accounts["other"], atom::administer_v,
                      admin_state::drain);
    wanted = "drained";
  }
  SECTION("it is in maintenance") {
    add(other);
    ask<account_view>(accounts["other"], atom::administer_v,
                      admin_state::maintenance);
    wanted = "in_maintenance";
  }
  SECTION("it has reached its floor") {
    other.account.floor = money{40'000'000'000};
    add(other);
    wanted = "below_floor";
  }
  SECTION("it has less than is needed") {
    other.account.floor = money{39'999'000'000};
    add(other);
    wanted = "too_little";
  }
  SECTION("nobody knows what it has") {
    other.account.balance.initial.reset();
    add(other);
    wanted = "balance_unknown";
  }
  SECTION("it cools down") {
    add(other);
    const auto until = now() + 30s;
    self->send(accounts["other"], atom::cool_v,
               cooldown_notice{ids["other"], failure_scope::account, until,
                               "a wall"});
    wanted = "cooling";
  }
  SECTION("it is busy") {
    other.account.max_in_flight = 1;
    add(other);
    script->answer = [](const auto&) { return std::nullopt; };
    ask_for(request());
    script->answer = [](const auto&) { return good(); };
    wanted = "busy";
  }
  run();
  const auto x = ask_for(request());
  REQUIRE(x != nullptr);
  REQUIRE(x->picks.size() == 1);
  CHECK(finding(*x->picks[0], "good") == "chosen");
  CHECK(finding(*x->picks[0], "other") == wanted);
  if (wanted == "cooling")
    CHECK(of(*x->picks[0], "other").until == now() + 30s);
  while (!script->open.empty())
    script->finish(script->open.front()->token, good());
  run();
}

TEST_CASE_METHOD(record_fixture, "tags keep an account away", "[record]") {
  auto cheap = options("cheap", money{10'000'000'000});
  cheap.account.tags = {"cheap"};
  add(cheap);
  add("dear", 30);
  auto work = request();
  work->tags = {"cheap"};
  const auto x = ask_for(work);
  REQUIRE(x != nullptr);
  CHECK(finding(*x->picks.at(0), "cheap") == "chosen");
  CHECK(finding(*x->picks.at(0), "dear") == "other_tags");
}

TEST_CASE_METHOD(record_fixture, "a record says that a conversation stayed",
                 "[record]") {
  add("a", 30);
  add("b", 29);
  auto first = request();
  first->session = 77;
  ask_for(first);
  // The other one has more by now.
  ask<account_view>(accounts["b"], atom::adjust_v, money{50'000'000'000});
  run();
  auto second = request();
  second->session = 77;
  const auto x = ask_for(second);
  REQUIRE(x != nullptr);
  CHECK(finding(*x->picks.at(0), "a") == "chosen");
  CHECK(finding(*x->picks.at(0), "b") == "other_session");
}

TEST_CASE_METHOD(record_fixture, "a record says that a response binds",
                 "[record]") {
  add("a", 30);
  add("b", 50);
  auto work = request();
  work->session = 77;
  work->pinned = ids["a"];
  const auto x = ask_for(work);
  REQUIRE(x != nullptr);
  CHECK(finding(*x->picks.at(0), "a") == "chosen");
  CHECK(finding(*x->picks.at(0), "b") == "bound");
}

TEST_CASE_METHOD(record_fixture, "a refusal says why of each account",
                 "[record]") {
  add("a", 30);
  auto other = options("b", money{40'000'000'000});
  other.account.models = {"n"};
  add(other);
  ask<account_view>(accounts["a"], atom::administer_v, admin_state::drain);
  run();
  const auto x = ask_for(request());
  REQUIRE(x != nullptr);
  CHECK(x->outcome == request_outcome::refused);
  CHECK(x->error_code == "not_ready");
  CHECK(x->attempts.empty());
  REQUIRE(x->picks.size() == 1);
  CHECK(x->picks[0]->why == ec::not_ready);
  CHECK(finding(*x->picks[0], "a") == "drained");
  CHECK(finding(*x->picks[0], "b") == "other_model");
}

TEST_CASE_METHOD(record_fixture, "failing everywhere is told with the refusal",
                 "[record]") {
  add("a", 30);
  script->answer = [](const auto&) { return bad(500, server_error); };
  start(request());
  for (int i = 0; i < 120 && last() == nullptr; ++i)
    advance(1s);
  const auto x = last();
  REQUIRE(x != nullptr);
  CHECK(records() == 1);
  CHECK(x->outcome == request_outcome::failed);
  CHECK(x->error_code == "upstream_error");
  CHECK(x->picks.size() >= x->attempts.size());
  CHECK(finding(*x->picks[0], "a") == "chosen");
}

TEST_CASE_METHOD(record_fixture, "a client that leaves is told of",
                 "[record]") {
  add("a", 30);
  script->answer = [](const auto&) { return std::nullopt; };
  const auto one = start(request());
  run();
  self->send(one, atom::cancel_v);
  run();
  const auto x = last();
  REQUIRE(x != nullptr);
  CHECK(x->outcome == request_outcome::client_left);
  CHECK(x->attempts.size() == 1);
  CHECK(in_doubt(*x) + x->cost == money{1'100'000});
}

TEST_CASE_METHOD(record_fixture, "of a large pool the next are shown",
                 "[record]") {
  for (int i = 0; i < 40; ++i)
    add("a" + std::to_string(i), 30 + i);
  const auto x = ask_for(request());
  REQUIRE(x != nullptr);
  const auto& pick = *x->picks.at(0);
  CHECK(pick.accounts == 40);
  REQUIRE(pick.candidates.size() == 3);
  CHECK(pick.candidates[0].account == ids["a39"]);
  CHECK(pick.candidates[0].finding == pick_finding::chosen);
  CHECK(pick.candidates[1].account == ids["a38"]);
  CHECK(pick.candidates[2].account == ids["a37"]);
  CHECK(pick.rest.empty());
  for (const auto& [name, actor] : accounts)
    ask<account_view>(actor, atom::administer_v, admin_state::drain);
  run();
  const auto y = ask_for(request());
  const auto& none = *y->picks.at(0);
  CHECK(none.candidates.size() == 8);
  CHECK(none.rest
        == std::vector<finding_count>{{pick_finding::drained, 32}});
}
