// Every value of every enumeration has a name of its own, and names that are
// read are the ones that are written.

#include "messages/account.hpp"
#include "messages/alert.hpp"
#include "messages/batch.hpp"
#include "messages/ec.hpp"
#include "messages/failure.hpp"
#include "messages/job.hpp"
#include "messages/ledger.hpp"
#include "messages/upstream.hpp"

#include "tests/support/catch.hpp"

#include <set>

using namespace rota;

namespace {

/// The names of the values first..last; checks that they are good names.
template <class Enum>
std::set<std::string> names(Enum first, Enum last) {
  std::set<std::string> result;
  for (auto i = static_cast<int>(first); i <= static_cast<int>(last); ++i) {
    const auto name = to_string(static_cast<Enum>(i));
    INFO(name);
    CHECK(!name.empty());
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_+.")
          == std::string::npos);
    CHECK(result.insert(name).second);
  }
  return result;
}

template <class Enum, class Parse>
void check_round_trip(Enum last, Parse parse) {
  for (auto i = 0; i <= static_cast<int>(last); ++i) {
    const auto x = static_cast<Enum>(i);
    INFO(to_string(x));
    CHECK(parse(to_string(x)) == x);
    CHECK_FALSE(parse(to_string(x) + "x"));
    CHECK_FALSE(parse(to_string(x).substr(1)));
  }
  CHECK_FALSE(parse(""));
  CHECK_FALSE(parse("NONE"));
}

} // namespace

TEST_CASE("every value has a name of its own", "[names]") {
  names(ec::ok, ec::store_failed);
  names(health_state::healthy, health_state::probing);
  names(funds_state::unknown, funds_state::exhausted);
  names(entry_kind::open, entry_kind::reading);
  names(alert_kind::account_low, alert_kind::disk_low);
  names(alert_state::inactive, alert_state::resolved);
  names(severity::info, severity::critical);
  names(batch_format::openai, batch_format::bare);
  names(batch_state::running, batch_state::cancelled);
  names(item_state::succeeded, item_state::cancelled);
  names(transport::ok, transport::cancelled);
  CHECK(names(surface::openai_chat, surface::gemini_count).size()
        == surface_count);
}

TEST_CASE("names that are read are the ones that are written", "[names]") {
  check_round_trip(admin_state::maintenance, parse_admin_state);
  check_round_trip(provider::siliconflow, parse_provider);
  check_round_trip(failure_class::stream_broken, parse_failure_class);
  check_round_trip(failure_scope::pool, parse_failure_scope);
  check_round_trip(account_action::disabled, parse_account_action);
}

TEST_CASE("stored numbers never move", "[names]") {
  // What is on disk of every user means this.
  const std::vector<std::string> kinds{
    "open",   "topup",   "hold",    "settle", "release", "expire", "doubt",
    "assume", "late",    "overrun", "correct", "adjust", "reading",
    "suspect"};
  for (size_t i = 0; i < kinds.size(); ++i)
    CHECK(to_string(static_cast<entry_kind>(i + 1)) == kinds[i]);
  CHECK(to_string(static_cast<ec>(1)) == "insufficient_funds");
  CHECK(to_string(static_cast<ec>(9)) == "no_such_model");
  CHECK(to_string(static_cast<ec>(18)) == "store_failed");
}

TEST_CASE("every refusal is explained to people", "[names]") {
  std::set<std::string> seen;
  for (int i = 0; i <= static_cast<int>(ec::store_failed); ++i) {
    const auto why = explain(static_cast<ec>(i));
    INFO(why);
    CHECK(!why.empty());
    CHECK(why.back() != '.'); // Half a sentence.
    CHECK(seen.insert(why).second);
  }
}
