#include "runtime/admin/checkpoints.hpp"

#include "runtime/storage/files.hpp"
#include "runtime/storage/state_copy.hpp"

#include <filesystem>

namespace rota {

checkpoints::checkpoints(const store& disk, std::string state_dir)
  : disk_{disk}, state_dir_{std::move(state_dir)} {
  std::error_code ignored;
  dir_ = std::filesystem::absolute(state_dir_ + "/checkpoints", ignored)
           .lexically_normal()
           .string();
  std::filesystem::remove_all(dir_, ignored);
}

checkpoints::made checkpoints::make() {
  const auto name = std::to_string(disk_.run()) + '-' + std::to_string(next_++);
  made result{dir_ + '/' + name, {}};
  result.fault = make_private_directory(dir_);
  if (result.fault.empty())
    result.fault = make_private_directory(result.dir);
  if (result.fault.empty())
    result.fault = disk_.copy_to(result.dir + "/store");
  // Last: a batch that the store knows has its files.
  if (result.fault.empty())
    result.fault = copy_batches(state_dir_ + "/batches",
                                result.dir + "/batches");
  if (!result.fault.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(result.dir, ignored);
  }
  return result;
}

} // namespace rota
