// The record that the RUNNER keeps of a request.

#include "actors/runner.hpp"

namespace rota {

namespace {

/// @param counts Whether its tokens are counted only: where nobody else can, by
///               our estimate.
request_outcome outcome_of(const item_result& x, bool left, bool tried,
                           bool counts) {
  if (left || x.state == item_state::cancelled)
    return request_outcome::client_left;
  if (x.state == item_state::succeeded || (counts && !tried))
    return request_outcome::succeeded;
  return tried ? request_outcome::failed : request_outcome::refused;
}

} // namespace

void runner_state::note_held(const lease& x) {
  if (!draft)
    return;
  draft->held(x.grant, x.why, now());
  draft->priced(setup->prices->find(work->model));
}

void runner_state::note_refusal(const caf::error& x) {
  if (draft && !x.context().empty()
      && x.context().match_elements<pick_record_ptr>())
    draft->unpicked(x.context().get_as<pick_record_ptr>(0));
}

void runner_state::note_answer(const attempt_end& x,
                               const upstream_outcome& y) {
  if (draft)
    draft->answered(x.report, x.cost,
                    y.passed ? y.passed->first_content : milliseconds{0});
}

usage_record_ptr runner_state::record_of(const item_result& x) {
  if (!draft)
    return nullptr;
  const auto tried = last_failure.cls != failure_class::none;
  const auto what = outcome_of(x, cancelled, tried,
                               counts_tokens(work->route));
  auto result = draft->finish(
    what,
    what == request_outcome::failed || what == request_outcome::refused
      ? x.error_code
      : std::string{},
    now());
  draft.reset();
  return result;
}

void runner_state::store_record(usage_record_ptr x) {
  if (!x)
    return;
  auto told = std::make_shared<commit>();
  told->record = std::move(x);
  self->send(peers.journal, atom::append_v, commit_ptr{std::move(told)});
}

} // namespace rota
