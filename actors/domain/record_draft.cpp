#include "actors/domain/record_draft.hpp"

#include "messages/money_sum.hpp"

#include <utility>

namespace rota {

namespace {

std::shared_ptr<usage_record> begun(const job& work) {
  auto result = std::make_shared<usage_record>();
  result->id = {work.attempt_base / attempts_per_run, work.id.item};
  result->client = work.id.client;
  result->client_request_id = work.client_request_id;
  result->at = work.arrived;
  result->route = work.route;
  result->model = work.model;
  result->streamed = work.sink != nullptr;
  return result;
}

/// Calls that were charged are counted together: an answer that was paid for
/// and of no use took its tokens, too.
void add(usage& to, const usage& x) {
  to.input_uncached += x.input_uncached;
  to.cache_read += x.cache_read;
  to.cache_write_5m += x.cache_write_5m;
  to.cache_write_1h += x.cache_write_1h;
  to.output += x.output;
  to.reasoning += x.reasoning;
  to.web_searches += x.web_searches;
  to.media_input += x.media_input;
  to.media_output += x.media_output;
  to.units.images += x.units.images;
  to.units.characters += x.units.characters;
  to.units.audio_ms += x.units.audio_ms;
  to.units.searches += x.units.searches;
}

} // namespace

record_draft::record_draft(const job& work) : record_{begun(work)} {
  // nop
}

void record_draft::held(const hold_grant& x, pick_record_ptr why,
                        timestamp now) {
  auto& attempt = record_->attempts.emplace_back();
  attempt.account = x.account;
  attempt.number = x.hold.attempt;
  attempt.at = now;
  attempt.hold = x.amount;
  record_->hold = x.amount;
  record_->picks.push_back(why ? std::move(why)
                               : std::make_shared<const pick_record>());
  last_refusal_ = nullptr;
}

void record_draft::priced(const price_match& x) {
  if (is_free(record_->route))
    return;
  record_->price_name = x.name;
  record_->priced = x.unknown     ? price_basis::unknown
                    : x.by_prefix ? price_basis::by_prefix
                                  : price_basis::known;
}

void record_draft::sent(timestamp now) {
  record_->attempts.back().sent = true;
  sent_at_ = now;
}

void record_draft::answered(const attempt_report& x, money cost,
                            milliseconds first_content) {
  auto& attempt = record_->attempts.back();
  attempt.cls = x.judged.cls;
  attempt.reason = x.judged.reason;
  attempt.status = x.status;
  attempt.first_byte = x.first_byte;
  attempt.total = x.total;
  attempt.charged = x.judged.charged;
  attempt.cost = cost;
  record_->status = x.status;
  record_->cost = saturated_sum(record_->cost, cost);
  auto used = x.used;
  if (x.judged.charged == charge::yes) {
    add(used, record_->used);
    record_->used = used;
  }
  if (first_content > milliseconds{0})
    record_->first_byte = first_content;
  else if (x.status != 0)
    record_->first_byte = sent_at_ - record_->at + x.first_byte;
}

void record_draft::unpicked(pick_record_ptr why) {
  last_refusal_ = std::move(why);
}

usage_record_ptr record_draft::finish(request_outcome x,
                                      std::string error_code, timestamp now) {
  record_->outcome = x;
  record_->error_code = std::move(error_code);
  record_->total = now - record_->at;
  if (last_refusal_)
    record_->picks.push_back(std::move(last_refusal_));
  return std::move(record_);
}

usage_record_ptr record_without_runner(const job& work, request_outcome what,
                                       int status, std::string error_code,
                                       timestamp now) {
  auto result = begun(work);
  result->outcome = what;
  result->status = status;
  result->error_code = std::move(error_code);
  result->total = now - result->at;
  return result;
}

} // namespace rota
