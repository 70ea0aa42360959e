#pragma once

#include "messages/batch.hpp"
#include "messages/ledger.hpp"

#include <vector>

namespace rota {

/// @returns The rows of batches that send no line twice and have not ended,
///          with those lines noted that an earlier run may have sent: the ones
///          for which money is still held.
std::vector<batch_row> note_doubtful_lines(const std::vector<batch_row>& rows,
                                           const std::vector<account_head>& of);

} // namespace rota
