#include "config/secrets.hpp"

#include <algorithm>
#include <tuple>

namespace rota {

namespace {

/// An account's key, and where it is good.
struct place {
  std::string url; // As it was adopted: one spelling each.
  secret key;
  const std::string* name = nullptr;

  auto order() const {
    return std::pair{std::string_view{url}, key.reveal()};
  }
};

} // namespace

std::vector<std::string> find_same_keys(const options& x) {
  std::vector<place> all;
  for (const auto& account : x.accounts)
    if (account.api_key.from != secret_ref::source::none)
      if (auto key = resolve(account.api_key); key.value)
        all.push_back({account.base_url, std::move(*key.value),
                       &account.name});
  std::stable_sort(all.begin(), all.end(), [](const auto& x, const auto& y) {
    return x.order() < y.order();
  });
  std::vector<std::string> result;
  for (size_t i = 1; i < all.size(); ++i)
    if (all[i - 1].order() == all[i].order())
      result.push_back("accounts[" + *all[i].name + "].api_key: "
                       + *all[i - 1].name + " has the same key at "
                       + all[i].url
                       + ", so that one account's money counts twice; remove"
                         " one of them, or correct its key");
  return result;
}

} // namespace rota
