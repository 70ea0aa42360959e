#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

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

void print_estimate(const context& x, const json& reply,
                    const std::string& file) {
  print_faults(reply, file);
  const auto& tokens = field(reply, "tokens");
  const auto faults = count(reply, "fault_count");
  std::string models;
  for (const auto& [model, lines] : field(reply, "models").items())
    models += fmt::format("{}{} ({})", models.empty() ? "" : ", ",
                          printable(model), lines.dump());
  fmt::print("{}",
             details({{"file", {file}},
                      {"format", {text(reply, "format")}},
                      {"lines", {std::to_string(count(reply, "lines"))}},
                      {"faults",
                       {faults > 0 ? std::to_string(faults) : "",
                        colour::red}},
                      {"models", {models}},
                      {"tokens",
                       {fmt::format("about {} in, at most {} out",
                                    count(tokens, "input"),
                                    count(tokens, "output_max"))}},
                      {"cost", {cost_text(reply)}},
                      {"pool", pool_cell(reply)}},
                     x.colours()));
  fmt::print("{}{}", prefix_notes(reply), price_note(reply));
}

} // namespace

void add_estimate(CLI::App& app, action& run) {
  struct chosen {
    std::string file, model;
    std::vector<std::string> tags;
  };
  const auto it = std::make_shared<chosen>();
  auto* c = app.add_subcommand(
    "estimate", "Checks and prices a batch file; runs nothing, spends nothing");
  c->add_option("file", it->file, "The file; - is stdin")->required();
  c->add_option("--model", it->model,
                "The model of lines that name none (Gemini)")
    ->check(not_empty());
  add_tags(*c, it->tags);
  c->footer("Example: rota estimate jobs.jsonl");
  c->callback([&run, it] {
    run = [it](const context& x) {
      const auto reply = x.connect().post_file(
        "/admin/v1/estimate",
        {{"model", it->model}, {"tags", joined(it->tags)}}, it->file);
      x.as_json ? print_json(reply)
                : print_estimate(x, reply,
                                 it->file == "-" ? "stdin" : it->file);
      return count(reply, "fault_count") == 0 ? 0 : 1;
    };
  });
}

} // namespace rota::cli
