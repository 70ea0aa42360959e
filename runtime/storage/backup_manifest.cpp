#include "runtime/storage/backup_manifest.hpp"

#include "runtime/storage/digest.hpp"

#include <sstream>

namespace rota {

namespace {

constexpr auto form = "rota-backup-1";

std::string digest_of(const std::string& text) {
  sha256 sum;
  sum.write(text);
  return sum.finish();
}

/// Whether a file belongs into a state directory, and nowhere else.
bool is_ours(const std::string& name) {
  constexpr std::string_view batches = "batches/";
  return name == "store.head"
         || (name.starts_with(batches) && name.size() > batches.size()
             && name.find('/', batches.size()) == std::string::npos
             && !name.ends_with(".."));
}

} // namespace

std::string manifest_path(const std::string& folder, uint32_t number) {
  return folder + "/backup-" + std::to_string(number) + ".manifest";
}

std::string text_of(const backup_manifest& x) {
  std::ostringstream out;
  out << form << ' ' << x.number << ' ' << x.made_at.millis << '\n'
      << "schema " << x.schema << " accounts " << x.accounts << " entries "
      << x.entries << " batches " << x.batches << " results " << x.results
      << " files " << x.files.size() << '\n';
  for (const auto& file : x.files)
    out << file.sha256 << ' ' << file.bytes << ' ' << file.name << '\n';
  const auto text = out.str();
  return text + "end " + digest_of(text) + '\n';
}

std::optional<backup_manifest> manifest_of(const std::string& text) {
  const auto end = text.rfind("end ");
  if (end == std::string::npos
      || text.substr(end) != "end " + digest_of(text.substr(0, end)) + '\n')
    return std::nullopt;
  std::istringstream in{text.substr(0, end)};
  backup_manifest x;
  std::string first, word;
  size_t files = 0;
  in >> first >> x.number >> x.made_at.millis >> word >> x.schema >> word
    >> x.accounts >> word >> x.entries >> word >> x.batches >> word >> x.results
    >> word >> files;
  if (first != form)
    return std::nullopt;
  for (backup_file file; files > 0 && in >> file.sha256 >> file.bytes; --files)
    if (in.get() == ' ' && std::getline(in, file.name) && is_ours(file.name))
      x.files.push_back(file);
    else
      return std::nullopt;
  if (!in || files > 0)
    return std::nullopt;
  return x;
}

} // namespace rota
