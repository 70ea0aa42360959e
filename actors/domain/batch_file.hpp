#pragma once

#include "actors/domain/batch_plan.hpp"
#include "messages/ec.hpp"
#include "messages/money.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rota {

/// Whether a file that begins so is one document {"requests":[...]}, as
/// Anthropic's SDKs send it. A few hundred bytes are enough.
bool is_folded(std::string_view head);

/// Why a line that is good in itself cannot be served.
/// @param why no_such_model or no_such_tag.
line_fault unserved(const planned_line& x, const batch_options& chosen, ec why);

/// What a whole file was found to be.
struct file_report {
  batch_format format = batch_format::openai;
  /// It was one document (see `is_folded`): its lines are requests.
  bool folded = false;
  uint64_t lines = 0;   ///< Lines that are not blank.
  uint64_t valid = 0;
  std::vector<line_fault> faults; ///< At most `max_faults`, in line order.
  uint64_t fault_count = 0;
  token_estimate tokens;
  std::map<std::string, uint64_t> models;
  money list_cost_max;
  /// The part of it for each kind of line that the same accounts can serve.
  std::map<std::pair<surface, std::string>, money> shares;
};

/// Validates a file line by line in memory that does not grow with the bodies:
/// 16 bytes for each custom_id, a fingerprint and a line number. The first of
/// two lines of one name is good, the later one is not.
class file_validator {
public:
  static constexpr size_t max_faults = 1'000;

  /// Whether any account serves a model on a route: ok, no_such_model or
  /// no_such_tag.
  using service = std::function<ec(surface, const std::string& model)>;

  /// `cost` is the list price of a plan; `seed` makes fingerprints
  /// unpredictable. The faults of a `folded` file speak of requests.
  file_validator(batch_options chosen, batch_limits limits, service serves,
                 std::function<money(const planned_line&)> cost,
                 uint64_t seed = 0, bool folded = false);
  ~file_validator();

  /// Takes the next line, without its end; blank lines count as lines of the
  /// file but not as items.
  void line(std::string_view text);

  /// Ends the file. Lines whose fingerprints are alike are in `suspects`;
  /// each must be given to `confirm`, in that order, before `report`.
  void finish();

  /// Line numbers whose custom_id may stand twice; sorted.
  const std::vector<uint64_t>& suspects() const;

  /// Takes a suspect's line again.
  void confirm(uint64_t number, std::string_view text);

  const file_report& report() const;

  /// Line numbers that must not run; sorted. Complete, whatever `max_faults`.
  const std::vector<uint64_t>& bad_lines() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota
