#include "tools/sim/load.hpp"

#include "tools/sim/load_script.hpp"
#include "tools/sim/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace rota::sim {

namespace {

// 10^12 units of each kind are far beyond what anybody simulates, and keep the
// arithmetic below 2^127.
constexpr int64_t huge = 1'000'000'000'000;
constexpr int64_t one = 1'000'000;

const std::vector<std::pair<std::string, money_display>> displays{
    {"usd", money_display::usd},
    {"cny", money_display::cny},
    {"tokens", money_display::tokens},
};

const std::vector<std::pair<std::string, error_style>> styles{
    {"openai", error_style::openai},
    {"new_api", error_style::new_api},
    {"anthropic", error_style::anthropic},
    {"gemini", error_style::gemini},
};

/// Calls `f` with a reader of the map that a key holds.
template <class F>
void with_map(map_reader& in, const std::string& key, F f) {
  const auto node = in.child(key);
  if (!node)
    return;
  if (!node->IsMap())
    return in.complain(key, "must be a map");
  map_reader inner{*node, in.path() + key + ".", in.out()};
  f(inner);
  inner.finish();
}

void read_delay(map_reader& in, const std::string& key, delay_options& x) {
  const auto node = in.child(key);
  if (!node)
    return;
  if (node->IsScalar()) { // The short form of a fixed delay.
    in.duration(key, x.low);
    x.is = distribution::fixed;
    return;
  }
  with_map(in, key, [&x](map_reader& inner) {
    inner.require("distribution", "none, fixed, uniform or lognormal");
    inner.word<distribution>("distribution",
                             {{"none", distribution::none},
                              {"fixed", distribution::fixed},
                              {"uniform", distribution::uniform},
                              {"lognormal", distribution::lognormal}},
                             x.is);
    switch (x.is) {
      case distribution::fixed:
        inner.require("value", "a duration such as 20ms");
        inner.duration("value", x.low);
        break;
      case distribution::uniform:
        inner.require("min", "the least, such as 10ms");
        inner.require("max", "the most, such as 50ms");
        inner.duration("min", x.low);
        inner.duration("max", x.high);
        if (x.high < x.low)
          inner.complain("max", "must not be less than `min`");
        break;
      case distribution::lognormal: {
        inner.require("median", "a duration such as 400ms");
        inner.duration("median", x.low);
        int64_t sigma = one / 2;
        inner.decimal("sigma", 6, 0, 3 * one, sigma, "0.5");
        x.sigma = static_cast<double>(sigma) / one;
        inner.duration("max", x.high);
        break;
      }
      default:
        break;
    }
  });
}

void read_latency(map_reader& in, latency_options& x) {
  with_map(in, "latency", [&x](map_reader& inner) {
    read_delay(inner, "first_byte", x.first_byte);
    read_delay(inner, "per_chunk", x.per_chunk);
  });
}

/// Reads N or {min: A, max: B}, in whole numbers or with `places`.
void read_range(map_reader& in, const std::string& key, int places,
                int64_t most, range& x) {
  const auto node = in.child(key);
  if (!node)
    return;
  const auto read = [&](map_reader& from, const std::string& name,
                        int64_t& out) {
    if (places == 0)
      from.integer(name, 0, most, out);
    else
      from.decimal(name, places, 0, most, out, "0.25");
  };
  if (!node->IsMap()) {
    read(in, key, x.min);
    x.max = x.min;
    return;
  }
  with_map(in, key, [&](map_reader& inner) {
    inner.require("min", "the least");
    inner.require("max", "the most");
    read(inner, "min", x.min);
    read(inner, "max", x.max);
    if (x.max < x.min)
      inner.complain("max", "must not be less than `min`");
  });
}

void read_replies(map_reader& in, reply_options& x) {
  with_map(in, "replies", [&x](map_reader& inner) {
    const auto length = inner.child("output_tokens");
    x.echo = length && length->IsScalar() && length->Scalar() == "echo";
    if (!x.echo)
      read_range(inner, "output_tokens", 0, 1'000'000, x.output_tokens);
    inner.integer("text_bytes", 0, 16 * one, x.text_bytes);
    read_range(inner, "cached_share", 6, one, x.cached_share);
    read_range(inner, "cache_write_share", 6, one, x.cache_write_share);
    read_range(inner, "cache_write_1h_share", 6, one, x.cache_write_1h_share);
    read_range(inner, "reasoning_share", 6, one, x.reasoning_share);
    inner.integer("chunks", 1, 100'000, x.chunks);
    inner.integer("embedding_dimensions", 1, 10'000, x.embedding_dimensions);
  });
}

void read_prices(map_reader& in, price_map& out) {
  const auto node = in.child("prices");
  if (!node)
    return;
  if (!node->IsMap())
    return in.complain("prices",
                       "must map models to {input: ..., output: ...}");
  for (const auto& entry : *node) {
    const auto model = entry.first.Scalar();
    const auto where = in.path() + "prices." + model;
    if (!entry.second.IsMap()) {
      in.out().push_back({line_of(entry.first), where,
                          "must be a map such as {input: 0.25, output: 2}"});
      continue;
    }
    if (out.contains(model))
      in.out().push_back(
          {line_of(entry.first), where, "stands here twice; remove one"});
    map_reader inner{entry.second, where + ".", in.out()};
    const auto read = [&inner](const std::string& key, int64_t& price) {
      inner.decimal(key, 6, 0, huge, price, "0.25");
    };
    prices x;
    inner.require("input", "USD for a million tokens");
    read("input", x.input);
    read("output", x.output);
    x.cache_read = x.cache_write_5m = x.input;
    read("cache_read", x.cache_read);
    read("cache_write_5m", x.cache_write_5m);
    x.cache_write_1h = x.cache_write_5m;
    read("cache_write_1h", x.cache_write_1h);
    x.media_input = x.input;
    x.media_output = x.output;
    read("media_input", x.media_input);
    read("media_output", x.media_output);
    for (const auto& [key, price] :
         {std::pair{"image", &x.image}, std::pair{"character", &x.character},
          std::pair{"second", &x.second}, std::pair{"search", &x.search}})
      inner.decimal(key, 12, 0, huge, *price, "0.000015");
    inner.finish();
    out[model] = x;
  }
}

void read_account(map_reader& in, error_style usual, account_options& x) {
  in.text("name", x.name);
  in.require("key", "the API key that its callers send");
  in.text("key", x.key);
  in.require("balance", "its true balance in USD, such as 25.00");
  in.decimal("balance", 9, -huge * 1'000, huge * 1'000, x.balance, "25.00");
  in.decimal("multiplier", 6, 0, 1'000 * one, x.multiplier_ppm, "0.8");
  in.texts("models", x.models);
  read_prices(in, x.prices);
  in.integer("user_id", 1, huge, x.user_id);
  in.text("access_token", x.access_token);
  in.text("group", x.group);
  in.duration("posting_lag", x.posting_lag);
  in.word<bool>("overdraft", {{"refuse", false}, {"allow", true}},
                x.may_overdraw);
  in.decimal("quantum", 9, 1, nanos_per_usd, x.quantum, "0.000002");
  x.style = usual;
  in.word("style", styles, x.style);
  if (in.child("latency")) {
    x.latency.emplace();
    read_latency(in, *x.latency);
  }
  in.finish();
}

void read_accounts(map_reader& in, options& x) {
  const auto node = in.child("accounts");
  if (!node || !node->IsSequence() || node->size() == 0)
    return in.complain("accounts",
                       "must be a list of {key: ..., balance: ...}");
  std::set<std::string> keys;
  std::set<std::string> names;
  for (size_t i = 0; i < node->size(); ++i) {
    const auto where = "accounts[" + std::to_string(i) + "]";
    const auto& item = (*node)[i];
    if (!item.IsMap()) {
      in.out().push_back({line_of(item), where, "must be a map"});
      continue;
    }
    map_reader inner{item, where + ".", in.out()};
    account_options account;
    account.name = "account-" + std::to_string(i + 1);
    read_account(inner, x.style, account);
    if (!account.key.empty() && !keys.insert(account.key).second)
      inner.complain("key", "another account has it; keys must differ");
    if (!names.insert(account.name).second)
      inner.complain("name", "another account has it; names must differ");
    if (account.access_token.empty() != (account.user_id == 0))
      inner.complain("access_token",
                     "goes with `user_id`; give both or neither");
    x.accounts.push_back(std::move(account));
  }
}

void read_site(map_reader& in, site_options& x) {
  with_map(in, "site", [&x](map_reader& inner) {
    inner.integer("quota_per_unit", 1, 1'000'000'000, x.quota_per_unit);
    inner.word("display", displays, x.display);
    inner.decimal("usd_exchange_rate", 6, 1, 1'000'000'000,
                  x.usd_exchange_rate_ppm, "7.3");
  });
}

void read_limits(map_reader& in, options& x) {
  const auto read = [&in](const std::string& key, int64_t most, size_t& out) {
    auto value = static_cast<int64_t>(out);
    in.integer(key, 1, most, value);
    out = static_cast<size_t>(value);
  };
  read("calls_kept", 100'000'000, x.calls_kept);
  read("executions_kept", 1'000'000'000, x.executions_kept);
  int64_t requests = 0;
  in.integer("requests_kept", 0, 10'000, requests);
  x.requests_kept = static_cast<size_t>(requests);
  read("body_bytes_max", int64_t{1} << 32, x.body_bytes_max);
}

void read_options(const YAML::Node& root, options& x, faults& out) {
  if (!root.IsMap()) {
    out.push_back({1, "file", "must be a map with `accounts` and `prices`"});
    return;
  }
  map_reader in{root, "", out};
  in.text("listen", x.listen);
  int64_t seed = 1;
  in.integer("seed", 0, std::numeric_limits<int64_t>::max(), seed);
  x.seed = static_cast<uint64_t>(seed);
  in.word("style", styles, x.style);
  read_latency(in, x.latency);
  read_replies(in, x.replies);
  read_site(in, x.site);
  in.require("prices", "the price of each model, or of `default`");
  read_prices(in, x.prices);
  read_limits(in, x);
  read_accounts(in, x);
  if (const auto list = in.child("script"))
    read_script(*list, x, out, x.script);
  in.finish();
}

std::vector<std::string> spelt(faults xs, const std::string& name) {
  std::stable_sort(xs.begin(), xs.end(), [](const fault& x, const fault& y) {
    return x.line < y.line;
  });
  std::vector<std::string> result;
  for (const auto& x : xs)
    result.push_back(name + ":" + std::to_string(x.line) + ": " + x.key + ": "
                     + x.text);
  return result;
}

/// Calls `f` with the document; a syntax error is a fault.
template <class F>
void with_document(const std::string& yaml, faults& out, F f) {
  try {
    f(YAML::Load(yaml));
  } catch (const YAML::Exception& e) {
    out.push_back(
        {std::max(e.mark.line, 0) + 1, "syntax", e.msg + "; this is no YAML"});
  }
}

} // namespace

load_result load_options(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::error_code ec;
  if (!in || std::filesystem::is_directory(path, ec))
    return {{}, {path + ":1: file: cannot be read; give an existing file"}};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto parent = std::filesystem::path{path}.parent_path().string();
  return parse_options(text, path, parent.empty() ? "." : parent);
}

load_result parse_options(const std::string& yaml, const std::string& name,
                          const std::string& directory) {
  load_result result;
  result.opts.directory = directory;
  faults xs;
  with_document(yaml, xs, [&](const YAML::Node& root) {
    read_options(root, result.opts, xs);
  });
  result.faults = spelt(std::move(xs), name);
  return result;
}

script_result parse_script(const std::string& yaml, const options& known) {
  script_result result;
  faults xs;
  with_document(yaml, xs, [&](const YAML::Node& root) {
    if (!root.IsMap())
      return read_script(root, known, xs, result.rules);
    map_reader in{root, "", xs};
    in.require("script", "a list of rules");
    if (const auto list = in.child("script"))
      read_script(*list, known, xs, result.rules);
    in.finish();
  });
  result.faults = spelt(std::move(xs), "script");
  return result;
}

} // namespace rota::sim
