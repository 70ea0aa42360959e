#pragma once

#include <string>
#include <string_view>

namespace rota {

/// Every control character made a blank, so that a text stays in its line and
/// a terminal obeys nothing in it. The text is UTF-8.
std::string printable(std::string_view text);

} // namespace rota
