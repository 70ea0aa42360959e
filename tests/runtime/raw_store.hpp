#pragma once

#include "runtime/storage/codec.hpp"
#include "tests/support/catch.hpp"

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

namespace rota {

/// A store's files, opened with nothing of ours.
struct raw_store {
  explicit raw_store(const std::string& path) {
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions{});
    rocksdb::DB* raw = nullptr;
    REQUIRE(rocksdb::DB::Open({}, path, families, &handles, &raw).ok());
    db.reset(raw);
  }

  ~raw_store() {
    for (auto* x : handles)
      db->DestroyColumnFamilyHandle(x);
  }

  rocksdb::ColumnFamilyHandle* operator[](const std::string& name) const {
    for (auto* x : handles)
      if (x->GetName() == name)
        return x;
    return nullptr;
  }

  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
};

/// Changes one record behind the store's back.
inline void put(const std::string& path, const std::string& family,
         const std::string& key, const std::string& value) {
  const raw_store x{path};
  REQUIRE(x.db->Put({}, x[family], key, value).ok());
}

inline std::string record(uint64_t x) {
  std::string result;
  encode(result, x);
  return result;
}

} // namespace rota
