// The house rules that a program can check: who may include whom, how long
// files are, and which words do not belong into the tree.

#include "tests/support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path root = ROTA_SOURCE_DIR;

struct source {
  std::string path; // From the root.
  std::vector<std::string> lines;
};

std::vector<source> sources() {
  std::vector<source> result;
  for (const auto* room : {"messages", "config", "actors", "runtime", "tools",
                           "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator{root / room}) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp")
        continue;
      source x;
      x.path = fs::relative(entry.path(), root).string();
      std::ifstream in{entry.path()};
      for (std::string line; std::getline(in, line);)
        x.lines.push_back(line);
      result.push_back(std::move(x));
    }
  }
  return result;
}

/// The rooms in the order of the arrows: a room sees those before it.
int rank_of(const std::string& path) {
  static const std::vector<std::string> order{
    "messages/", "config/", "actors/domain/", "actors/", "runtime/", "tools/",
    "tests/",
  };
  int best = -1;
  size_t longest = 0;
  for (size_t i = 0; i < order.size(); ++i)
    if (path.starts_with(order[i]) && order[i].size() > longest) {
      best = static_cast<int>(i);
      longest = order[i].size();
    }
  return best;
}

std::string included(const std::string& line) {
  static const std::regex pattern{R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])"};
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str()
                                                 : std::string{};
}

bool starts_with_any(const std::string& x,
                     const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&x](const auto& y) { return x.starts_with(y); });
}

/// The protocol part of messages; the rest is values and sees no CAF.
const std::set<std::string> protocol{
  "messages/actors.hpp", "messages/envelopes.hpp", "messages/error.hpp",
  "messages/type_ids.hpp",
};

} // namespace

