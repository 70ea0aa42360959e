#include "runtime/api/client_list.hpp"

#include "config/secrets.hpp"
#include "config/url.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace rota {

namespace {

uint64_t key_of(const sha256_bytes& x) {
  uint64_t result = 0;
  std::memcpy(&result, x.data(), sizeof(result));
  return result;
}

/// @returns The digest that a line of clients[].tokens stands for; nothing,
/// and a fault, if its secret cannot be read.
std::optional<sha256_bytes> digest_of(const std::string& text,
                                      std::string& fault) {
  if (text.starts_with(hash_prefix))
    return sha256_from_hex(std::string_view{text}.substr(hash_prefix.size()));
  const auto found = resolve(token_ref(text));
  fault = found.fault;
  return found.value ? std::optional{sha256_of_text(found.value->reveal())}
                     : std::nullopt;
}

} // namespace

client_list::loaded
client_list::load(const options& all) {
  loaded result;
  auto list = std::make_shared<client_list>();
  for (const auto& x : all.accounts)
    list->dearest_ = std::max(list->dearest_, x.multiplier);
  for (const auto& x : all.clients) {
    const auto index = list->clients_.size();
    list->clients_.push_back({{}, x});
    for (const auto& token : x.tokens) {
      std::string fault;
      const auto digest = digest_of(token, fault);
      if (!digest) {
        result.faults.push_back("clients[" + x.name + "].tokens: " + fault);
        continue;
      }
      for (auto [i, end] = list->tokens_.equal_range(key_of(*digest)); i != end;
           ++i)
        if (same_digest(i->second.digest, *digest))
          result.faults.push_back(
            "clients[" + x.name + "].tokens: " + token + " is also a token of "
            + list->clients_[i->second.client].options.name
            + "; give each client its own.");
      list->tokens_.emplace(key_of(*digest), entry{*digest, index});
    }
  }
  if (result.faults.empty())
    result.list = std::move(list);
  return result;
}

const client_list::client*
client_list::find_any(const std::vector<std::string>& tokens) const {
  for (const auto& token : tokens)
    if (const auto* const found = find(token))
      return found;
  return nullptr;
}

const client_list::client* client_list::find(std::string_view token) const {
  if (token.empty())
    return nullptr;
  return owner_of(sha256_of_text(token));
}

const client_list::client*
client_list::owner_of(const sha256_bytes& digest) const {
  for (auto [i, end] = tokens_.equal_range(key_of(digest)); i != end; ++i)
    if (same_digest(i->second.digest, digest))
      return &clients_[i->second.client];
  return nullptr;
}

std::vector<std::string>
client_list::renewed_since(const client_list& before) const {
  std::set<std::string> result;
  for (const auto& [key, token] : tokens_) {
    const auto& mine = clients_[token.client].options;
    const auto then = std::find_if(
      before.clients_.begin(), before.clients_.end(), [&](const client& x) {
        return x.options.name == mine.name && x.options.tokens == mine.tokens;
      });
    if (then != before.clients_.end()
        && before.owner_of(token.digest) != &*then)
      result.insert(mine.name);
  }
  return {result.begin(), result.end()};
}

bool may_use(const client_list::client& x, const std::string& model) {
  const auto& names = x.options.models;
  return names.empty()
         || std::find(names.begin(), names.end(), model) != names.end();
}

std::vector<std::string> models_for(const api_route& x,
                                    const client_list::client& caller,
                                    const model_names& models) {
  auto asked = caller.options.models;
  if (x.what == api_call::show_model)
    asked.push_back(x.model);
  auto result = models(x.route, caller.options.tags, asked);
  std::erase_if(result,
                [&](const auto& model) { return !may_use(caller, model); });
  return result;
}

std::string fault_of_opening(const client_list& x, std::string_view address) {
  if (!x.is_open() || is_loopback(listen_host(address)))
    return {};
  return "clients: the API listens at " + std::string{address}
         + " until the next start and would be open to other machines; keep a"
           " client, or change listen and start rotad again.";
}

void warn_of_clients(const client_list& x, std::string_view address) {
  if (x.is_open())
    spdlog::warn("The API at {} is open: whoever reaches this machine's"
                 " loopback may spend the pool's money.",
                 address);
  else if (!is_loopback(listen_host(address)))
    spdlog::warn("The API at {} is not encrypted: who can listen on the way can"
                 " take the clients' tokens. Put TLS before it.",
                 address);
}

} // namespace rota
