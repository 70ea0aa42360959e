#pragma once

#include "messages/account_row.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"
#include "messages/ledger.hpp"
#include "messages/record.hpp"
#include "messages/response_pin.hpp"

#include <vector>

namespace rota {

// One value of each kind that is stored, with every field set. What they look
// like on disk is kept in tests/data/store: never change them.

inline std::vector<ledger_entry> sample_entries() {
  const hold_id hold{{{17}, 42, {6}}, 0x301};
  const timestamp at{1'795'000'000'123};
  std::vector<ledger_entry> result;
  result.push_back({{7}, 1, entry_kind::open, {25'000'000'000}, {}, at, {}, {},
                    {25'000'000'000}, {}});
  result.push_back({{7}, 2, entry_kind::hold, {1'500}, hold, at,
                    {1'795'000'720'123}, {}, {25'000'000'000}, {1'500}});
  result.push_back({{7}, 3, entry_kind::settle, {-1'299}, hold, at, {}, {},
                    {24'999'998'701}, {}});
  result.push_back({{8}, 900, entry_kind::reading, {-20'000}, {}, at, {},
                    {77'000}, {-20'001}, {3}, 899});
  result.push_back({{7}, 4, entry_kind::suspect, {1'500}, hold, at,
                    {1'795'000'720'123}, {}, {25'000'000'000}, {1'500}, 0,
                    {700}});
  uint8_t digit = 0;
  for (auto& x : result)
    for (auto& byte : x.chain)
      byte = digit += 7;
  return result;
}

inline account_head sample_head() {
  account_head x;
  x.account = {7};
  x.name = "north-1";
  x.seq = 123'456;
  x.balance = {24'999'998'701};
  x.held = {4'500};
  x.reading = {25'000'000'000};
  x.read_at = {1'795'000'000'000};
  x.read_cut = 123'400;
  x.spent_since_reading = {1'299};
  x.funded = true;
  x.calls = 61'000;
  x.spent = {999'000'000};
  x.last_used = {1'795'000'000'123};
  x.overruns = 3;
  x.lates = 2;
  x.holds = {
    {{{{17}, 42}, 0x301}, {1'500}, {1'795'000'000'001}, {1'795'000'720'001},
     false},
    {{{{}, 43, {6}}, 0x202}, {3'000}, {1'795'000'000'002}, {1'795'003'600'002},
     true, true, {900}},
  };
  for (size_t i = 0; i < x.chain.size(); ++i)
    x.chain[i] = static_cast<uint8_t>(255 - i);
  return x;
}

inline client_head sample_client() {
  return {{6}, "alice", 61'000, {999'000'000}, 20'775, {-2'000},
          24'322, {1'234'567}, {1'795'000'000'123}};
}

inline response_pin sample_pin() {
  return {"resp_0a1b", {7}, {6}, {1'795'000'000'123}};
}

inline account_row sample_account_row() {
  account_row x;
  x.account = {7};
  x.admin = admin_state::drain;
  x.health = health_state::ejected;
  x.cooldown_until = {1'795'000'005'000};
  x.ejections = 4;
  x.failures = 19;
  x.exhausted = true;
  x.reason = "429 Too Many Requests";
  x.price_ratios = {{1'250'000}, {-3}, {990'000}};
  x.price_off_windows = 2;
  x.posting_lag = milliseconds{275'000};
  return x;
}

inline batch_row sample_batch_row() {
  batch_row x;
  x.id = {17};
  x.state = batch_state::paused;
  x.format = batch_format::gemini;
  x.options.name = "night run";
  x.options.max_in_flight = 32;
  x.options.model = "gemini-2.0-flash";
  x.options.tags = {"eu", "cheap"};
  x.options.skip_invalid = true;
  x.options.policy = delivery::at_most_once;
  x.file_name = "in.jsonl";
  x.total = 1'000'000;
  x.cursor = 250'000;
  x.ended = {249'000, 900, 100, {12'345'678'900}};
  x.created_at = {1'795'000'000'000};
  x.ended_at = {1'795'000'900'000};
  x.doubtful = {250'001, 250'700};
  return x;
}

inline item_result sample_result() {
  item_result x;
  x.id = {{17}, 42, {6}};
  x.custom_id = "line-43";
  x.line = 43;
  x.state = item_state::failed;
  x.status = 500;
  x.request_id = "req_011CQ";
  x.body = "{\"error\":{\"message\":\"na\xc3\xafve \\u00e9\"}}";
  x.error_code = "server_error";
  x.error_text = "The provider failed.";
  x.account = "north-1";
  x.model = "claude-haiku";
  x.attempts = 3;
  x.cost = {1'299};
  x.used = {1'000, 200, 30, 4, 500, 60, 7, service_tier::batch, true, true,
            usage_source::partial, 8, 9, {10, 11, 12, 13}};
  x.at = {1'795'000'000'123};
  return x;
}

inline usage_record sample_record() {
  const timestamp at{4'102'444'800'123}; // Kept for long.
  usage_record x;
  x.id = {3, 43};
  x.client = {6};
  x.client_request_id = "trace-7";
  x.at = at;
  x.route = surface::anthropic_messages;
  x.model = "claude-haiku-4-5";
  x.streamed = true;
  x.outcome = request_outcome::failed;
  x.error_code = "overloaded";
  x.status = 529;
  x.first_byte = milliseconds{41};
  x.total = milliseconds{1'234};
  x.used = {10, 2, 3, 4, 20, 5, 1, service_tier::flex, true, false,
            usage_source::partial, 6, 7, {8, 9, 10, 11}};
  x.price_name = "claude-haiku";
  x.priced = price_basis::by_prefix;
  x.cost = {1'299};
  x.hold = {1'500};
  x.attempts = {
    {{7}, 0x301, at, {1'500}, true, failure_class::stream_broken,
     "it broke off", 200, milliseconds{40}, milliseconds{500}, charge::yes,
     {1'299}},
    {{8}, 0x302, {1'795'000'000'700}, {1'500}, true,
     failure_class::overloaded, "529", 529, milliseconds{9}, milliseconds{10},
     charge::hardly, {}},
  };
  pick_record pick;
  pick.at = at;
  pick.waited = milliseconds{12};
  pick.by = strategy::least_used;
  pick.list_cost = {1'500};
  pick.accounts = 40;
  pick.candidates = {
    {{7}, pick_finding::chosen, 17, -5, {25'000'000'000}, {}},
    {{8}, pick_finding::model_cooling, 18, 6, {-1}, {1'795'000'005'000}},
  };
  x.picks.push_back(std::make_shared<const pick_record>(pick));
  pick.why = ec::retries_spent;
  pick.candidates.clear();
  pick.rest = {{pick_finding::busy, 38}, {pick_finding::tried, 2}};
  x.picks.push_back(std::make_shared<const pick_record>(pick));
  return x;
}

} // namespace rota
