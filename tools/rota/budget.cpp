#include "tools/rota/budget.hpp"

#include "tools/rota/reply.hpp"

namespace rota::cli {

namespace {

/// A sentence for each model that is priced as another one.
std::string prefix_notes(const json& reply) {
  std::string result;
  for (const auto& [model, name] : field(reply, "price_by_prefix").items())
    result += "The price of " + printable(model) + " is taken from "
              + printable(name.get<std::string>())
              + ", for no more of the name is known: add it to the price table"
                " or to routing.price_aliases.\n";
  return result;
}

/// A sentence where prices are guessed, else nothing.
std::string price_note(const json& reply) {
  const auto& unknown = list(reply, "price_unknown");
  if (unknown.empty())
    return {};
  std::string models;
  for (const auto& model : unknown)
    models += (models.empty() ? "" : ", ")
              + printable(model.get<std::string>());
  return (unknown.size() == 1 ? "The price of " : "The prices of ") + models
         + (unknown.size() == 1 ? " is" : " are")
         + " not known, so the highest of all is taken: add "
         + (unknown.size() == 1 ? "it" : "them")
         + " to the price table (prices in the configuration) or to"
           " routing.price_aliases.\n";
}

} // namespace

std::string cost_text(const json& reply) {
  auto result = "at most " + usd(reply, "cost_max") + " at list price";
  if (text(reply, "charged_max") != text(reply, "cost_max"))
    result += ", " + usd(reply, "charged_max")
              + " at the dearest account that can serve it";
  return result;
}

cell pool_cell(const json& reply) {
  if (field(reply, "models").empty())
    return {}; // No line is sound: nobody is asked to serve any.
  const auto accounts = count(reply, "accounts");
  if (accounts == 0)
    return {"no account can serve this now", colour::red};
  const auto fits = flag(reply, "fits");
  return {usd(reply, "available") + " above the floors of "
            + counted(accounts, "account") + " that can serve this: "
            + (fits ? "enough" : "perhaps too little"),
          fits ? colour::green : colour::yellow};
}

std::string price_notes(const json& report) {
  return prefix_notes(report) + price_note(report);
}

} // namespace rota::cli
