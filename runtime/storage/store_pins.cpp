// Which account keeps which response.

#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <stdexcept>

namespace rota {

namespace {

std::string pin_key(const std::string& id) {
  return std::string{response_prefix} + id;
}

} // namespace

std::vector<response_pin> store::response_pins() const {
  std::vector<response_pin> result;
  auto good = true;
  const auto read = impl_->scan(family::meta, [&](auto key, auto value) {
    if (!key.starts_with(response_prefix))
      return true;
    auto x = decode<response_pin>(value);
    good = x && pin_key(x->id) == key;
    if (good)
      result.push_back(std::move(*x));
    return good;
  });
  if (!read || !good)
    throw std::runtime_error{
      impl_->damaged("which account keeps which response")};
  return result;
}

void store::impl::stage_pins(const std::vector<commit_ptr>& group) {
  for (const auto& x : group) {
    if (x->pin)
      put(family::meta, pin_key(x->pin->id), *x->pin);
    for (const auto& id : x->unpinned)
      out.Delete(base[family::meta], pin_key(id));
  }
}

} // namespace rota
