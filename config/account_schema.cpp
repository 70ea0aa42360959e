#include "config/choice_forms.hpp"
#include "config/row.hpp"
#include "config/schema.hpp"
#include "config/text_forms.hpp"
#include "config/url.hpp"

#include <algorithm>

namespace rota {

namespace {

using namespace std::chrono_literals;

using row = option_row<account_options>;
using rows = std::vector<row>;

constexpr auto live = applies::live;
constexpr auto first_start = applies::first_start;

constexpr money usd(int64_t x) {
  return money{x * 1'000'000'000};
}

constexpr money most_money = usd(1'000'000'000);
constexpr factor least_factor{1}; // Headroom is divided by it.
constexpr factor most_factor{1'000'000'000};
constexpr uint32_t most_rate = 1'000'000'000;

template <class Form, class... Members>
row option(std::string key, Form form, applies when, std::string why,
           Members... path) {
  return make_row<account_options>(std::move(key), std::move(form), when,
                                   std::move(why), path...);
}

row required(row x) {
  x.required = true;
  return x;
}

row sampled(row x, std::string sample) {
  x.sample = std::move(sample);
  return x;
}

/// Endings of base URLs in the settings of other programs. rota appends the
/// whole path of a route itself.
constexpr std::string_view route_prefixes[] = {"/v1", "/v1beta", "/v1alpha"};

std::string check_base_url(std::string_view text) {
  const auto result = check_target_url(text);
  if (!result.url)
    return result.fault;
  if (!result.url->query.empty())
    return "has a query (?...); leave it out";
  for (const auto prefix : route_prefixes)
    if (result.url->path.ends_with(prefix))
      return "ends with " + std::string{prefix}
             + "; leave that out, rota appends the path of each route itself";
  return {};
}

std::string adopt_url(std::string_view text) {
  const auto result = parse_url(text);
  return result.url ? to_string(*result.url) : std::string{text};
}

std::string check_user_id(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() > 20 || !std::all_of(text.begin(), text.end(), is_digit))
    return "is no user id; write the number that the site's console shows";
  return {};
}

std::string check_probe_path(std::string_view text) {
  if (text.empty())
    return {};
  const auto clean = parse_url("https://host" + std::string{text});
  if (!text.starts_with('/') || !clean.url)
    return "is no path; write it from the base_url on, such as /api/balance";
  return {};
}

/// RFC 6901; a tilde stands before 0 or 1 only.
std::string check_pointer(std::string_view text) {
  constexpr auto wrong = "is no JSON pointer; write it like "
                         "/data/balance (RFC 6901)";
  if (!text.empty() && !text.starts_with('/'))
    return wrong;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~'
        && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return wrong;
  return {};
}

rows identity_rows() {
  using account = account_options;
  return {
      required(option("name",
                      text_form{"a name of 1 to 64 letters, digits, dots, "
                                "hyphens and underscores",
                                check_name},
                      live, "Names the account for good: its books hang on it.",
                      &account::name)),
      required(
          option("provider", choice_form{provider::siliconflow}, live,
                 "Who stands behind base_url, and so which routes, headers "
                 "and errors it has.",
                 &account::kind)),
      required(option("base_url", text_form{"a URL", check_base_url, adopt_url},
                      live,
                      "Where requests go, without the path of a route. https, "
                      "or http to this machine or a private address. No "
                      "credentials and no query in it.",
                      &account::base_url)),
      required(
          option("api_key", secret_form{false}, live,
                 "The key, as env:NAME or file:PATH; never the key itself. "
                 "The file must be closed to others (mode 0600). A reload "
                 "reads the file again; a variable is what it was at the "
                 "start.",
                 &account::api_key)),
  };
}

rows balance_rows() {
  const auto at = &account_options::balance;
  return {
      option(
          "balance.probe", choice_form{probe_kind::http_json}, live,
          "How the balance is asked for. newapi_token and newapi_billing use "
          "the api_key; newapi_console needs console and user_id; http_json "
          "needs path and pointer; none: rota's own books only.",
          at, &balance_options::probe),
      sampled(option("balance.initial",
                     optional_form<money_form>{{money{}, most_money, "USD"}},
                     first_start,
                     "What the account holds when rota first sees it. "
                     "Absent: not known until the first reading.",
                     at, &balance_options::initial),
              "25.00"),
      sampled(option("balance.units_per_usd",
                     optional_form<wide_count_form>{
                       {1, 1'000'000'000'000, "units"}},
                     live,
                     "newapi_console, newapi_token: units of the site's figure "
                     "that make one USD. Absent: what the site says of itself, "
                     "else 500000.",
                     at, &balance_options::units_per_usd),
              "500000"),
      option("balance.console", secret_form{}, live,
             "newapi_console: the access token of the site's console, or the "
             "Cookie string of a browser that is signed in there (behind a web "
             "firewall: all of it).",
             at, &balance_options::console),
      option(
          "balance.user_id",
          text_form{"a number, or \"\" for none", check_user_id}, live,
          "newapi_console: the number of the user that the token belongs to; "
          "one_api does without.",
          at, &balance_options::user_id),
  };
}

/// How an answer of any other form is read, and how far any is trusted.
rows reading_rows() {
  const auto at = &account_options::balance;
  return {
      option("balance.path",
             text_form{"a path from base_url on", check_probe_path}, live,
             "http_json: what to GET.", at, &balance_options::path),
      option("balance.pointer", text_form{"a JSON pointer", check_pointer},
             live,
             "http_json: where in the answer the remaining amount stands.", at,
             &balance_options::pointer),
      option("balance.used_pointer", text_form{"a JSON pointer", check_pointer},
             live,
             "http_json: where the amount stands that was used, to be taken "
             "off that one; \"\": that one is what remains.",
             at, &balance_options::used_pointer),
      option("balance.unlimited_pointer",
             text_form{"a JSON pointer", check_pointer}, live,
             "http_json: what says that there is no limit, by true or by a "
             "number below zero; then the answer is no reading. \"\": nothing.",
             at, &balance_options::unlimited_pointer),
      sampled(option("balance.scale",
                     optional_form<factor_form>{
                       {least_factor, most_factor, "USD"}},
                     live,
                     "http_json, newapi_billing: USD for one unit of the "
                     "amount, such as 0.01 where it is in cents. Absent: 1, or "
                     "for newapi_billing what the site says of itself.",
                     at, &balance_options::scale),
              "0.01"),
      option("balance.posting_lag", duration_form{0ms, 24h}, live,
             "How late a charge may show up in a reading; younger charges are "
             "expected to be missing.",
             at, &balance_options::posting_lag),
      option("balance.quantum", money_form{money{}, usd(1'000), "USD"}, live,
             "Readings are multiples of this; smaller differences mean "
             "nothing.",
             at, &balance_options::quantum),
  };
}

rows limit_rows() {
  using account = account_options;
  const text_form tag{"a tag", check_name};
  const text_form model{"a model's name", check_model};
  return {
      option("floor", money_form{money{}, most_money, "USD"}, live,
             "Money that is never spent: an account is skipped where a request "
             "could take it below.",
             &account::floor),
      sampled(option("low",
                     optional_form<money_form>{{money{}, most_money, "USD"}},
                     live,
                     "From here down the account counts as low. Absent: "
                     "three times the floor.",
                     &account::low),
              "3.00"),
      option("multiplier", factor_form{least_factor, most_factor}, live,
             "What this account pays in relation to the list price.",
             &account::multiplier),
      option("models", list_form{"a list such as [gpt-5-mini]", model}, live,
             "Models that it may serve. []: any.", &account::models),
      option("max_in_flight", count_form{1, 100'000, "requests"}, live,
             "Requests under way at once.", &account::max_in_flight),
      option("requests_per_minute", count_form{0, most_rate, "requests"}, live,
             "A bucket of so many that refills evenly within a minute, as the "
             "vendors count. 0: no limit.",
             &account::requests_per_minute),
      option("tokens_per_minute", count_form{0, most_rate, "tokens"}, live,
             "The same for tokens, input and output together: by estimate, and "
             "what was not used is given back. For who has waited for 5 s one "
             "account saves half of them; for a batch's line from lines only. "
             "0: no limit.",
             &account::tokens_per_minute),
      option(
          "admin", choice_form{admin_state::maintenance}, first_start,
          "ready: in use; drain: ends what it has begun; maintenance: not in "
          "use. Later `rota account NAME` says it.",
          &account::admin),
      option("tags", list_form{"a list such as [cheap]", tag}, live,
             "A job that names tags goes only to accounts that carry all of "
             "them.",
             &account::tags),
      option("headers", headers_form{}, live,
             "Sent with every request to this account, such as "
             "OpenAI-Organization.",
             &account::headers),
  };
}

rows all_rows() {
  rows result;
  for (auto& section : {identity_rows(), balance_rows(), reading_rows(),
                        limit_rows()})
    result.insert(result.end(), section.begin(), section.end());
  return result;
}

} // namespace

const std::vector<option_row<account_options>>& account_rows() {
  static const auto result = all_rows();
  return result;
}

} // namespace rota
