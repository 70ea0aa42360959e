#pragma once

#include "runtime/storage/backup.hpp"

#include <optional>
#include <string>

namespace rota {

std::string manifest_path(const std::string& folder, uint32_t number);

/// The text of a manifest; lines of words, the last one the digest of those
/// before it.
std::string text_of(const backup_manifest& x);

/// @returns Nothing if the text is damaged or of a newer form.
std::optional<backup_manifest> manifest_of(const std::string& text);

} // namespace rota
