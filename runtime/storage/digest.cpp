#include "runtime/storage/digest.hpp"

#include <openssl/evp.h>

#include <cstdio>

namespace rota {

struct sha256::impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  ~impl() {
    EVP_MD_CTX_free(context);
  }
};

sha256::sha256() : impl_{std::make_unique<impl>()} {
  EVP_DigestInit_ex(impl_->context, EVP_sha256(), nullptr);
}

sha256::~sha256() = default;

void sha256::write(std::string_view piece) {
  EVP_DigestUpdate(impl_->context, piece.data(), piece.size());
}

std::string sha256::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(impl_->context, bytes, &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (unsigned int i = 0; i < size; ++i) {
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 15];
  }
  return result;
}

std::optional<std::string> sha256_of(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
    std::fopen(path.c_str(), "rbe"), &std::fclose};
  if (!file)
    return std::nullopt;
  sha256 sum;
  std::string chunk(64 << 10, '\0');
  while (const auto size
         = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    sum.write({chunk.data(), size});
  if (std::ferror(file.get()) != 0)
    return std::nullopt;
  return sum.finish();
}

} // namespace rota
