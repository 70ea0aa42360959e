#pragma once

#include "config/options.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Text that must not get out: a key, a token. It cannot be copied or
/// streamed, and its memory is overwritten when it goes.
class secret {
public:
  secret() = default;
  explicit secret(std::string_view text);
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  ~secret();

  /// @returns The text, valid as long as this object. For the place that sends
  /// it, never for a log line or a message.
  std::string_view reveal() const {
    return {text_.get(), size_};
  }

private:
  void wipe() noexcept;

  std::unique_ptr<char[]> text_;
  size_t size_ = 0;
};

/// A secret, or one sentence that says what is wrong and what to do.
struct secret_result {
  std::optional<secret> value;
  std::string fault;
};

/// Longest secret; a longer file holds something else.
inline constexpr size_t secret_bytes_max = 16 * 1'024;

/// Reads a secret from where the reference says. A file must be closed to
/// group and others, but for those that the service manager passed in
/// $CREDENTIALS_DIRECTORY: their access list shows as group bits. Line breaks
/// at the end and a byte order mark at the begin are cut off; what else is not
/// printable ASCII is refused, for it cannot be sent in a header.
[[nodiscard]] secret_result resolve(const secret_ref& ref);

/// Begins what stands in clients[].tokens for the SHA-256 of a token.
inline constexpr std::string_view hash_prefix = "sha256:";

/// @returns Where a token of clients[].tokens is found that is no hash.
secret_ref token_ref(std::string_view text);

/// The shortest token: one that can be guessed is none, for a hash can be
/// tried quickly.
inline constexpr size_t token_bytes_min = 20;

/// Looks at every secret that the options refer to.
/// @returns "accounts[relay-a].api_key: what is wrong; what to do" each.
[[nodiscard]] std::vector<std::string> check_secrets(const options& x);

/// @returns One sentence for each account that has the key of another one at
/// the same place, as those of check_secrets: their money is one.
[[nodiscard]] std::vector<std::string> find_same_keys(const options& x);

} // namespace rota
