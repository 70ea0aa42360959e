// What a query says about a batch: read whole, or refused with one sentence.

#include "runtime/admin/batch_query.hpp"
#include "tests/support/catch.hpp"

#include <map>

using namespace rota;

namespace {

struct fake_exchange final : admin_exchange {
  explicit fake_exchange(std::map<std::string, std::string> query)
      : parameters{std::move(query)} {
    // nop
  }

  const std::string& method() const override {
    return nothing;
  }

  const std::string& path() const override {
    return nothing;
  }

  std::string query(const std::string& name) const override {
    const auto i = parameters.find(name);
    return i == parameters.end() ? std::string{} : i->second;
  }

  bool read_body(const std::function<bool(std::string_view)>&) override {
    return true;
  }

  void reply(int, const std::string&, std::string) override {
    // nop
  }

  void begin(int, const std::string&) override {
    // nop
  }

  bool write(std::string_view) override {
    return true;
  }

  void end() override {
    // nop
  }

  std::map<std::string, std::string> parameters;
  std::string nothing;
};

} // namespace

TEST_CASE("a batch's query is read whole", "[admin]") {
  const auto x = parse_batch_query(
    fake_exchange{{{"name", "nightly"},
                   {"model", "gemini-2.5-flash"},
                   {"tags", ",cheap,,bulk,"},
                   {"skip_invalid", "1"},
                   {"policy", "at_most_once"},
                   {"max_in_flight", "10000"}}});
  CHECK(x.fault.empty());
  CHECK(x.fault_code.empty());
  CHECK(x.chosen.name == "nightly");
  CHECK(x.chosen.model == "gemini-2.5-flash");
  CHECK(x.chosen.tags == std::vector<std::string>{"bulk", "cheap"});
  CHECK(x.chosen.skip_invalid);
  CHECK(x.chosen.policy == delivery::at_most_once);
  CHECK(x.chosen.max_in_flight == 10'000);
}

TEST_CASE("a query that says nothing chooses nothing", "[admin]") {
  const auto x = parse_batch_query(fake_exchange{{}});
  CHECK(x.fault.empty());
  CHECK(x.chosen.max_in_flight == 0);
  CHECK(x.chosen.policy == delivery::at_least_once);
  CHECK_FALSE(x.chosen.skip_invalid);
  CHECK(x.chosen.tags.empty());
}

TEST_CASE("how many lines are in flight is a number within bounds", "[admin]") {
  for (const auto* said :
       {"0", "-1", "+5", "10001", "4294967297", "99999999999999999999", "7 ",
        " 7", "7x", "0x7", "1e3", "many"}) {
    INFO(said);
    const auto x = parse_batch_query(fake_exchange{{{"max_in_flight", said}}});
    CHECK(x.fault_code == "invalid_max_in_flight");
    CHECK(x.fault
          == "max_in_flight must be a whole number from 1 to 10000, not "
               + std::string{said} + '.');
  }
}

TEST_CASE("a policy is one of the two", "[admin]") {
  const auto x = parse_batch_query(fake_exchange{{{"policy", "twice"}}});
  CHECK(x.fault_code == "invalid_policy");
  CHECK(x.fault
        == "The policy must be at_least_once or at_most_once, not twice.");
}
