#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <algorithm>

namespace rota {

std::string store::impl::extent_of_damage() const {
  const auto found = read_high_water(high_water_path(dir));
  impl readable;
  readable.dir = dir;
  if (!found.mark
      || !readable.base.open_read_only(dir, database::reading::lenient).empty()
      || std::count(readable.base.handles.begin(), readable.base.handles.end(),
                    nullptr)
           > 0
      || !readable.load_numbers().empty() || !readable.load_names().empty()
      || !readable.load_accounts().empty())
    return {};
  const auto less
    = missing(*found.mark, readable.present(), [&readable](account_id x) {
        return readable.name_of(x);
      });
  return less.empty() ? less
                      : " Behind the damage, " + less + ", says "
                          + high_water_path(dir) + '.';
}

} // namespace rota
