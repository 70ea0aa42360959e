#include "tools/rota/results.hpp"

#include "tools/rota/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <unistd.h>

namespace rota::cli {

whole_file::whole_file(const std::string& name) : name_{name} {
  if (name == "-") {
    out_ = stdout;
    return;
  }
  std::error_code err;
  const auto kind = std::filesystem::status(name, err).type();
  if (kind == std::filesystem::file_type::directory)
    throw std::runtime_error{"The file " + name
                             + " cannot be written: it is a directory; name a"
                               " file."};
  if (kind == std::filesystem::file_type::regular) {
    // A link to it stays: what it leads to is replaced.
    name_ = std::filesystem::canonical(name).string();
    part_ = name_ + ".part";
  } else if (kind == std::filesystem::file_type::not_found) {
    part_ = name_ + ".part";
  }
  out_ = std::fopen(part_.empty() ? name_.c_str() : part_.c_str(), "wbe");
  if (out_ == nullptr)
    fail();
}

whole_file::~whole_file() {
  if (out_ == nullptr || out_ == stdout)
    return;
  std::fclose(out_);
  if (!part_.empty())
    unlink(part_.c_str());
}

void whole_file::write(std::string_view piece) {
  if (std::fwrite(piece.data(), 1, piece.size(), out_) != piece.size())
    fail();
}

void whole_file::finish() {
  auto* out = std::exchange(out_, nullptr);
  const auto good = out == stdout ? std::fflush(out) == 0
                                  : std::fclose(out) == 0;
  if (good && (part_.empty()
               || std::rename(part_.c_str(), name_.c_str()) == 0))
    return;
  const auto why = errno;
  if (!part_.empty())
    unlink(part_.c_str());
  errno = why;
  fail();
}

void whole_file::fail() const {
  throw std::runtime_error{
    (name_ == "-" ? "Standard output" : "The file " + name_)
    + " cannot be written: " + std::strerror(errno)
    + "; the results stay in rotad, so it can be done again."};
}

uint64_t save_lines(client& from, const std::string& path,
                    const std::string& file) {
  uint64_t lines = 0;
  whole_file out{file};
  from.download(path, [&](std::string_view piece) {
    lines += static_cast<uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    out.write(piece);
  });
  out.finish();
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
