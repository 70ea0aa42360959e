#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// Which entry of a price table a model goes by. Pure.
class price_names {
public:
  /// Of entries that differ only in their spelling or in who sells them, the
  /// one that was added last stands for the others.
  void add(const std::string& name);

  /// What is an entry's name itself stays one; else the later alias counts.
  void add_alias(const std::string& alias, const std::string& name);

  struct match {
    std::string_view name;
    /// Only the beginning is known: perhaps another model.
    bool by_prefix = false;
  };

  /// Exact, then an alias, then with a dot for a hyphen between digits or the
  /// other way round; all this again without providers in front, without the
  /// date and without a relay's decorations behind. Then as an entry that
  /// itself has providers in front; then by the longest beginning that is
  /// known and ends where a word does.
  std::optional<match> find(std::string_view model) const;

private:
  using map = std::map<std::string, std::string, std::less<>>;

  const std::string* known(std::string_view name) const;
  const std::string* tail(std::string_view name) const;

  map exact_;
  map aliases_;
  map spelt_; // By the one spelling of all names and aliases.
  map tails_; // The same of what stands behind each slash of a name.
};

} // namespace rota
