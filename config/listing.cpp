#include "config/listing.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <string_view>

namespace rota {

namespace {

constexpr std::string_view preface =
    R"(# rota.example.yaml: every option of rota at its default.
#
#   rotad --config rota.yaml                  runs the daemon
#   rotad --config rota.yaml --check-config   checks a file and exits
#
# Only `accounts` is required; whatever is left out has the value shown here.
# Durations are 500ms, 30s, 5m, 2h, 1d or plain seconds; sizes 64KiB, 8MiB,
# 1GiB or plain bytes; money is in USD, exact to nine places. Relative paths
# start from the directory that rotad was started in. Unknown and duplicate
# keys, anchors, aliases and files beyond 16 MiB are refused.
#
# What an option takes stands in brackets. `rota reload` applies a changed file
# at once, but for options marked "restart"; those marked "first start only"
# count when rota first sees the account.
)";

constexpr std::string_view first_account = R"(
# The accounts of the pool. The first shows what one usually says, the second
# every option there is. Secrets stand in the environment or in files, never
# here.
accounts:
  - name: relay-a
    provider: new_api
    base_url: http://127.0.0.1:9900
    api_key: env:RELAY_A_KEY
    balance: {probe: newapi_token, initial: 25.00}
    multiplier: 0.8
    models: [gpt-5-mini]
    tags: [cheap]

)";

constexpr std::string_view clients_head = R"(
# Who may use the API, by the tokens they show. Without clients the API is open
# to whoever reaches it, and listens on this machine's loopback only.
# `rota token` makes a token and the line to put here.
clients:
)";

/// The required values of the client and of the second account; the others are
/// defaults.
std::string example_of(const option_row<client_options>& row) {
  if (row.key == "name")
    return "alice";
  return "[sha256:" + std::string(64, '0') + "]";
}

std::string example_of(const option_row<options>& row) {
  return row.default_text();
}

std::string example_of(const option_row<account_options>& row) {
  const auto& key = row.key;
  if (key == "name")
    return "vendor-b";
  if (key == "provider")
    return "openai";
  if (key == "base_url")
    return "http://127.0.0.1:9900";
  return "env:VENDOR_B_KEY";
}

/// Writes `text` as comment lines of at most 80 columns.
void comment(std::string& out, const std::string& indent,
             std::string_view text) {
  std::string line = indent + "#";
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (line.size() + 1 + end > 80) {
      out += line + "\n";
      line = indent + "#";
    }
    line.append(" ").append(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += line + "\n";
}

template <class Root>
std::string annotation(const option_row<Root>& row) {
  auto result = row.why + " [" + brief(row.form);
  if (row.required)
    result += "; required";
  if (row.when == applies::restart)
    result += "; restart";
  if (row.when == applies::first_start)
    result += "; first start only";
  return result + "]";
}

/// Writes all rows, opening a section where a key has a new first part.
/// @param first Stands before the very first key: the dash of a list.
template <class Root>
void list(std::string& out, const std::vector<option_row<Root>>& rows,
          const std::string& margin, std::string first) {
  std::string section;
  for (const auto& row : rows) {
    const auto dot = row.key.find('.');
    const auto name =
        dot == std::string::npos ? std::string{} : row.key.substr(0, dot);
    if (!name.empty() && name != section)
      out += (margin.empty() ? "\n" : "") + margin + name + ":\n";
    section = name;
    const auto indent = margin + (name.empty() ? "" : "  ");
    const auto key = name.empty() ? row.key : row.key.substr(dot + 1);
    const auto value = row.required ? example_of(row) : row.default_text();
    comment(out, indent, annotation(row));
    if (!first.empty())
      out += first + key + ": " + value + "\n";
    else if (value.empty())
      out += indent + "# " + key + ": " + row.sample + "\n";
    else
      out += indent + key + ": " + value + "\n";
    first.clear();
  }
}

} // namespace

std::string example_listing() {
  std::string result{preface};
  result += "\n";
  list(result, option_rows(), {}, {});
  result += first_account;
  list(result, account_rows(), "    ", "  - ");
  result += clients_head;
  list(result, client_rows(), "    ", "  - ");
  return result;
}

} // namespace rota
