#include "tools/rota/budget.hpp"
#include "tools/rota/commands.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

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
  fmt::print("{}", price_notes(reply));
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
