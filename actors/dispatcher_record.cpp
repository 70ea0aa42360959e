// How the DISPATCHER tells of its picks.

#include "actors/dispatcher.hpp"
#include "actors/domain/pick_survey.hpp"

namespace rota {

pick_record_ptr
dispatcher_state::record_of(const seeker& x, std::optional<account_id> chosen,
                            ec why, timestamp t) const {
  if (!x.want->explain)
    return nullptr;
  const auto& work = x.work();
  const auto stays = chosen && work.session != 0
                     && sessions.find(work.session, t) == chosen;
  const auto passed_over = work.pinned ? pick_finding::bound
                           : stays     ? pick_finding::other_session
                                       : pick_finding::behind;
  auto result = std::make_shared<pick_record>(
    survey(ranks, {demand_of(x.request(), t), x.want->excluded, x.excluded,
                   chosen, passed_over}));
  result->at = t;
  result->waited = t - x.since;
  result->why = why;
  return result;
}

caf::error dispatcher_state::refusal_of(const seeker& x, ec why,
                                        timestamp t) const {
  auto told = record_of(x, std::nullopt, why, t);
  return told ? caf::error{why, std::move(told)} : caf::error{why};
}

} // namespace rota
