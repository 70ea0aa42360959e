#include "runtime/storage/files.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <rocksdb/utilities/checkpoint.h>

namespace rota {

std::string store::copy_to(const std::string& dir) const {
  auto& my = *impl_;
  // First how far the store had come: the copy must not be behind it.
  auto fault = copy_durably(high_water_path(my.dir), high_water_path(dir));
  if (!fault.empty())
    return fault;
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(my.base.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
  if (status.ok()) // Zero: the log is made a table first.
    status = checkpoint->CreateCheckpoint(dir, 0);
  if (status.ok())
    return {};
  return "The store in " + my.dir + " cannot be copied to " + dir + " ("
         + text_of(status) + "): free some space there.";
}

} // namespace rota
