#include "config/row.hpp"
#include "config/schema.hpp"
#include "config/secrets.hpp"
#include "config/text_forms.hpp"
#include "config/choice_forms.hpp"

#include <algorithm>

namespace rota {

namespace {

using row = option_row<client_options>;
using rows = std::vector<row>;

constexpr money most_money{1'000'000'000'000'000'000};
constexpr uint32_t most_rate = 1'000'000'000;

/// A token that is written out is refused without repeating it.
std::string check_token(std::string_view text) {
  constexpr auto wrong = "is no token's hash; write sha256: and 64 hexadecimal "
                         "digits (rota token makes both), env:NAME or "
                         "file:PATH; tokens never stand in this file";
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  if (text.starts_with(hash_prefix)) {
    text.remove_prefix(hash_prefix.size());
    return text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex)
               ? std::string{}
               : wrong;
  }
  tree_node node;
  node.is = tree_node::kind::scalar;
  node.text = text;
  return secret_form{false}.read(node).value ? std::string{} : wrong;
}

template <class Form, class... Members>
row option(std::string key, Form form, std::string why, Members... path) {
  return make_row<client_options>(std::move(key), std::move(form),
                                  applies::live, std::move(why), path...);
}

row required(row x) {
  x.required = true;
  return x;
}

row cap(std::string key, std::string why, std::optional<money> spend_caps::*at,
        std::string sample) {
  auto result = option(std::move(key),
                       optional_form<money_form>{{money{}, most_money, "USD"}},
                       std::move(why), &client_options::cap, at);
  result.sample = std::move(sample);
  return result;
}

rows all_rows() {
  using client = client_options;
  const text_form token{"a token's hash", check_token};
  const text_form tag{"a tag", check_name};
  const text_form model{"a model's name", check_model};
  return {
      required(option(
          "name", text_form{"a name, such as alice", check_name},
          "Names the client for good: what it has spent hangs on it.",
          &client::name)),
      required(option(
          "tokens", list_form{"a list such as [sha256:HASH]", token},
          "What the client shows as its key: the SHA-256 of a token (rota "
          "token makes both), or where the token itself is found, as env:NAME "
          "or file:PATH. With two of them one can be replaced while the other "
          "is in use.",
          &client::tokens)),
      option("models", list_form{"a list such as [gpt-5-mini]", model},
             "Models that it may ask for. []: any.", &client::models),
      option("tags", list_form{"a list such as [cheap]", tag},
             "It is served only by accounts that carry all of these.",
             &client::tags),
      option("max_in_flight", count_form{0, 1'000'000, "requests"},
             "Requests under way at once; more are answered with 429. 0: no "
             "limit.",
             &client::max_in_flight),
      option("requests_per_minute", count_form{0, most_rate, "requests"},
             "A bucket of so many that refills evenly within a minute: so many "
             "at once, then one after the other. More are answered with 429. "
             "0: no limit.",
             &client::requests_per_minute),
      option("tokens_per_minute", count_form{0, most_rate, "tokens"},
             "The same for tokens: input and the most output that a request "
             "may have, by estimate.",
             &client::tokens_per_minute),
      cap("cap.day",
          "What it may spend in a day (UTC), what is held for requests under "
          "way included; then 429. Absent: no cap.",
          &spend_caps::day, "5.00"),
      cap("cap.month", "The same for a month (UTC).", &spend_caps::month,
          "50.00"),
      option("show_account", flag_form{},
             "Its answers name the account that served them in the header "
             "x-rota-account.",
             &client::show_account),
  };
}

} // namespace

const std::vector<option_row<client_options>>& client_rows() {
  static const auto result = all_rows();
  return result;
}

} // namespace rota
