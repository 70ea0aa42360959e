#include "runtime/storage/chain.hpp"

#include "runtime/storage/codec.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace rota {

struct entry_chain::hasher {
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> kind{
    EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
    EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

entry_chain::entry_chain() : hasher_{std::make_unique<hasher>()} {
  // nop
}

entry_chain::~entry_chain() = default;

chain_digest entry_chain::next(const chain_digest& before,
                               const ledger_entry& x) {
  scratch_.assign(before.begin(), before.end());
  encode_canonical(scratch_, x);
  unsigned char full[EVP_MAX_MD_SIZE];
  auto* const context = hasher_->context.get();
  if (EVP_DigestInit_ex2(context, hasher_->kind.get(), nullptr) != 1
      || EVP_DigestUpdate(context, scratch_.data(), scratch_.size()) != 1
      || EVP_DigestFinal_ex(context, full, nullptr) != 1)
    throw std::runtime_error{"OpenSSL cannot compute SHA-256"};
  chain_digest result;
  std::copy_n(full, result.size(), result.begin());
  return result;
}

} // namespace rota
