#pragma once

#include "runtime/storage/check.hpp"
#include "tools/rota/client.hpp"

namespace rota::cli {

// What `rota fsck` and `rota restore` say about a state.

/// The report as JSON.
json view_of(const check_report& x);

/// The report of a check that RocksDB did not survive.
check_report gave_up(const std::string& store_dir, const std::string& said);

/// Prints a report as JSON for people.
void print_report(const json& report, bool colours);

/// What to do about findings: start rotad where that mends them all, else what
/// is given.
std::string what_to_do(const json& report, const std::string& otherwise);

} // namespace rota::cli
