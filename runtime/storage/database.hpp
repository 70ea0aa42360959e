#pragma once

#include "config/options.hpp"

#include <rocksdb/db.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace rota {

/// The column families, in the order of their handles.
enum class family : size_t { meta, ledger, head, account, batch, result };

inline constexpr std::array<const char*, 6> family_names{
  "default", "ledger", "head", "account", "batch", "result",
};

/// An open RocksDB with our options.
struct database {
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, family_names.size()> handles{};

  ~database();

  rocksdb::ColumnFamilyHandle* operator[](family x) const {
    return handles[static_cast<size_t>(x)];
  }

  /// Opens or creates.
  /// @returns One sentence if it cannot.
  std::string open(const std::string& dir, const store_options& options,
                   std::function<void(const std::string&)> on_failure);
};

} // namespace rota
