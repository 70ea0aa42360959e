#include "tests/simulation/outside.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace rota::simulation {

void outside::judge(const commit& x) {
  auto& box = black_box::instance();
  const auto beside_reading
    = !x.entries.empty() && x.entries.back().kind == entry_kind::reading;
  for (const auto& e : x.entries) {
    box.note("account %u: entry %llu %s %lld of %s", e.account.value,
             static_cast<unsigned long long>(e.seq), to_string(e.kind).c_str(),
             static_cast<long long>(e.amount.nanos), to_string(e.hold).c_str());
    judge_money(e, beside_reading);
    if (e.kind == entry_kind::hold) {
      require(e.hold.attempt / 256 == run, "I12",
              "an attempt bears a dead run's number");
      held[std::hash<hold_id>{}(e.hold)] = {e.hold, e.account};
    }
  }
  judge_gate(x);
  if (x.account)
    note_row(*x.account);
  if (!x.entries.empty()) {
    auto& books = accounts.at(x.entries.front().account);
    books.clock(now, ahead);
    if (x.account)
      books.learnt(x.account->posting_lag);
    books.appended(x.entries);
    for (const auto& e : x.entries) {
      const auto i = calls.find(std::hash<hold_id>{}(e.hold));
      if (i == calls.end())
        continue;
      if (e.kind != entry_kind::settle)
        continue;
      require(i->second.succeeds, "I8", "a call is settled that failed");
      agree(books.find(e.hold)->booked.nanos, i->second.cost.nanos, "I8",
            "what is booked for a call");
    }
  }
  if (!x.result)
    return;
  box.note("%s has %s", to_string(x.result->id).c_str(),
           to_string(x.result->state).c_str());
  batches.result(*x.result);
}

void outside::judge_gate(const commit& x) {
  if (x.entries.empty() || x.entries.front().kind != entry_kind::hold)
    return;
  const auto& e = x.entries.front();
  const auto i = rows.find(e.account);
  if (i == rows.end())
    return;
  const auto& row = i->second;
  require(row.admin == admin_state::ready, "gate",
          "an account is used against the operator's will");
  require(!row.exhausted, "gate", "an exhausted account is used");
  require(row.health != health_state::ejected || row.cooldown_until.millis != 0,
          "gate", "an account is used whose key was refused");
  if (row.cooldown_until <= now + ahead)
    return;
  // That is for one at a time, where nobody else serves.
  auto& paused = pauses[e.account];
  require(now >= paused.since + health_options{}.last_resort, "gate",
          "an account is used while it is left alone");
  if (paused.early) {
    const auto before = accounts.at(e.account).find(*paused.early);
    require(before == nullptr || !before->open || before->in_doubt, "gate",
            "two try early what is left alone");
  }
  paused.early = e.hold;
}

void outside::note_row(const account_row& x) {
  const auto i = rows.find(x.account);
  if (i == rows.end() || i->second.cooldown_until != x.cooldown_until)
    pauses[x.account] = {now, std::nullopt};
  rows[x.account] = x;
}

void outside::judge_money(const ledger_entry& x, bool beside_reading) const {
  require(x.kind != entry_kind::expire, "I2", "a hold was forgotten");
  if (x.kind == entry_kind::reading) {
    require(asked.at(x.account).contains(x.at), "I9",
            "a reading bears another time than its question");
    require(figures.at(x.account).contains(x.amount.nanos), "I9",
            "a reading is not what the provider said");
  }
  const auto i = calls.find(std::hash<hold_id>{}(x.hold));
  if (i == calls.end())
    return;
  require(i->second.account == x.account, "I8",
          "another account books a call than was charged");
  // Beside a reading the books come to agree with its figure, which shows the
  // charge.
  require(x.kind != entry_kind::release || beside_reading
            || !i->second.charges || i->second.hardly,
          "I8", "the money of a charged call is given back");
  if (x.hold.attempt / 256 != run)
    return;
  require(x.kind != entry_kind::doubt
            || (!i->second.succeeds && !i->second.hardly),
          "I8", "a call is doubted that was hardly charged");
  require(x.kind != entry_kind::suspect || i->second.hardly, "I8",
          "a call is hardly doubted that may have been charged");
}

void outside::keep(const commit& x) {
  for (const auto& e : x.entries) {
    disk.entries[e.account].push_back(e);
    if (e.kind == entry_kind::hold)
      disk.holds.insert(e.hold);
  }
  if (x.account)
    disk.rows[x.account->account] = *x.account;
  if (x.result) {
    batches.kept(*x.result);
    disk.results.emplace(x.result->id, x.result);
  }
  if (x.batch) {
    batches.kept(*x.batch);
    disk.batches[x.batch->id] = *x.batch;
  }
}

void outside::lose(bool torn) {
  // One synced write is there or is not: a torn one fails its checksum.
  if (!torn)
    for (const auto& x : disk.group)
      keep(*x);
  disk.group.clear();
  disk.queue.clear();
  rows = disk.rows;
}

simulated_journal_actor::behavior_type
simulated_journal(simulated_journal_actor::pointer self, outside_ptr world) {
  const auto run = world->run;
  const auto begin = [self, world] {
    auto& disk = world->disk;
    if (!disk.group.empty() || disk.queue.empty())
      return;
    disk.group.swap(disk.queue);
    self->delayed_send(self, world->ms(1, world->world.disk_most.count()),
                       atom::tick_v);
  };
  return {
    [world, run, begin](atom::append, const commit_ptr& x) {
      if (world->run != run)
        return;
      world->watch([&] { world->judge(*x); });
      world->disk.queue.push_back(x);
      begin();
    },
    [world, run, begin](atom::tick) {
      if (world->run != run)
        return;
      const auto group = std::exchange(world->disk.group, {});
      for (const auto& x : group) {
        world->watch([&] { world->keep(*x); });
        if (!x->ack)
          continue;
        caf::anon_send(x->ack, atom::durable_v, x->token);
        if (world->fault(world->world.duplicate))
          caf::anon_send(x->ack, atom::durable_v, x->token);
      }
      begin();
    },
  };
}

} // namespace rota::simulation
