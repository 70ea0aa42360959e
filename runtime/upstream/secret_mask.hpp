#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Takes an account's secrets out of what its provider answers: some sites
/// repeat the key that they refuse. Wiped when destroyed.
class secret_mask {
public:
  /// What is shorter is no secret but a word, and answers may hold it.
  static constexpr size_t least = 8;

  /// What stands for a secret.
  static constexpr std::string_view stand_in = "***";

  secret_mask() = default;
  ~secret_mask();
  secret_mask(const secret_mask&) = delete;
  secret_mask& operator=(const secret_mask&) = delete;

  /// Masks a key, or the values of a cookie, from now on; also as URLs spell
  /// them, and JSON: with every character escaped as \u00xx, with those that
  /// have another meaning in HTML, or with none.
  void add(std::string_view secret);

  /// Takes the secrets out of a whole text.
  void apply(std::string& text) const;

  /// @returns How many bytes at the end of `text` may be the beginning of a
  /// secret.
  size_t open_end(std::string_view text) const;

private:
  using forms = std::vector<std::string>; // The longest first.

  static void add_form(forms& to, std::string form);

  forms forms_;
  forms escaped_; // Those with \u00xx in them.
};

/// The same for a text that comes in pieces: what may be the beginning of a
/// secret is kept until it is known to be none.
class masked_stream {
public:
  /// @returns What may be passed on; valid until the next call.
  std::string_view feed(const secret_mask& mask, std::string_view piece);

  /// The text has ended.
  /// @returns What is left of it; valid until the next call.
  std::string_view finish();

private:
  std::string text_;
  std::string kept_;
};

} // namespace rota
