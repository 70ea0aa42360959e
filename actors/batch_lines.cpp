// How a BATCH starts its lines, or why it does not.

#include "actors/batch.hpp"

#include "actors/domain/doubtful_lines.hpp"

#include <algorithm>

namespace rota {

void batch_actor_state::start(const line_block_ptr& block,
                              const line_block::line& line) {
  auto planned = plan_accepted_line(row.format, line.text, line.number,
                                    row.options, setup->limits);
  if (!planned.plan) // It was checked before: somebody changed the file.
    return refuse(line, {}, planned.fault.code, planned.fault.text);
  auto& plan = *planned.plan;
  if (auto fault = fault_of_repeat(line.index); !fault.empty())
    return refuse(line, std::move(plan.custom_id), in_doubt_code,
                  std::move(fault));
  auto work = std::make_shared<job>();
  work->id = {row.id, line.index};
  work->route = plan.route;
  work->model = std::move(plan.model);
  work->body = plan.body;
  work->block = block;
  work->custom_id = std::move(plan.custom_id);
  work->line = line.number;
  work->estimate = plan.tokens;
  work->attempt_base = attempt_base;
  work->policy = row.options.policy;
  work->doubts = doubts_of(line.index);
  work->tags = row.options.tags;
  in_flight.emplace(line.index,
                    started_line{peers.start_runner(std::move(work),
                                                    batch_actor{self})});
}

uint32_t batch_actor_state::ends_of(uint64_t item) const {
  const auto [first, last]
    = std::equal_range(row.doubtful.begin(), row.doubtful.end(), item);
  return static_cast<uint32_t>(last - first);
}

uint32_t batch_actor_state::doubts_of(uint64_t item) const {
  const auto i = doubts.find(item);
  return std::max(ends_of(item), i != doubts.end() ? i->second : 0);
}

std::string batch_actor_state::fault_of_repeat(uint64_t item) const {
  if (row.options.policy == delivery::at_most_once)
    return ends_of(item) > 0
             ? in_doubt_text("the daemon ended before the answer came")
             : std::string{};
  const auto times = doubts_of(item);
  return times >= setup->billed_attempts || ends_of(item) >= poison_ends
           ? often_in_doubt_text(times)
           : std::string{};
}

void batch_actor_state::refuse(const line_block::line& line,
                               std::string custom_id, std::string code,
                               std::string text) {
  auto result = std::make_shared<item_result>();
  result->id = {row.id, line.index};
  result->custom_id = std::move(custom_id);
  result->line = line.number;
  result->state = item_state::failed;
  result->error_code = std::move(code);
  result->error_text = std::move(text);
  result->at = now();
  auto x = std::make_shared<commit>();
  x->result = result;
  x->ack = durable_actor{self};
  x->token = line.index;
  writing.emplace(line.index, ended_item{line.index, item_state::failed, {}});
  self->send(peers.journal, atom::append_v, commit_ptr{std::move(x)});
}

} // namespace rota
