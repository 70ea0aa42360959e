#pragma once

#include "messages/ledger.hpp"

#include <memory>
#include <string>

namespace rota {

/// Chains the entries of accounts: the digest of an entry is the first 16 bytes
/// of SHA-256 over the digest before it (zero for the first) and the entry's
/// canonical form. Whoever knows the last digest knows whether anything before
/// it is missing, moved or changed. Keeps its memory; not thread-safe.
class entry_chain {
public:
  entry_chain();
  ~entry_chain();
  entry_chain(const entry_chain&) = delete;
  entry_chain& operator=(const entry_chain&) = delete;

  /// The digest of `x`, which follows an entry with the digest `before`. What
  /// `x` itself says about its digest does not matter.
  chain_digest next(const chain_digest& before, const ledger_entry& x);

private:
  struct hasher;
  std::unique_ptr<hasher> hasher_;
  std::string scratch_;
};

} // namespace rota
