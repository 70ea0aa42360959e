#pragma once

#include <cstdint>

namespace rota {

/// The version of all that is written. Raised with a migration.
///   2: entries are chained, see chain.hpp.
///   3: a file beside the store says how far it had come, see high_water.hpp.
///   4: entries name the client whose job they are of; clients have heads.
///   5: doubts have their likelihood, accounts a learnt posting lag.
///   6: requests leave records.
///   7: doubts say what was seen of their cost, records by which price they
///      were charged.
///   8: doubts keep no more than what they may have come to.
inline constexpr uint64_t store_schema = 8;

} // namespace rota
