#include "actors/domain/client_fold.hpp"
#include "runtime/storage/chain.hpp"
#include "runtime/storage/check_impl.hpp"
#include "runtime/storage/store_keys.hpp"

namespace rota {

namespace {

/// From this schema on, entries have digests.
constexpr uint64_t chained_schema = 2;

/// From this one on, a file beside the store says how far it had come.
constexpr uint64_t marked_schema = 3;

constexpr auto one_slot_damaged
  = "One of its two slots is damaged, so it may say less than it did; the next"
    " start of rotad writes it anew.";

bool is_charge(entry_kind x) {
  return x == entry_kind::settle || x == entry_kind::assume
         || x == entry_kind::late || x == entry_kind::overrun
         || x == entry_kind::correct;
}

} // namespace

void checker::ledger() {
  entry_chain links;
  uint64_t segment = 0;
  scan(family::ledger, "the ledger", [&](auto key, auto value) {
    const auto number = from_be64(key);
    if (number != segment + 1)
      find("Of the ledger the segments " + std::to_string(segment + 1) + " to "
           + std::to_string(number - 1) + " are missing.");
    segment = number;
    const auto entries = decode<std::vector<ledger_entry>>(value);
    if (!entries)
      return find("Segment " + std::to_string(number)
                  + " of the ledger is damaged.");
    for (auto x : *entries) {
      const auto& before = books_.try_emplace(x.account, x.account)
                             .first->second.audit.head();
      const auto digest = links.next(before.chain, x);
      if (out_.schema < chained_schema)
        x.chain = digest;
      const auto follows = x.seq == before.seq + 1;
      if (follows && x.chain != digest)
        find({target_.store_dir, name_of(x.account), x.seq,
              "The entry or one before it was changed: its digest differs."});
      entry(x);
    }
  });
}

void checker::entry(const ledger_entry& x) {
  ++out_.entries;
  auto& audit = books_.at(x.account).audit;
  if (auto fault = audit.next(x); !fault.empty())
    find({target_.store_dir, name_of(x.account), x.seq,
          "The entry (" + to_string(x.kind) + ") " + fault + '.'});
  if (const auto client = x.hold.job.client; client != client_id{}) {
    auto& head = clients_[client];
    if (is_set_back(head, x))
      set_back_.insert(client);
    fold(head, x);
  }
  if (is_charge(x.kind))
    if (const auto i = batches_.find(x.hold.job.batch); i != batches_.end())
      i->second.charged -= x.amount;
  if (x.kind == entry_kind::hold && run_of(x.hold) > out_.run)
    find({target_.store_dir, name_of(x.account), x.seq,
          "The entry is of run " + std::to_string(run_of(x.hold))
            + " of the daemon, but the store has seen "
            + std::to_string(out_.run) + " only."});
}

void checker::heads() {
  scan(family::head, "the books", [this](auto key, auto value) {
    const account_id id{from_be32(key)};
    auto& x = books_.try_emplace(id, id).first->second;
    x.stored = true;
    auto head = decode<account_head>(value);
    if (!head || head->account != id)
      return find({target_.store_dir, name_of(id), 0,
                   "The books are damaged; the ledger has "
                     + std::to_string(x.audit.head().seq)
                     + " entries of them."});
    if (out_.schema < chained_schema)
      head->chain = x.audit.head().chain;
    if (const auto fault = x.audit.compare(*head); !fault.empty())
      find({target_.store_dir, name_of(id), x.audit.head().seq,
            "The books " + fault + '.'});
  });
  for (const auto& [id, x] : books_) {
    const auto& audit = x.audit;
    if (!x.stored)
      find({target_.store_dir, name_of(id), audit.head().seq,
            "The books are missing; the ledger has "
              + std::to_string(audit.head().seq) + " entries of them."});
    if (!names_.contains(id))
      find({target_.store_dir, name_of(id), 0, "The account's name is lost."});
    if (audit.unchecked() > 0)
      find({target_.store_dir, name_of(id), audit.head().seq,
            "Behind the first fault " + std::to_string(audit.unchecked())
              + " more entries could be checked in part only."});
    out_.accounts.push_back({name_of(id), audit.head(), audit.sums()});
  }
}

void checker::account_rows() {
  scan(family::account, "the state of the accounts",
       [this](auto key, auto value) {
         const account_id id{from_be32(key)};
         const auto row = decode<account_row>(value);
         if (!row || row->account != id)
           find({target_.store_dir, name_of(id), 0,
                 "The account's state (the operator's will and its health) is"
                 " damaged."});
       });
}

void checker::clients() {
  scan(family::meta, "the clients", [this](auto key, auto value) {
    if (!key.starts_with(client_prefix))
      return;
    const auto found = decode<client_head>(value);
    if (!found || client_key(found->client) != key)
      return find("What a client has spent is damaged.");
    auto due = clients_[found->client];
    clients_.erase(found->client);
    due.client = found->client;
    due.name = found->name;
    // Earlier versions counted otherwise where the clock was set back.
    if (set_back_.contains(found->client)) {
      due.day = found->day;
      due.day_spent = found->day_spent;
      due.month = found->month;
      due.month_spent = found->month_spent;
      due.last_used = found->last_used;
    }
    if (due != *found)
      find("Client " + found->name + " has spent " + to_string(found->spent)
           + " USD in " + std::to_string(found->calls)
           + " calls by its head, but " + to_string(due.spent) + " USD in "
           + std::to_string(due.calls) + " calls by the ledger.");
  });
  for (const auto& [id, x] : clients_)
    find("The head of client " + std::to_string(id.value)
         + " is missing; by the ledger it has spent " + to_string(x.spent)
         + " USD.");
}

void checker::responses() {
  scan(family::meta, "the keepers of responses", [this](auto key, auto value) {
    if (!key.starts_with(response_prefix))
      return;
    const auto x = decode<response_pin>(value);
    if (!x || key.substr(response_prefix.size()) != x->id)
      find("Which account keeps a response is damaged.");
  });
}

void checker::high_water_mark() {
  auto& here = out_.mark;
  here.store = store_id_;
  here.writes = base_.db->GetLatestSequenceNumber();
  for (const auto& [id, x] : books_) {
    here.entries += x.audit.head().seq;
    combine(here.heads, x.audit.head().chain);
    here.latest.push_back({id, x.audit.head().seq});
  }
  if (out_.schema < marked_schema)
    return;
  const auto path = high_water_path(target_.store_dir);
  const auto found = read_high_water(path);
  const auto lost = [&](const std::string& text) {
    find({path, {}, 0, text});
  };
  if (!found.exists)
    return lost("The file is missing: nobody knows how far the store had"
                " come.");
  if (!found.mark)
    return lost(found.fault);
  if (found.damaged > 0)
    find({path, {}, 0, one_slot_damaged, true});
  const auto less = missing(*found.mark, here,
                            [this](account_id x) { return name_of(x); });
  if (!less.empty())
    lost("The store had come further: " + less + '.');
  else if (found.mark->store != store_id_)
    lost("The file belongs to another store.");
  else if (found.mark->writes == here.writes && found.mark->heads != here.heads)
    lost("The books are others than the file says.");
  if (const auto tables = lacks(found.mark->tables, target_.store_dir);
      !tables.empty())
    lost("Of the store " + tables + '.');
}

} // namespace rota
