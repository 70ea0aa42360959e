#include "runtime/storage/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>

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
  sha256_bytes bytes{};
  EVP_DigestFinal_ex(impl_->context, bytes.data(), nullptr);
  return to_hex(bytes);
}

sha256_bytes sha256_of_text(std::string_view text) {
  // Looked up once: OpenSSL 3 would look for it with each text.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> kind{
    EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free};
  sha256_bytes result{};
  if (EVP_Digest(text.data(), text.size(), result.data(), nullptr, kind.get(),
                 nullptr)
      != 1)
    throw std::runtime_error{"OpenSSL cannot compute SHA-256"};
  return result;
}

bool same_digest(const sha256_bytes& x, const sha256_bytes& y) {
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

std::string to_hex(const sha256_bytes& x) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const auto byte : x) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

std::optional<sha256_bytes> sha256_from_hex(std::string_view text) {
  sha256_bytes result{};
  if (text.size() != 2 * result.size())
    return std::nullopt;
  for (size_t i = 0; i < result.size(); ++i) {
    const auto last = text.data() + 2 * i + 2;
    const auto [end, err]
      = std::from_chars(text.data() + 2 * i, last, result[i], 16);
    if (err != std::errc{} || end != last)
      return std::nullopt;
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
