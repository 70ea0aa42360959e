// What is read as JSON: lines of batch files, bodies of requests, answers and
// errors of providers, and their balances.

#include "actors/domain/answer.hpp"
#include "actors/domain/batch_plan.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/domain/estimate.hpp"
#include "actors/domain/exact_json.hpp"
#include "actors/domain/failure.hpp"
#include "actors/domain/include_usage.hpp"
#include "actors/domain/stream_gate.hpp"
#include "config/failure_rule.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <string>

using namespace rota;
using namespace rota::fuzz;

namespace {

const failure_rules& rules() {
  static const failure_rules result{
    parse_failure_rules(built_in_failure_rules()).rules};
  return result;
}

void read_batch(std::string_view input) {
  std::ignore = detect_format(input);
  for (const auto format : {batch_format::openai, batch_format::anthropic,
                            batch_format::gemini, batch_format::bare}) {
    const auto x = plan_line(format, input, 1, {}, {});
    require(x.plan.has_value() != !x.fault.code.empty(),
            "a line has a plan or a fault");
    if (!x.plan)
      continue;
    require(x.plan->body.data() >= input.data()
              && x.plan->body.data() + x.plan->body.size()
                   <= input.data() + input.size(),
            "a line's body is part of it, byte for byte");
    require(x.plan->tokens.input >= 0 && x.plan->tokens.output >= 0,
            "an estimate is not negative");
    item_result result;
    result.custom_id = x.plan->custom_id;
    result.state = item_state::succeeded;
    result.status = 200;
    result.body = input;
    const auto line = format_result(format, result);
    require(line.find('\n') == std::string::npos, "a result is one line");
    require(nlohmann::json::accept(line), "a result is JSON");
  }
}

void read_answer(surface route, std::string_view input) {
  std::ignore = read_request(route, input, 4'096);
  std::ignore = read_usage(route, input);
  answer said;
  read_event(route, input, said);
}

/// The rules are slow; each input is judged in one way, which its size picks.
void judge(std::string_view input) {
  const auto pick = [n = input.size()](size_t by, size_t count) {
    return n / by % count;
  };
  const auto status = std::array{200, 400, 403, 429, 500}[pick(1, 5)];
  const auto who = static_cast<provider>(pick(5, 11));
  const auto route = static_cast<surface>(pick(55, surface_count));
  upstream_outcome outcome;
  outcome.status = status;
  outcome.body = input;
  outcome.headers = {{"content-type", "application/json"}};
  const auto x = rules().judge(who, route, outcome,
                               timestamp{1'800'000'000'000});
  require(status == 200 || x.cls != failure_class::none,
          "an error is a failure");
  require(!x.cooldown || x.cooldown->count() >= 0,
          "a cooldown is not negative");
}

void read_balance(std::string_view input) {
  const auto outcome = std::make_shared<upstream_outcome>();
  outcome->status = 200;
  outcome->body = input;
  const std::vector<upstream_outcome_ptr> answers{outcome, outcome};
  balance_options x;
  x.pointer = "/data/balance";
  for (const auto probe : {probe_kind::newapi_console,
                           probe_kind::newapi_token,
                           probe_kind::newapi_billing,
                           probe_kind::http_json}) {
    x.probe = probe;
    const auto reading = read_probe(x, answers);
    require(reading.outcome == probe_outcome::ok || !reading.error.empty()
              || reading.outcome == probe_outcome::unlimited,
            "a probe without a figure says why");
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = text_of(data, size);
  read_batch(input);
  for_each_surface([input](surface route) { read_answer(route, input); });
  judge(input);
  read_balance(input);
  require(parse_exact_json(input).root.has_value()
            || !parse_exact_json(input).fault.empty(),
          "what is no JSON has a fault");
  if (const auto asked = ask_for_usage(input))
    require(!nlohmann::json::accept(input) || nlohmann::json::accept(*asked),
            "a body that asks for usage is JSON still");
  return 0;
}
