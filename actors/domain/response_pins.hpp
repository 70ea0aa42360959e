#pragma once

#include "messages/response_pin.hpp"

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rota {

/// Which account keeps which response of the Responses API. Remembers a bounded
/// number for a time; what was made first goes first. Pure.
class response_pins {
public:
  /// Takes what an earlier run remembered, in any order.
  /// @returns The ids that are to be forgotten: expired, or too many.
  std::vector<std::string> restore(std::vector<response_pin> all,
                                   milliseconds ttl, size_t pins_max,
                                   timestamp now);

  /// @returns The account that keeps a client's response; nothing where it is
  /// another client's, too.
  std::optional<account_id> find(std::string_view id, client_id client,
                                 timestamp now) const;

  /// An account has made a response. One that is known already stays with
  /// whom it is: no provider makes an id twice.
  /// @returns The ids that are forgotten for it.
  std::vector<std::string> bind(response_pin x, timestamp now);

  /// Whether a response would be remembered anew.
  bool is_new(std::string_view id) const {
    return !places_.contains(std::string{id});
  }

  void forget(std::string_view id);

  size_t size() const {
    return places_.size();
  }

private:
  std::vector<std::string> shrink(timestamp now);

  milliseconds ttl_{0};
  size_t pins_max_ = 0;
  std::list<response_pin> pins_; // The latest made first.
  std::unordered_map<std::string, std::list<response_pin>::iterator> places_;
};

} // namespace rota
