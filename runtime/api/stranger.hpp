#pragma once

#include "runtime/api/client_list.hpp"
#include "runtime/http/listener.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// What a request is answered with that shows no client's token, in the shape
/// of its protocol; nothing where it shows one, or needs none. Takes its head
/// alone.
/// @param next_name Names the request if its client has not.
std::optional<http_answer>
refuse_stranger(const client_list& clients, std::string_view method,
                std::string_view target, const header_list& headers,
                const std::function<std::string()>& next_name);

} // namespace rota
