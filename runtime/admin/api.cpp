#include "runtime/admin/api.hpp"

#include "messages/money_sum.hpp"
#include "runtime/admin/batch_query.hpp"
#include "runtime/admin/replies.hpp"
#include "runtime/admin/result_stream.hpp"
#include "runtime/ask.hpp"

#include <unistd.h>

namespace rota {

namespace {

constexpr milliseconds patience{10'000};

batch_desk::source body_of(admin_exchange& x) {
  return [&x](const auto& piece) { return x.read_body(piece); };
}

} // namespace

admin_api::admin_api(parts x)
  : parts_{std::move(x)}, checkpoints_{parts_.disk, parts_.state_dir} {
  // nop
}

void admin_api::serve(admin_exchange& x) {
  const auto path = split(x.path(), '/');
  const auto known = path.size() >= 3 && path[0] == "admin" && path[1] == "v1";
  const auto resource = known ? path[2] : std::string{};
  const segments rest(path.begin() + (known ? 3 : 0), path.end());
  if (resource == "status" && rest.empty())
    status(x);
  else if (resource == "accounts")
    accounts(x, rest);
  else if (resource == "clients" && rest.empty())
    clients(x);
  else if (resource == "requests")
    requests(x, rest);
  else if (resource == "batches")
    batches(x, rest);
  else if (resource == "estimate" && rest.empty())
    estimate(x);
  else if (resource == "reload" && rest.empty())
    reload(x);
  else if (resource == "checkpoints" && rest.empty())
    checkpoint(x);
  else
    not_found(x, "There is no " + x.path() + " in the admin API.");
}

// -- the pool -----------------------------------------------------------------

void admin_api::status(admin_exchange& x) {
  if (x.method() != "GET")
    return wrong_method(x);
  money_sum available, held, in_doubt;
  uint64_t count = 0, configured = 0;
  auto doubts = json::array();
  for (const auto& account : *views(milliseconds{0})) {
    configured += !account.removed;
    available += account.removed ? money{} : account.available;
    held += account.held;
    in_doubt += account.in_doubt_amount;
    count += account.in_doubt;
    for (const auto& hold : account.doubts)
      doubts.push_back(doubt(hold, account.name));
  }
  std::map<std::string, uint64_t> states{
    {"running", 0}, {"paused", 0}, {"ended", 0}};
  for (const auto& batch : parts_.batches.list()) {
    const auto state = batch.row.state;
    ++states[state == batch_state::paused ? "paused"
             : state == batch_state::running
                 || state == batch_state::cancelling
               ? "running"
               : "ended"];
  }
  auto alerts = json::array();
  const auto firing = ask<alerts_ptr>(parts_.all.system, patience,
                                      parts_.all.alerter, atom::status_v);
  if (const auto* list = std::get_if<alerts_ptr>(&firing))
    for (const auto& alert : **list)
      alerts.push_back(view_of(alert));
  const auto figures = pool();
  answer(x, 200,
         {{"version", ROTA_VERSION},
          {"pid", getpid()},
          {"run", parts_.run},
          {"started_at", time_of(parts_.started_at)},
          {"uptime_s", (parts_.all.now() - parts_.started_at).count() / 1'000},
          {"state_dir", parts_.state_dir},
          {"listen", parts_.listen},
          {"accounts", configured},
          {"pool",
           {{"granted", figures.granted},
            {"declined", figures.declined},
            {"refused", figures.refused},
            {"waiting", figures.waiting},
            {"waiting_for", waiting_for()}}},
          {"money",
           {{"available", to_decimal(available)},
            {"held", to_decimal(held)},
            {"in_doubt", to_decimal(in_doubt)}}},
          {"in_doubt_count", count},
          {"in_doubt", std::move(doubts)},
          {"batches", states},
          {"needs_restart", parts_.needs_restart()},
          {"alerts", std::move(alerts)}});
}

void admin_api::reload(admin_exchange& x) {
  if (x.method() != "POST")
    return wrong_method(x);
  const auto report = parts_.reload();
  if (report.faults.empty())
    return answer(x, 200,
                  {{"changed", report.changed},
                   {"needs_restart", report.needs_restart},
                   {"too_late", report.too_late}});
  auto body = report.in_part
                ? error_of("changed_in_part",
                           "The reload was done but in part: cure what it"
                           " names, then reload again.")
                : error_of("invalid_config", "The configuration has faults;"
                                             " nothing was changed.");
  body["faults"] = report.faults;
  answer(x, 422, body);
}

void admin_api::checkpoint(admin_exchange& x) {
  if (x.method() != "POST")
    return wrong_method(x);
  const auto made = checkpoints_.make();
  if (!made.fault.empty())
    return refuse(x, 500, "not_copied", made.fault);
  answer(x, 201, {{"dir", made.dir}});
}

// -- clients ------------------------------------------------------------------

void admin_api::clients(admin_exchange& x) {
  if (x.method() != "GET")
    return wrong_method(x);
  const auto said = ask<client_views_ptr>(parts_.all.system, patience,
                                          parts_.all.clients, atom::status_v);
  const auto* views = std::get_if<client_views_ptr>(&said);
  if (views == nullptr)
    return refuse(x, 503, "no_answer", "The clients did not answer in time.");
  auto body = json::array();
  for (const auto& view : **views)
    body.push_back(view_of(view));
  answer(x, 200, body);
}

// -- batches ------------------------------------------------------------------

void admin_api::batches(admin_exchange& x, const segments& path) {
  if (path.empty()) {
    if (x.method() == "POST")
      return submit(x);
    if (x.method() != "GET")
      return wrong_method(x);
    auto body = json::array();
    for (const auto& view : parts_.batches.list())
      body.push_back(shown(view));
    return answer(x, 200, body);
  }
  const auto id = parse_batch_id(path[0]);
  const auto view = id ? parts_.batches.find(*id) : std::nullopt;
  if (!view)
    return not_found(x, "There is no batch " + path[0]
                          + "; `rota batches` lists them.");
  if (path.size() == 1)
    return x.method() == "GET" ? batch(x, *view) : wrong_method(x);
  if (path.size() > 2)
    return not_found(x, "There is no " + x.path() + " in the admin API.");
  if (path[1] == "results" || path[1] == "errors")
    return x.method() == "GET" ? results(x, *view, path[1] == "errors")
                               : wrong_method(x);
  x.method() == "POST" ? change_batch(x, *view, path[1]) : wrong_method(x);
}

void admin_api::batch(admin_exchange& x, const batch_view& which) {
  const auto id = which.row.id;
  const auto stuck = which.row.state == batch_state::running;
  answer(x, 200,
         shown(which, stuck ? waiting_for(id) : std::string{}, doubts_of(id)));
}

json admin_api::shown(const batch_view& x, const std::string& waiting_for,
                      const json& doubts) const {
  auto result = view_of(x, waiting_for, doubts);
  const auto skipped = parts_.batches.skipped(x.row.id);
  result["skipped"] = skipped ? json(*skipped) : json(nullptr);
  return result;
}

void admin_api::change_batch(admin_exchange& x, const batch_view& which,
                             const std::string& verb) {
  const auto id = which.row.id;
  static const std::map<std::string, batch_desk::verb> verbs{
    {"pause", batch_desk::verb::pause},
    {"resume", batch_desk::verb::resume},
    {"cancel", batch_desk::verb::cancel},
  };
  const auto what = verbs.find(verb);
  if (what == verbs.end())
    return not_found(x, "A batch takes pause, resume and cancel, not " + verb
                          + ".");
  const auto done = parts_.batches.control(id, what->second);
  if (const auto* view = std::get_if<batch_view>(&done))
    return answer(x, 200, shown(*view));
  if (std::get<ec>(done) == ec::store_failed)
    return refuse(x, 503, "not_confirmed",
                  "The store has not confirmed it: " + to_string(id)
                    + " goes by it for now, but may not after a restart. Look"
                      " at the disk of state_dir, then at `rota batch "
                    + to_string(id) + "`.");
  // It may have ended since it was looked for.
  const auto now = parts_.batches.find(id).value_or(which);
  refuse(x, 409, "wrong_state",
         to_string(id) + " is " + to_string(now.row.state) + "; it cannot be "
           + verb + (verb.ends_with('e') ? "d." : verb == "cancel" ? "led."
                                                                   : "ed."));
}

void admin_api::submit(admin_exchange& x) {
  const auto file_name = x.query("file_name");
  const auto [chosen, code, fault] = parse_batch_query(x);
  if (!fault.empty())
    return refuse(x, 400, code, fault);
  if (refuses_tags(x, chosen.tags))
    return;
  const auto receipt
    = parts_.batches.submit(chosen, file_name, body_of(x));
  if (!receipt.error.empty())
    return refuse(x, 500, "not_accepted", receipt.error);
  if (receipt.view) {
    auto body = shown(*receipt.view);
    body["report"] = view_of(receipt.report);
    body["report"].update(budget_view(chosen, receipt.report));
    return answer(x, 201, body);
  }
  auto body = view_of(receipt.report);
  const auto faults = receipt.report.fault_count;
  body.update(error_of("invalid_file",
                       "The file has "
                         + (faults == 1 ? "a fault"
                                        : std::to_string(faults) + " faults")
                         + "; nothing was run. Correct "
                         + (faults == 1 ? "it" : "them")
                         + ", or submit with --skip-invalid."));
  answer(x, 422, body);
}

void admin_api::estimate(admin_exchange& x) {
  if (x.method() != "POST")
    return wrong_method(x);
  const auto [chosen, code, fault] = parse_batch_query(x);
  if (!fault.empty())
    return refuse(x, 400, code, fault);
  if (refuses_tags(x, chosen.tags))
    return;
  const auto receipt = parts_.batches.estimate(chosen, body_of(x));
  if (!receipt.error.empty())
    return refuse(x, 500, "not_read", receipt.error);
  auto body = view_of(receipt.report);
  body.update(budget_view(chosen, receipt.report));
  answer(x, 200, body);
}

void admin_api::results(admin_exchange& x, const batch_view& which,
                        bool errors) {
  stream_results(x, which.row, errors,
                 {parts_.all.system, parts_.all.spool, parts_.disk,
                  parts_.batches.refused_path(which.row.id)});
}

// -- helpers ------------------------------------------------------------------

account_views_ptr admin_api::views(milliseconds max_age) {
  {
    std::lock_guard guard{mutex_};
    if (recent_ && parts_.all.now() - recent_at_ < max_age)
      return recent_;
  }
  const auto said = ask<account_views_ptr>(
    parts_.all.system, patience, parts_.all.dispatcher, atom::accounts_v);
  const auto* configured = std::get_if<account_views_ptr>(&said);
  if (configured == nullptr)
    return std::make_shared<const std::vector<account_view>>();
  auto all = **configured;
  for (const auto& x : parts_.accounts.left())
    if (auto view = view_of_left(x); view && view->held != money{})
      all.push_back(std::move(*view));
  auto fresh = std::make_shared<const std::vector<account_view>>(
    std::move(all));
  std::lock_guard guard{mutex_};
  recent_ = std::move(fresh);
  recent_at_ = parts_.all.now();
  return recent_;
}

std::optional<account_view>
admin_api::view_of_left(const account_pool::member& x) {
  auto said = ask<account_view>(parts_.all.system, patience, x.actor,
                                atom::status_v);
  auto* view = std::get_if<account_view>(&said);
  if (view == nullptr)
    return std::nullopt;
  view->removed = true;
  return std::move(*view);
}

pool_view admin_api::pool() {
  const auto said = ask<pool_view>(parts_.all.system, patience,
                                   parts_.all.dispatcher, atom::status_v);
  const auto* view = std::get_if<pool_view>(&said);
  return view != nullptr ? *view : pool_view{};
}

std::string admin_api::waiting_for() {
  const auto view = pool();
  if (view.halted != ec::ok)
    return explain(view.halted);
  return view.waiting > 0 && view.waiting_for != ec::ok
           ? explain(view.waiting_for)
           : std::string{};
}

} // namespace rota
