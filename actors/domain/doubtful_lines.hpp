#pragma once

#include "messages/batch.hpp"
#include "messages/ledger.hpp"

#include <unordered_map>
#include <vector>

namespace rota {

/// A line during whose calls the daemon has ended so often is sent no more,
/// whatever else its attempts may cost: it may be the reason.
inline constexpr uint32_t poison_ends = 3;

/// @returns The rows of batches that have not ended, with those lines noted
///          that an earlier run may have sent: of batches that send no line
///          twice the ones for which money is still held, once; of others the
///          ones whose calls were under way when the run before `run` ended,
///          once more.
std::vector<batch_row> note_doubtful_lines(const std::vector<batch_row>& rows,
                                           const std::vector<account_head>& of,
                                           uint32_t run);

/// @returns How many open holds each line of a batch has whose calls were
///          perhaps charged; those that hardly were count as tries only.
std::unordered_map<uint64_t, uint32_t>
doubts_of(batch_id x, const std::vector<account_head>& of);

} // namespace rota
