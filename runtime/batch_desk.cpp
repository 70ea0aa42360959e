#include "runtime/batch_desk.hpp"

#include "actors/domain/bounded_json.hpp"
#include "actors/domain/doubtful_lines.hpp"
#include "actors/runner.hpp"
#include "runtime/ask.hpp"
#include "runtime/disk_word.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/files.hpp"

#include <caf/send.hpp>

#include <fstream>
#include <future>
#include <random>
#include <unistd.h>

namespace rota {

namespace {

constexpr milliseconds patience{10'000};

/// The custom_id or key that a line names, if it can be read at all.
std::string name_of(std::string_view line) {
  const auto x = parse_bounded(line);
  for (const auto* key : {"custom_id", "key"})
    if (x.is_object() && x.contains(key) && x[key].is_string())
      return x[key];
  return {};
}

batch_view as_stored(const batch_row& x) {
  batch_view result;
  result.row = x;
  result.counts = x.ended;
  return result;
}

} // namespace

/// A file that has been looked at.
struct batch_desk::checked {
  file_report report;
  std::vector<uint64_t> bad_lines;
  std::string error;
};

batch_desk::batch_desk(wiring& all, account_pool& accounts, store& disk,
                       const std::string& batch_dir, batch_limits limits,
                       uint64_t keep_free)
  : all_{all},
    accounts_{accounts},
    disk_{disk},
    files_{batch_dir, keep_free},
    limits_{limits} {
  gate_->desk = this;
}

std::vector<batch_row> batch_desk::unfinished() const {
  auto result = disk_.batches();
  std::erase_if(result, [](const auto& row) { return is_over(row.state); });
  return result;
}

void batch_desk::resume(const std::vector<batch_row>& left) {
  const auto heads = disk_.heads();
  for (const auto& row : left) {
    auto from = disk_.resume_of(row);
    from.doubts = doubts_of(row.id, heads);
    spawn(from);
  }
}

batch_desk::receipt batch_desk::submit(const batch_options& chosen,
                                       const std::string& file_name,
                                       const source& file) {
  receipt result;
  const auto upload = files_.begin(limits().max_file_bytes);
  if (!file([&upload](auto piece) { return upload->write(piece); })) {
    result.error = "The upload broke off; nothing was accepted.";
    return result;
  }
  result.error = upload->finish();
  if (!result.error.empty())
    return result;
  const auto found = check(*upload, chosen);
  result.report = found.report;
  result.error = found.error;
  const auto refused = result.report.valid == 0
                       || (result.report.fault_count > 0
                           && !chosen.skip_invalid);
  if (!result.error.empty() || refused)
    return result;
  kill_point("submit/checked");
  // After this point, the batch is accepted unless the disk fails.
  batch_resume fresh;
  auto& row = fresh.row;
  row.id = disk_.next_batch_id();
  kill_point("submit/numbered");
  row.format = result.report.format;
  row.options = chosen;
  row.file_name = file_name;
  row.total = result.report.valid;
  row.created_at = all_.now();
  result.error = write_refused(upload->path(), row.id, chosen, found);
  if (result.error.empty())
    result.error = files_.seal(*upload, row.id, found.bad_lines,
                               limits().max_line_bytes);
  if (!result.error.empty())
    return result;
  if (!accept(fresh)) {
    result.error = "The store has not confirmed " + to_string(row.id)
                   + " yet, so it is not known whether it is accepted; if it"
                     " is, it runs. Look with `rota batches` before you submit"
                     " the file again.";
    return result;
  }
  result.view = find(row.id);
  kill_point("submit/started");
  return result;
}

bool batch_desk::accept(const batch_resume& fresh) {
  const auto done = std::make_shared<std::promise<void>>();
  auto started = done->get_future();
  auto first = std::make_shared<commit>();
  first->batch = fresh.row;
  first->ack = hear_once(all_, [open = gate_, fresh, done] {
    kill_point("submit/accepted");
    {
      std::lock_guard guard{open->mutex};
      if (open->desk != nullptr)
        open->desk->spawn(fresh);
    }
    done->set_value();
  });
  caf::anon_send(all_.journal, atom::append_v, commit_ptr{first});
  return started.wait_for(patience) == std::future_status::ready;
}

batch_desk::receipt batch_desk::estimate(const batch_options& chosen,
                                         const source& file) {
  receipt result;
  const auto upload = files_.begin(limits().max_file_bytes);
  if (!file([&upload](auto piece) { return upload->write(piece); }))
    result.error = "The upload broke off.";
  else
    result.error = upload->finish();
  if (!result.error.empty())
    return result;
  auto found = check(*upload, chosen);
  result.report = std::move(found.report);
  result.error = std::move(found.error);
  return result;
}

batch_desk::checked batch_desk::check(const spool_files::upload& file,
                                      const batch_options& chosen) const {
  // One look at the pool per model, not per line.
  std::map<std::pair<surface, std::string>, ec> served;
  const auto serves = [&](surface route, const std::string& model) {
    const auto [i, fresh] = served.try_emplace({route, model}, ec::ok);
    if (fresh)
      i->second = accounts_.offers()->serves(route, model, chosen.tags);
    return i->second;
  };
  const auto setup = all_.setup();
  const auto now = all_.now();
  const auto cost = [&](const planned_line& x) {
    usage expected;
    expected.input_uncached = x.tokens.input;
    expected.output = x.tokens.output;
    return setup->prices->cost(x.model, expected, factor{}, now);
  };
  const auto limits = this->limits();
  file_validator validator{chosen, limits, serves, cost,
                           std::random_device{}(), file.folded()};
  checked result;
  const auto read = [&](const auto& f) {
    if (result.error.empty())
      result.error = for_each_line(file.path(), limits.max_line_bytes, f);
  };
  read([&](uint64_t, uint64_t, std::string_view text) {
    validator.line(text);
  });
  validator.finish();
  if (const auto& suspects = validator.suspects(); !suspects.empty()) {
    auto next = suspects.begin();
    read([&](uint64_t number, uint64_t, std::string_view text) {
      if (next != suspects.end() && *next == number) {
        validator.confirm(number, text);
        ++next;
      }
    });
  }
  if (!result.error.empty())
    return result;
  result.report = validator.report();
  result.bad_lines = validator.bad_lines();
  return result;
}

std::optional<uint64_t> batch_desk::skipped(batch_id id) const {
  return files_.skipped(id);
}

std::string batch_desk::refused_path(batch_id id) const {
  return files_.dir() + '/' + to_string(id) + ".refused";
}

std::string batch_desk::write_refused(const std::string& path, batch_id id,
                                      const batch_options& chosen,
                                      const checked& found) const {
  if (found.bad_lines.empty())
    return {};
  const auto format = found.report.format;
  const auto limits = this->limits();
  const auto place = refused_path(id);
  const auto part = place + ".part";
  std::ofstream out{part, std::ios::binary | std::ios::trunc};
  auto next = found.bad_lines.begin();
  const auto fault
    = for_each_line(path, limits.max_line_bytes,
                    [&](uint64_t number, uint64_t, std::string_view text) {
    if (next == found.bad_lines.end() || *next != number)
      return;
    ++next;
    const auto planned = plan_line(format, text, number, chosen, limits);
    item_result line;
    line.id = {id, number};
    line.custom_id = name_of(text);
    line.line = number;
    line.state = item_state::failed;
    auto why = planned.fault;
    if (planned.plan) { // Only the file as a whole shows what is wrong.
      const auto& plan = *planned.plan;
      const auto served
        = accounts_.offers()->serves(plan.route, plan.model, chosen.tags);
      why = served == ec::ok
              ? line_fault{0, "duplicate_custom_id",
                           "An earlier line has this custom_id."}
              : unserved(plan, chosen, served);
    }
    line.error_code = std::move(why.code);
    line.error_text = std::move(why.text);
    out << format_result(family_of(format, planned), line) << '\n';
  });
  out.close();
  if (fault.empty() && out && name_durably(part, place).empty())
    return {};
  unlink(part.c_str());
  return "The error lines of the file cannot be written to " + place
         + ", so nothing was accepted: check state_dir and its disk.";
}

batch_actor batch_desk::spawn(const batch_resume& from) {
  batch_peers peers{all_.spool, all_.journal, {}};
  peers.start_runner = [this](job_ptr work, batch_actor owner) {
    return spawn_hosted(all_.system, &all_.loop, runner, all_.clock,
                        runner_peers{all_.dispatcher, all_.upstream,
                                     all_.journal},
                        all_.setup(), std::move(work), std::move(owner));
  };
  const auto id = from.row.id;
  std::unique_lock guard{mutex_}; // No reload passes it by.
  const auto result
    = spawn_hosted(all_.system, &all_.loop, rota::batch, all_.clock, peers,
                   setup_of(limits_), from, all_.attempt_base);
  running_->add(id, result);
  guard.unlock();
  all_.watch("actor of " + to_string(id), result);
  return result;
}

std::optional<batch_view> batch_desk::find(batch_id id) const {
  if (const auto actor = running_->find(id)) {
    auto said
      = ask<batch_view>(all_.system, patience, *actor, atom::status_v);
    if (auto* view = std::get_if<batch_view>(&said))
      return std::move(*view);
  }
  // It has ended, and its actor with it.
  const auto row = disk_.batch(id);
  return row ? std::optional{as_stored(*row)} : std::nullopt;
}

std::vector<batch_view> batch_desk::list() const {
  std::vector<batch_view> result;
  for (const auto& row : disk_.batches()) {
    const auto view = is_over(row.state) ? std::nullopt : find(row.id);
    result.push_back(view.value_or(as_stored(row)));
  }
  return result;
}

std::variant<batch_view, ec> batch_desk::control(batch_id id, verb what) {
  const auto actor = running_->find(id);
  if (!actor)
    return disk_.batch(id) ? ec::wrong_state : ec::not_found;
  auto& system = all_.system;
  auto said = what == verb::pause
                ? ask<batch_view>(system, patience, *actor, atom::pause_v)
              : what == verb::resume
                ? ask<batch_view>(system, patience, *actor, atom::resume_v)
                : ask<batch_view>(system, patience, *actor, atom::cancel_v);
  if (auto* view = std::get_if<batch_view>(&said))
    return std::move(*view);
  const auto row = disk_.batch(id);
  return row && is_over(row->state)
           ? ec::wrong_state
           : code_of(std::get<caf::error>(said), ec::store_failed);
}

void batch_desk::limits(batch_limits x) {
  std::lock_guard guard{mutex_};
  limits_ = x;
  const auto setup = setup_of(x);
  for (const auto& actor : running_->all())
    caf::anon_send(actor, atom::configure_v, setup);
}

batch_setup_ptr batch_desk::setup_of(const batch_limits& x) const {
  return std::make_shared<const batch_setup>(
    batch_setup{x, all_.setup()->routing.billed_attempts});
}

batch_limits batch_desk::limits() const {
  std::lock_guard guard{mutex_};
  return limits_;
}

void batch_desk::drain(milliseconds longest) {
  ask_all<batch_view>(all_.system, longest, running_->all(), atom::drain_v);
}

void batch_desk::stop() {
  {
    std::lock_guard guard{gate_->mutex};
    gate_->desk = nullptr;
  }
  for (const auto& actor : running_->all())
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

} // namespace rota
