#pragma once

#include "config/options.hpp"

#include <string>
#include <vector>

namespace rota {

/// What a reload changes. An account is known by its name: another name is
/// another account.
struct option_diff {
  std::vector<account_options> added;
  /// As they are to be from now on.
  std::vector<account_options> changed;
  std::vector<std::string> removed;
  /// Whether any client is another one than before.
  bool clients = false;

  /// Whether an option of the section changed that is applied live.
  bool routing = false;
  bool health = false;
  bool batch = false;
  bool upstream = false;
  bool store = false;
  bool records = false;
  bool log = false;
  bool prices = false;
  bool failure_rules = false;

  /// Keys of options that changed but keep their old value until the next
  /// start.
  std::vector<std::string> needs_restart;

  /// A sentence for each option that changed, but counts only when rota first
  /// sees the account: what to do instead.
  std::vector<std::string> too_late;

  /// Whether nothing changed that is, or will be, applied.
  bool empty() const;
};

/// @returns What turns `before` into `after`. Contents of files (prices,
/// rules, secrets) are not looked at.
option_diff diff_options(const options& before, const options& after);

/// @returns What is applied, for people: "account relay-a added", "routing".
std::vector<std::string> describe(const option_diff& x);

/// @returns `accepted` as it is applied while the daemon runs: what waits for
/// the next start is as it is in `running`.
options applied_live(options accepted, const options& running);

} // namespace rota
