#pragma once

#include "actors/domain/api_route.hpp"
#include "config/options.hpp"
#include "messages/ids.hpp"
#include "runtime/storage/digest.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rota {

/// The clients of the API and the SHA-256 of their tokens. A token itself is
/// kept nowhere.
class client_list {
public:
  struct client {
    client_id id;
    client_options options;
  };

  struct loaded {
    std::shared_ptr<client_list> list;
    /// One sentence each; `list` is null if there are any.
    std::vector<std::string> faults;
  };

  /// Reads the tokens that options refer to.
  static loaded load(const options& x);

  /// Their numbers are given by whoever has the store.
  std::vector<client>& clients() {
    return clients_;
  }

  /// Without clients, whoever reaches the API may use it.
  bool is_open() const {
    return clients_.empty();
  }

  /// What an account pays at most in relation to the list price.
  factor dearest() const {
    return dearest_;
  }

  /// @returns The client whose token this is, or null. Takes one hash, and a
  /// time that does not tell how much of it was right.
  const client* find(std::string_view token) const;

  /// @returns The client of the first of these that is known, or null.
  const client* find_any(const std::vector<std::string>& tokens) const;

  /// @returns The names of clients whose tokens stand where they did before,
  /// but are others.
  std::vector<std::string> renewed_since(const client_list& before) const;

private:
  struct entry {
    sha256_bytes digest;
    size_t client;
  };

  const client* owner_of(const sha256_bytes& digest) const;

  /// By the first bytes of their digest, which nobody can choose.
  std::unordered_multimap<uint64_t, entry> tokens_;
  std::vector<client> clients_;
  factor dearest_;
};

bool may_use(const client_list::client& x, const std::string& model);

/// Names of the models that accounts with all of these tags serve on a route,
/// sorted, and of those that are asked for which may be served.
using model_names = std::function<std::vector<std::string>(
  surface, const std::vector<std::string>& tags,
  std::span<const std::string> asked)>;

/// The models that a client sees on the route of its protocol.
std::vector<std::string> models_for(const api_route& x,
                                    const client_list::client& caller,
                                    const model_names& models);

/// @returns Why a listener at this address must not serve these clients: with
/// none it would be open to other machines. One sentence, or nothing.
std::string fault_of_opening(const client_list& x, std::string_view address);

/// Says aloud at a start who may spend the pool's money, where that is worth a
/// warning.
void warn_of_clients(const client_list& x, std::string_view address);

} // namespace rota