TEST_CASE("includes follow the arrows", "[tidy]") {
  std::vector<std::string> faults;
  for (const auto& file : sources()) {
    const auto mine = rank_of(file.path);
    for (const auto& line : file.lines) {
      const auto target = included(line);
      const auto theirs = rank_of(target);
      if (theirs > mine)
        faults.push_back(file.path + " includes " + target);
      // tools look through the admin API, and into storage when offline.
      if (mine == rank_of("tools/") && theirs >= rank_of("actors/domain/")
          && theirs < mine && !target.starts_with("runtime/storage/"))
        faults.push_back(file.path + " includes " + target);
      const auto values = mine == rank_of("messages/")
                          && !protocol.contains(file.path);
      if ((values || mine == rank_of("config/")
           || mine == rank_of("actors/domain/"))
          && (target.starts_with("caf/") || protocol.contains(target)))
        faults.push_back(file.path + " sees CAF by " + target);
    }
  }
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("rooms keep to their libraries", "[tidy]") {
  // Prefixes of external headers, and the only rooms that may see them.
  const std::map<std::string, std::vector<std::string>> allowed{
    {"curl/", {"runtime/upstream/", "runtime/notify/", "tools/", "tests/"}},
    {"rocksdb/", {"runtime/storage/", "tests/"}},
    {"yaml-cpp/", {"config/", "tools/", "tests/"}},
    {"boost/", {"runtime/", "tools/sim/", "tests/",
                // Numbers and containers without I/O.
                "actors/domain/"}},
    {"spdlog/", {"runtime/", "tools/", "tests/"}},
    {"openssl/", {"runtime/", "tools/", "tests/"}},
  };
  std::vector<std::string> faults;
  for (const auto& file : sources())
    for (const auto& line : file.lines) {
      const auto target = included(line);
      for (const auto& [prefix, rooms] : allowed)
        if (target.starts_with(prefix) && !starts_with_any(file.path, rooms))
          faults.push_back(file.path + " includes " + target);
    }
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("rules read no clock and start no thread", "[tidy]") {
  const std::regex forbidden{
    R"(\b(system_clock|steady_clock|std::thread|std::mutex|std::random_device|fopen|std::i?o?fstream|getenv)\b)"};
  std::vector<std::string> faults;
  for (const auto& file : sources()) {
    if (!file.path.starts_with("actors/"))
      continue;
    for (const auto& line : file.lines)
      if (std::regex_search(line, forbidden))
        faults.push_back(file.path + ": " + line);
  }
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("files are short enough to be read", "[tidy]") {
  // Each of these reads better whole, or has yet to be taken apart.
  const std::set<std::string> longer{
    "actors/account.hpp",
    "actors/batch.hpp",
    "actors/dispatcher.hpp",
    "actors/domain/answer.cpp",
    "actors/domain/batch_plan.cpp",
    "actors/domain/health.hpp",
    "actors/domain/ledger.hpp",
    "actors/domain/pricing.hpp",
    "actors/domain/selection.cpp",
    "actors/domain/selection.hpp",
    "actors/domain/stream_gate.hpp",
    "actors/runner.hpp",
    "config/options.hpp", // The whole configuration on one page.
    "config/schema.cpp",  // The same.
    "messages/account.hpp",
    "messages/actors.hpp", // The protocol on one page.
    "messages/batch.hpp",
    "runtime/api/front.cpp",
    "runtime/http/connection.hpp",
    "runtime/storage/codec.cpp", // The fields of all records on one page.
    "runtime/storage/record_reader.hpp",
    "runtime/storage/store.cpp",
    "runtime/storage/store.hpp",
    "runtime/storage/store_impl.hpp",
    "runtime/upstream/account_directory.hpp",
    "tools/sim/books.hpp",
  };
  std::vector<std::string> faults;
  for (const auto& file : sources()) {
    const auto is_header = file.path.ends_with(".hpp");
    const auto lines = file.lines.size();
    const auto is_long = lines > (is_header ? 120 : 350);
    const auto may_be = longer.contains(file.path)
                        || file.path.starts_with("tests/");
    if ((is_long && !may_be) || lines > (is_header ? 200 : 450))
      faults.push_back(file.path + " has " + std::to_string(lines) + " lines");
    if (!is_long && longer.contains(file.path))
      faults.push_back(file.path + " is short now: take it off the list");
  }
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("functions are short enough to be read", "[tidy]") {
  const std::set<std::string> longer{
    "actors/domain/ledger_fold.cpp", // One switch over the kinds of entries.
  };
  // A body begins with a line that ends in a brace and is no scope of others.
  const std::regex scope{R"(\b(namespace|class|struct|enum|union)\b)"};
  size_t seen = 0;
  std::vector<std::string> faults;
  for (const auto& file : sources()) {
    if (file.path.starts_with("tests/"))
      continue;
    const auto& lines = file.lines;
    for (size_t i = 0; i < lines.size(); ++i) {
      auto indent = lines[i].find_first_not_of(' ');
      if (indent == std::string::npos || indent > 2 || !lines[i].ends_with("{")
          || std::regex_search(lines[i], scope))
        continue;
      if (lines[i][indent] == ':') // The last of a constructor's members.
        indent = 0;
      auto end = i + 1;
      while (end < lines.size()
             && lines[end].find_first_not_of(' ') != indent)
        ++end;
      ++seen;
      if (end - i >= 70 && !longer.contains(file.path))
        faults.push_back(file.path + ":" + std::to_string(i + 1) + " has "
                         + std::to_string(end - i + 1) + " lines");
    }
  }
  CHECK(seen > 1'000);
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("headers are guarded and lines are narrow", "[tidy]") {
  std::vector<std::string> faults;
  for (const auto& file : sources()) {
    if (file.path.ends_with(".hpp")
        && std::find(file.lines.begin(), file.lines.end(), "#pragma once")
             == file.lines.end())
      faults.push_back(file.path + " lacks #pragma once");
    if (file.path.starts_with("tests/"))
      continue; // Bodies of providers are as long as they are.
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const auto& line = file.lines[i];
      // Bytes of UTF-8 that continue a character take no column.
      const auto columns = std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      });
      if (columns > 80)
        faults.push_back(file.path + ":" + std::to_string(i + 1));
    }
  }
  CHECK(faults == std::vector<std::string>{});
}

TEST_CASE("the top level is as planned", "[tidy]") {
  const std::set<std::string> planned{
    "CMakeLists.txt", "actors", "messages", "runtime", "config", "tests",
    "tools", "README.md", "LICENSE",
  };
  std::vector<std::string> faults;
  for (const auto& entry : fs::directory_iterator{root}) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(".") && !name.starts_with("build")
        && name != "state" && !planned.contains(name))
      faults.push_back(name);
  }
  CHECK(faults == std::vector<std::string>{});
}
