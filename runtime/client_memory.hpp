#pragma once

#include "actors/setup.hpp"
#include "runtime/api/client_list.hpp"
#include "runtime/storage/store.hpp"

namespace rota {

/// What is known of all clients there ever were; those that are configured are
/// given their numbers in `list`.
/// @throws std::runtime_error if the store fails.
clients_setup_ptr recall_clients(store& disk, client_list& list);

} // namespace rota
