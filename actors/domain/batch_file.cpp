#include "actors/domain/batch_file.hpp"

#include "actors/domain/json_text.hpp"
#include "messages/check.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>

namespace rota {

namespace {

/// FNV-1a over the bytes, then the mixing steps of MurmurHash3's finalizer,
/// so that short names that differ little end far apart.
uint64_t fingerprint(std::string_view text, uint64_t seed) {
  auto h = 0xcbf29ce484222325u ^ seed;
  for (const char c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

/// Sums of what a caller wrote stop at the top instead of ending the daemon.
void add(int64_t& sum, int64_t x) {
  if (__builtin_add_overflow(sum, x, &sum))
    sum = std::numeric_limits<int64_t>::max();
}

/// What a caller writes for a route.
std::string_view words_of(surface x) {
  switch (x) {
    case surface::openai_chat:
      return "/v1/chat/completions";
    case surface::openai_completions:
      return "/v1/completions";
    case surface::openai_responses:
      return "/v1/responses";
    case surface::openai_embeddings:
      return "/v1/embeddings";
    case surface::openai_moderations:
      return "/v1/moderations";
    case surface::anthropic_messages:
      return "/v1/messages";
    case surface::gemini_generate:
      return "generateContent";
    default: // No line may have these.
      return {};
  }
}

} // namespace

line_fault unserved(const planned_line& x, const batch_options& chosen,
                    ec why) {
  std::string who = "No account";
  if (why == ec::no_such_tag) {
    who += chosen.tags.size() == 1 ? " with the tag " : " with the tags ";
    for (const auto& tag : chosen.tags)
      who += (tag == chosen.tags.front() ? "" : ", ") + tag;
  }
  return {0, "unknown_model",
          who + " serves the model " + json_string(head_of(x.model, 64))
            + " for " + std::string{words_of(x.route)}
            + ": check its name, or the models of the accounts."};
}

struct file_validator::impl {
  struct mark {
    uint64_t fingerprint = 0;
    uint64_t line = 0;

    friend auto operator<=>(const mark&, const mark&) = default;
  };

  void fault(uint64_t line, line_fault x) {
    ++found.fault_count;
    bad.push_back(line);
    if (found.faults.size() < max_faults) {
      x.line = line;
      found.faults.push_back(std::move(x));
    }
  }

  /// Counts a good line, or takes a count back that was in error.
  void count(const planned_line& x, int sign) {
    add(found.tokens.input, sign * x.tokens.input);
    add(found.tokens.output, sign * x.tokens.output);
    const auto nanos = sign * cost(x).nanos;
    add(found.list_cost_max.nanos, nanos);
    add(found.shares[{x.route, x.model}].nanos, nanos);
    const auto i = found.models.try_emplace(x.model).first;
    i->second += static_cast<uint64_t>(int64_t{sign});
    if (i->second == 0)
      found.models.erase(i);
  }

  /// Puts the duplicates, which were found last, in their places.
  void conclude() {
    std::inplace_merge(bad.begin(), bad.begin() + first_duplicate, bad.end());
    std::stable_sort(duplicates.begin(), duplicates.end(), by_line);
    std::vector<line_fault> all;
    std::merge(std::make_move_iterator(found.faults.begin()),
               std::make_move_iterator(found.faults.end()),
               std::make_move_iterator(duplicates.begin()),
               std::make_move_iterator(duplicates.end()),
               std::back_inserter(all), by_line);
    if (all.size() > max_faults)
      all.resize(max_faults);
    found.faults = std::move(all);
    duplicates = {};
    firsts = {};
    found.valid = found.lines - bad.size();
    concluded = true;
  }

  static bool by_line(const line_fault& x, const line_fault& y) {
    return x.line < y.line;
  }

  batch_options chosen;
  batch_limits limits;
  service serves;
  std::function<money(const planned_line&)> cost;
  uint64_t seed = 0;
  file_report found;
  std::optional<batch_format> format;
  uint64_t number = 0;
  std::deque<mark> marks; // Grows without moving what is there.
  std::vector<uint64_t> bad;
  std::vector<uint64_t> suspects;
  size_t confirmed = 0;
  std::unordered_map<std::string, uint64_t> firsts;
  std::vector<line_fault> duplicates;
  ptrdiff_t first_duplicate = 0; // In `bad`.
  bool concluded = false;
};

file_validator::file_validator(
  batch_options chosen, batch_limits limits, service serves,
  std::function<money(const planned_line&)> cost, uint64_t seed, bool folded)
  : impl_{std::make_unique<impl>()} {
  impl_->chosen = std::move(chosen);
  impl_->limits = limits;
  impl_->serves = std::move(serves);
  impl_->cost = std::move(cost);
  impl_->seed = seed;
  impl_->found.folded = folded;
}

file_validator::~file_validator() = default;

void file_validator::line(std::string_view text) {
  auto& my = *impl_;
  ++my.number;
  if (trimmed(text).empty())
    return;
  ++my.found.lines;
  if (!my.format && text.size() <= my.limits.max_line_bytes) {
    my.format = detect_format(text);
    my.found.format = my.format.value_or(batch_format::openai);
  }
  auto [plan, fault]
    = plan_line(my.found.format, text, my.number, my.chosen, my.limits);
  if (!plan) {
    my.fault(my.number, std::move(fault));
    return;
  }
  if (const auto why = my.serves(plan->route, plan->model); why != ec::ok) {
    my.fault(my.number, unserved(*plan, my.chosen, why));
    return;
  }
  my.count(*plan, 1);
  if (my.found.format != batch_format::bare) // Those have numbers for names.
    my.marks.push_back({fingerprint(plan->custom_id, my.seed), my.number});
}

void file_validator::finish() {
  auto& my = *impl_;
  std::sort(my.marks.begin(), my.marks.end());
  for (auto i = my.marks.begin(); i != my.marks.end();) {
    const auto differs = [i](auto& x) {
      return x.fingerprint != i->fingerprint;
    };
    const auto end = std::find_if(std::next(i), my.marks.end(), differs);
    if (end - i > 1)
      for (; i != end; ++i)
        my.suspects.push_back(i->line);
    i = end;
  }
  my.marks = {};
  std::sort(my.suspects.begin(), my.suspects.end());
  my.first_duplicate = static_cast<ptrdiff_t>(my.bad.size());
  if (my.found.lines == 0) {
    ++my.found.fault_count;
    my.found.faults.push_back(
      {0, "empty_file",
       my.found.folded ? "The file's list of requests is empty."
                 : "The file holds no request: write one request as one JSON "
                   "object on each line."});
  }
  if (my.suspects.empty())
    my.conclude();
}

const std::vector<uint64_t>& file_validator::suspects() const {
  return impl_->suspects;
}

void file_validator::confirm(uint64_t number, std::string_view text) {
  auto& my = *impl_;
  ROTA_CHECK(my.confirmed < my.suspects.size()
               && my.suspects[my.confirmed] == number,
             "suspects are confirmed in their order");
  ++my.confirmed;
  auto [plan, fault]
    = plan_line(my.found.format, text, number, my.chosen, my.limits);
  if (!plan) {
    fault.text = "The line changed while the file was checked. " + fault.text;
  } else if (const auto [i, fresh]
             = my.firsts.try_emplace(plan->custom_id, number);
             !fresh) {
    my.count(*plan, -1);
    const auto folded = my.found.folded;
    fault = {0, "duplicate_custom_id",
             "The name " + json_string(head_of(plan->custom_id, 64))
               + (folded ? " is that of request " : " stands on line ")
               + std::to_string(i->second) + " already: give every "
               + (folded ? "request" : "line") + " a custom_id of its own."};
  }
  if (!fault.code.empty()) {
    ++my.found.fault_count;
    my.bad.push_back(number);
    fault.line = number;
    if (my.duplicates.size() < max_faults)
      my.duplicates.push_back(std::move(fault));
  }
  if (my.confirmed == my.suspects.size())
    my.conclude();
}

const file_report& file_validator::report() const {
  ROTA_CHECK(impl_->concluded, "a file is reported on when it was checked");
  return impl_->found;
}

const std::vector<uint64_t>& file_validator::bad_lines() const {
  ROTA_CHECK(impl_->concluded, "a file is reported on when it was checked");
  return impl_->bad;
}

// -- whole documents ----------------------------------------------------------

bool is_folded(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf"))
    head.remove_prefix(3);
  for (const std::string_view part : {"{", "\"requests\"", ":", "["}) {
    head = trimmed(head);
    if (!head.starts_with(part))
      return false;
    head.remove_prefix(part.size());
  }
  return true;
}

} // namespace rota
