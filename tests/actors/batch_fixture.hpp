#pragma once

#include "actors/batch.hpp"
#include "tests/actors/pool_fixture.hpp"
#include "tests/fakes/fake_spool.hpp"

namespace rota {

/// A batch over a fake spool in a pool of accounts.
struct batch_fixture : pool_fixture {
  std::shared_ptr<spool_lines> file = std::make_shared<spool_lines>();
  spool_actor spool = sys.spawn(fake_spool, file);
  batch_limits limits;
  uint32_t billed_attempts = 2;
  batch_actor it;

  batch_setup_ptr batch_rules() const {
    return std::make_shared<const batch_setup>(
      batch_setup{limits, billed_attempts});
  }

  explicit batch_fixture(uint32_t seed = 0) : pool_fixture{seed} {
    script->answer = [](const auto&) { return good(); };
  }

  ~batch_fixture() {
    end(spool, it);
  }

  void write_lines(uint64_t n) {
    for (uint64_t i = 0; i < n; ++i)
      file->lines.push_back(
        R"({"custom_id":"id-)" + std::to_string(i)
        + R"(","method":"POST","url":"/v1/chat/completions","body":)"
          R"({"model":"m","max_tokens":100,"messages":[{"role":"user",)"
          R"("content":"hello"}]}})");
  }

  void submit(batch_resume from) {
    from.row.id = {1};
    from.row.total = file->lines.size();
    batch_peers peers{
      spool, journal, [this](job_ptr work, batch_actor owner) {
        return sys.spawn(runner, clock, runner_peers{pool, upstream, journal},
                         routing_setup_ptr{setup}, std::move(work), owner);
      }};
    it = sys.spawn(batch, clock, peers, batch_rules(), from, 256u);
    self->monitor(it);
    run();
  }

  batch_view view_of_batch() {
    return std::get<batch_view>(ask<batch_view>(it, atom::status_v));
  }

  /// The last row that was stored.
  batch_row row() const {
    batch_row result;
    for (const auto& x : log->commits)
      if (x->batch)
        result = *x->batch;
    return result;
  }

  bool done() {
    return row().state == batch_state::completed
           || row().state == batch_state::cancelled;
  }
};

} // namespace rota
