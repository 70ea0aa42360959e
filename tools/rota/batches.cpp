#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

#include <memory>

namespace rota::cli {

namespace {

/// What people call a batch: its name, else its file's.
std::string batch_label(const json& x) {
  const auto name = text(x, "name");
  return name.empty() ? text(x, "file_name") : name;
}

std::string batch_table(const json& batches, bool colours) {
  std::vector<table_row> rows{
    {{"BATCH"}, {"STATE"}, right_head("LINES"), right_head("DONE"),
     right_head("FAILED"), right_head("IN FLIGHT"), right_head("SPENT"),
     {"SUBMITTED"}, {"NAME"}}};
  for (const auto& x : batches)
    rows.push_back({{text(x, "id")},
                    state_cell(text(x, "state")),
                    number_cell(x, "total"),
                    number_cell(x, "succeeded"),
                    number_cell(x, "failed"),
                    number_cell(x, "in_flight"),
                    money_cell(x, "spent"),
                    {relative(x.value("created_at", json{}), now_s())},
                    {batch_label(x)}});
  auto result = table(rows, colours);
  for (const auto& x : batches)
    if (const auto why = text(x, "waiting_for"); !why.empty())
      result += tinted(text(x, "id") + " waits: " + why, colour::yellow,
                       colours)
                + '\n';
  return result;
}

void add_verb(CLI::App& app, action& run, const std::string& verb,
              const std::string& does) {
  const auto id = std::make_shared<std::string>();
  auto* c = app.add_subcommand(verb, does);
  add_batch_id(*c, *id);
  c->footer("Example: rota " + verb + " batch_3");
  c->callback([&run, id, verb] {
    run = [id, verb](const context& x) {
      const auto reply
        = x.connect().post("/admin/v1/batches/" + *id + '/' + verb);
      if (x.as_json)
        print_json(reply);
      else
        fmt::print("{} is {}.\n", text(reply, "id"), text(reply, "state"));
      return 0;
    };
  });
}

} // namespace

void add_batches(CLI::App& app, action& run) {
  auto* c = app.add_subcommand("batches", "Lists the batches");
  c->footer("Example: rota batches");
  c->callback([&run] {
    run = [](const context& x) {
      const auto reply = x.connect().get("/admin/v1/batches");
      if (x.as_json)
        print_json(reply);
      else if (reply.empty())
        fmt::print("There are no batches. Hand one in: rota submit FILE\n");
      else
        fmt::print("{}", batch_table(reply, x.colours()));
      return 0;
    };
  });
  add_verb(app, run, "pause", "Holds back what waits; calls under way end");
  add_verb(app, run, "resume", "Lets a paused batch go on");
  add_verb(app, run, "cancel",
           "Ends a batch; what is in flight ends first, results stay");
}

} // namespace rota::cli
