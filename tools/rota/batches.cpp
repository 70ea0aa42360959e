#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

std::vector<cell> batch_row(const json& x, int64_t now) {
  const auto text = [&x](const char* key) { return x.value(key, ""); };
  const auto label = text("name").empty() ? text("file_name") : text("name");
  return {
    {text("id")},
    state_cell(text("state")),
    number_cell(x["total"]),
    number_cell(x["succeeded"]),
    number_cell(x["failed"]),
    number_cell(x["in_flight"]),
    money_cell(x["spent"]),
    {relative(x["created_at"], now)},
    {label},
  };
}

void print_batches(const context& x, const json& list) {
  std::vector<std::vector<cell>> rows{
    {{"BATCH"}, {"STATE"}, {"LINES", colour::none, true},
     {"DONE", colour::none, true}, {"FAILED", colour::none, true},
     {"IN FLIGHT", colour::none, true}, {"SPENT", colour::none, true},
     {"SUBMITTED"}, {"NAME"}}};
  for (const auto& batch : list)
    rows.push_back(batch_row(batch, now_s()));
  fmt::print("{}", table(rows, x.colours()));
}

void print_batch(const context& x, const json& one) {
  print_batches(x, json::array({one}));
  if (const auto why = one.value("waiting_for", ""); !why.empty())
    fmt::print("{}\n", tinted("Lines wait: " + why + ".", colour::yellow,
                              x.colours()));
  if (one["eta_s"].is_number())
    fmt::print("{:.1f} lines/s, about {} left.\n",
               one["rate_per_s"].get<double>(),
               duration(one["eta_s"].get<double>()));
  const auto& doubts = one["in_doubt"];
  if (doubts.empty())
    return;
  fmt::print("In doubt, perhaps charged twice:\n");
  std::vector<std::vector<cell>> rows{
    {{"CALL"}, {"ACCOUNT"}, {"AMOUNT", colour::none, true}, {"SINCE"}}};
  for (const auto& doubt : doubts)
    rows.push_back({{doubt.value("hold", "")},
                    {doubt.value("account", "")},
                    money_cell(doubt["amount"]),
                    {relative(doubt["since"], now_s())}});
  fmt::print("{}", table(rows, x.colours()));
}

void add_verb(CLI::App& app, action& run, const std::string& verb,
              const std::string& does) {
  const auto id = std::make_shared<std::string>();
  auto* command = app.add_subcommand(verb, does);
  command->add_option("id", *id, "The batch, such as batch_3 or 3")
    ->required();
  command->footer("Example: rota " + verb + " batch_3");
  command->callback([&run, id, verb] {
    run = [id, verb](const context& x) {
      const auto reply
        = x.connect().post("/admin/v1/batches/" + *id + '/' + verb);
      if (x.as_json)
        print_json(reply);
      else
        fmt::print("{} is {}.\n", reply.value("id", ""),
                   reply.value("state", ""));
      return 0;
    };
  });
}

} // namespace

void add_batches(CLI::App& app, action& run) {
  auto* list = app.add_subcommand("batches", "Lists the batches");
  list->footer("Example: rota batches");
  list->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/batches");
      x.as_json ? print_json(reply) : print_batches(x, reply);
      return 0;
    };
  });

  const auto id = std::make_shared<std::string>();
  auto* one = app.add_subcommand("batch", "Shows one batch");
  one->add_option("id", *id, "The batch, such as batch_3 or 3")->required();
  one->footer("Example: rota batch batch_3");
  one->callback([&run, id] {
    run = [id](const context& x) {
      const auto reply = x.connect().get("/admin/v1/batches/" + *id);
      x.as_json ? print_json(reply) : print_batch(x, reply);
      return 0;
    };
  });

  add_verb(app, run, "pause", "Stops a batch from starting lines");
  add_verb(app, run, "resume", "Lets a paused batch go on");
  add_verb(app, run, "cancel",
           "Ends a batch; what is in flight ends first, results stay");
}

} // namespace rota::cli
