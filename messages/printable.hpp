#pragma once

#include <string>
#include <string_view>

namespace rota {

/// Every control character made a blank, so that a text stays in its line and
/// a terminal obeys nothing in it. The text is UTF-8.
std::string printable(std::string_view text);

/// Whether a text is printable ASCII alone: what every server takes as the
/// value of a header.
bool is_printable_ascii(std::string_view text);

} // namespace rota
