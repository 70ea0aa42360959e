#pragma once

#include "config/options.hpp"
#include "messages/ec.hpp"
#include "messages/surface.hpp"

#include <compare>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace rota {

/// What an account can be asked for.
struct account_offer {
  provider kind;
  std::vector<std::string> models;
  std::vector<std::string> tags;

  static account_offer of(const account_options& x) {
    return {x.kind, x.models, x.tags};
  }

  /// Whether it is configured for a model on a route and has all of these tags.
  bool serves(surface route, const std::string& model,
              const std::vector<std::string>& tags) const;

  auto operator<=>(const account_offer&) const = default;
};

/// What the accounts of a pool can be asked for, together. Immutable once it
/// is made: few accounts differ in it, however many there are, and requests
/// look at it without waiting for anybody.
class account_offers {
public:
  void add(const account_options& x) {
    all_.insert(account_offer::of(x));
  }

  /// Whether any account serves that.
  /// @returns ok, or no_such_tag if only the tags are at fault, or
  ///          no_such_model.
  ec serves(surface route, const std::string& model,
            const std::vector<std::string>& tags) const;

  /// @returns One sentence if a tag is no account's, else nothing.
  std::string tag_fault(const std::vector<std::string>& tags) const;

  /// The models that accounts with all of these tags serve on a route, sorted:
  /// those that they name; where one takes any, those of the price table that
  /// its provider makes; and of `asked` those that may be served.
  std::vector<std::string> models(surface route,
                                  const std::vector<std::string>& tags,
                                  std::span<const std::string> asked,
                                  std::span<const std::string> priced) const;

private:
  std::set<account_offer> all_;
};

} // namespace rota
