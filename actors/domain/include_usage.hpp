#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// The body of a chat request that makes its stream say what it used: with
/// stream_options put in front, every other byte as it was.
/// @returns Nothing where the body is no object with members.
std::optional<std::string> ask_for_usage(std::string_view body);

/// Whether an answer refuses a request because of that: some sites know no
/// stream_options.
bool refuses_asking(int status, std::string_view body);

} // namespace rota
