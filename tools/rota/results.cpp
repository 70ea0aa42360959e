#include "tools/rota/results.hpp"

#include "tools/rota/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace rota::cli {

namespace {

[[noreturn]] void cannot_write(const std::string& file) {
  throw std::runtime_error{"The file " + file + " cannot be written: "
                           + std::strerror(errno) + "."};
}

} // namespace

uint64_t save_lines(client& from, const std::string& path,
                    const std::string& file) {
  uint64_t lines = 0;
  const auto to_stdout = file == "-";
  const auto part = file + ".part";
  auto* out = to_stdout ? stdout : std::fopen(part.c_str(), "wbe");
  if (out == nullptr)
    cannot_write(part);
  auto good = true;
  try {
    from.download(path, [&](std::string_view piece) {
      lines += static_cast<uint64_t>(
        std::count(piece.begin(), piece.end(), '\n'));
      good = good
             && std::fwrite(piece.data(), 1, piece.size(), out) == piece.size();
    });
  } catch (...) {
    if (!to_stdout) {
      std::fclose(out);
      unlink(part.c_str());
    }
    throw;
  }
  if (to_stdout) {
    std::fflush(out);
    return lines;
  }
  good = std::fclose(out) == 0 && good;
  if (!good || std::rename(part.c_str(), file.c_str()) != 0)
    cannot_write(file);
  return lines;
}

void add_results(CLI::App& app, action& run) {
  struct chosen {
    std::string id, out = "-", errors;
  };
  const auto it = std::make_shared<chosen>();
  auto* command = app.add_subcommand("results", "Writes a batch's results");
  command->add_option("id", it->id, "The batch, such as batch_3 or 3")
    ->required();
  command
    ->add_option("-o,--output", it->out, "The output file; - is stdout")
    ->capture_default_str();
  command->add_option("--errors", it->errors,
                      "The error file: lines that failed");
  command->footer("Example: rota results batch_3 -o out.jsonl --errors"
                  " failed.jsonl");
  command->callback([&run, it] {
    run = [it](const context& x) {
      auto rotad = x.connect();
      const auto path = "/admin/v1/batches/" + it->id;
      const auto batch = rotad.get(path);
      const auto good = save_lines(rotad, path + "/results", it->out);
      uint64_t bad = 0;
      if (!it->errors.empty())
        bad = save_lines(rotad, path + "/errors", it->errors);
      if (it->out == "-")
        return 0;
      if (x.as_json) {
        print_json({{"id", batch["id"]},
                    {"state", batch["state"]},
                    {"results", good},
                    {"errors", batch["failed"]}});
        return 0;
      }
      fmt::print("{} lines in {}.\n", good, it->out);
      if (!it->errors.empty())
        fmt::print("{} lines in {}.\n", bad, it->errors);
      else if (batch["failed"].get<uint64_t>() > 0
               && batch["format"] != "anthropic"
               && batch["format"] != "gemini")
        fmt::print("{} lines failed; write them with `rota results {} -o {}"
                   " --errors FILE`.\n",
                   batch["failed"].dump(), it->id, it->out);
      return 0;
    };
  });
}

} // namespace rota::cli
