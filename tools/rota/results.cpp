#include "tools/rota/results.hpp"

#include "tools/rota/commands.hpp"
#include "tools/rota/print.hpp"
#include "tools/rota/progress.hpp"
#include "tools/rota/reply.hpp"

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
  // Results may be private: a file that is replaced stays as readable as it
  // was.
  if (!part_.empty() && kind == std::filesystem::file_type::regular)
    std::filesystem::permissions(
      part_, std::filesystem::status(name_, err).permissions(), err);
}

bool same_file(const std::string& x, const std::string& y) {
  namespace fs = std::filesystem;
  std::error_code err;
  const auto place = [&err](const std::string& file) {
    return fs::weakly_canonical(fs::absolute(file, err), err);
  };
  return x == y || fs::equivalent(x, y, err) || place(x) == place(y);
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
    lines += static_cast<uint64_t>(
      std::count(piece.begin(), piece.end(), '\n'));
    out.write(piece);
  });
  out.finish();
  return lines;
}

std::string about_failures(const json& batch, const std::string& errors) {
  const auto failed = count(batch, "failed");
  if (failed == 0)
    return {};
  const auto said = counted(failed, "line") + " failed";
  const auto format = text(batch, "format");
  if (format == "anthropic" || format == "gemini")
    return said + "; the results say why, line by line.\n";
  if (!errors.empty())
    return said + ": " + errors + '\n';
  return said + ": rota results " + text(batch, "id") + " --errors FILE\n";
}

namespace {

struct chosen {
  std::string id, out, errors;
};

void print_written(const json& batch, const chosen& what, uint64_t good,
                   uint64_t bad) {
  std::string said;
  if (!what.out.empty() && what.out != "-")
    said += fmt::format("{}: {}\n", counted(good, "result"), what.out);
  if (!what.errors.empty() && what.errors != "-")
    said += fmt::format("{}: {}\n", counted(bad, "error"), what.errors);
  if (!has_ended(batch))
    said += fmt::format("{} is {}: these are the lines that have ended so"
                        " far.\n",
                        text(batch, "id"), text(batch, "state"));
  if (what.errors.empty())
    said += about_failures(batch, {});
  // Standard output belongs to the results where they go there.
  const auto to_stdout = what.out == "-" || what.errors == "-";
  fmt::print(to_stdout ? stderr : stdout, "{}", said);
}

int results(const context& x, chosen what) {
  if (what.out.empty() && what.errors.empty())
    what.out = "-";
  auto rotad = x.connect();
  const auto path = "/admin/v1/batches/" + what.id;
  const auto batch = rotad.get(path);
  uint64_t good = 0;
  uint64_t bad = 0;
  if (!what.out.empty())
    good = save_lines(rotad, path + "/results", what.out);
  if (!what.errors.empty())
    bad = save_lines(rotad, path + "/errors", what.errors);
  if (x.as_json && what.out != "-" && what.errors != "-") {
    json said{{"id", text(batch, "id")},
              {"state", text(batch, "state")},
              {"failed", count(batch, "failed")}};
    if (!what.out.empty())
      said["results"] = {{"file", what.out}, {"lines", good}};
    if (!what.errors.empty())
      said["errors"] = {{"file", what.errors}, {"lines", bad}};
    print_json(said);
  } else {
    print_written(batch, what, good, bad);
  }
  return 0;
}

} // namespace

void add_results(CLI::App& app, action& run) {
  const auto it = std::make_shared<chosen>();
  auto* c = app.add_subcommand(
    "results", "Writes a batch's results: whole, or not at all");
  add_batch_id(*c, it->id);
  c->add_option("-o,--output", it->out,
                "The output file; - is stdout, which is the default without"
                " --errors");
  c->add_option("--errors", it->errors,
                "The error file: lines that failed; - is stdout");
  c->footer("Example: rota results batch_3 -o out.jsonl --errors"
            " failed.jsonl");
  c->callback([&run, it] {
    if (!it->out.empty() && !it->errors.empty()
        && same_file(it->out, it->errors))
      throw CLI::ValidationError{"-o and --errors name the same file"};
    run = [it](const context& x) { return results(x, *it); };
  });
}

} // namespace rota::cli
