#pragma once

#include "runtime/admin/server.hpp"

#include "messages/batch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// What the query of a request says about the batch that it hands in.
struct batch_query {
  batch_options chosen;

  /// What is wrong with it: a code for programs and one sentence; both empty
  /// where nothing is.
  std::string fault_code;
  std::string fault;
};

/// Reads name, model, tags, skip_invalid, policy and max_in_flight.
batch_query parse_batch_query(const admin_exchange& x);

/// The parts between separators, without the empty ones.
std::vector<std::string> split(std::string_view text, char separator);

} // namespace rota
