#pragma once

#include "config/forms.hpp"
#include "config/options.hpp"

#include <functional>
#include <string>
#include <vector>

// The schema: every option is declared once, as one row. Loading, messages,
// the annotated example and the difference of a reload are made from it.

namespace rota {

/// When a change of an option takes effect.
enum class applies : uint8_t {
  live = 0,    ///< With the next reload.
  restart,     ///< With the next start.
  first_start, ///< Only when rota first sees the account.
};

/// One option of `Root`: `options`, `account_options` or `client_options`.
template <class Root>
struct option_row {
  /// "routing.attempts".
  std::string key;
  form_text form;
  applies when = applies::live;
  bool required = false;
  /// What it is for, in whole sentences.
  std::string why;
  /// What the example shows where the default is "absent".
  std::string sample;
  /// Sets the option.
  /// @returns Everything that is wrong, and what would be right.
  std::function<std::vector<tree_fault>(Root&, const tree_node&)> read;
  /// @returns The value as the file spells it; nothing where it is absent.
  std::function<std::string(const Root&)> text;
  /// Makes the option what it is in the other.
  std::function<void(Root&, const Root&)> copy;

  /// The default, taken from the struct.
  std::string default_text() const {
    return text(Root{});
  }
};

/// All options outside of `accounts`, section by section.
const std::vector<option_row<options>>& option_rows();

/// The part of them that concerns the clients of the API.
std::vector<option_row<options>> api_rows();

/// The part of them that concerns the records of its requests.
std::vector<option_row<options>> record_rows();

/// The part of them that concerns alerts.
std::vector<option_row<options>> alert_rows();

/// All options of one account.
const std::vector<option_row<account_options>>& account_rows();

/// All options of one client of the API.
const std::vector<option_row<client_options>>& client_rows();

/// The keys of the lists of accounts and clients.
inline constexpr const char* accounts_key = "accounts";
inline constexpr const char* clients_key = "clients";

} // namespace rota
