#include "actors/domain/batch_file.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace rota;

namespace {

const std::string folder = ROTA_TEST_DATA "/wire/batch/";

/// A checked file: what its validator found, suspects confirmed.
struct checked {
  explicit checked(const std::vector<std::string>& lines,
                   batch_options chosen = {}, batch_limits limits = {})
    : found{chosen, limits,
            [this](surface, const std::string& model) {
              return absent.contains(model) ? ec::no_such_model : ec::ok;
            },
            [](const planned_line& x) { return money{x.tokens.output}; }} {
    for (const auto& x : lines)
      found.line(x);
    found.finish();
    for (const auto number : found.suspects())
      found.confirm(number, lines.at(number - 1));
  }

  /// Line numbers with their codes.
  std::map<uint64_t, std::string> faults() const {
    std::map<uint64_t, std::string> result;
    for (const auto& x : found.report().faults)
      CHECK(result.emplace(x.line, x.code).second);
    return result;
  }

  std::set<std::string> absent{"unheard-of"};
  file_validator found;
};

std::string chat(const std::string& name, const std::string& model = "m") {
  return R"({"custom_id":")" + name
         + R"(","method":"POST","url":"/v1/chat/completions","body":{"model":")"
         + model + R"(","max_tokens":10,"messages":[]}})";
}

using numbers = std::vector<uint64_t>;

} // namespace

TEST_CASE("good files are good") {
  for (const auto& [name, lines, model] :
       {std::tuple{"openai_input.jsonl", 5u, "gpt-5-mini"},
        {"openai_input_embeddings.jsonl", 2u, "text-embedding-3-small"},
        {"openai_input_responses.jsonl", 1u, "gpt-6-sol"}}) {
    const checked x{lines_of(read_text(folder + name))};
    const auto& report = x.found.report();
    CHECK(report.format == batch_format::openai);
    CHECK(report.lines == lines);
    CHECK(report.valid == lines);
    CHECK(report.fault_count == 0);
    CHECK(report.models == std::map<std::string, uint64_t>{{model, lines}});
    CHECK(report.tokens.input > 0);
    CHECK(x.found.bad_lines().empty());
  }
}

TEST_CASE("the invalid file has exactly the known bad lines") {
  const auto text = read_text(folder + "openai_input_invalid.jsonl");
  REQUIRE_FALSE(text.ends_with('\n'));
  const checked x{lines_of(text)};
  using map = std::map<uint64_t, std::string>;
  CHECK(x.faults()
        == map{{2, "duplicate_custom_id"},
               {3, "missing_required_parameter"},
               {4, "invalid_json_line"},
               {6, "invalid_method"},
               {7, "stream_not_supported"}});
  CHECK(x.found.bad_lines() == numbers{2, 3, 4, 6, 7});
  CHECK(x.found.report().lines == 6);
  CHECK(x.found.report().valid == 1);
  CHECK(x.found.report().fault_count == 5);
  CHECK(x.found.report().faults[0].text
        == "The name \"req-001\" stands on line 1 already: give every line a "
           "custom_id of its own.");
  // What does not run is not counted.
  CHECK(x.found.report().models
        == std::map<std::string, uint64_t>{{"gpt-5-mini", 1}});
  CHECK(x.found.report().list_cost_max == money{64});
  CHECK(x.found.report().tokens.output == 64);
}

TEST_CASE("models and routes may be mixed, formats may not") {
  const checked x{{
    chat("a", "m"),
    R"({"custom_id":"b","method":"POST","url":"/v1/embeddings",)"
    R"("body":{"model":"e","input":"x"}})",
    chat("c", "n"),
    chat("d", "m"),
    R"({"key":"e","request":{"contents":[]}})",
  }};
  using map = std::map<std::string, uint64_t>;
  CHECK(x.found.report().models == map{{"e", 1}, {"m", 2}, {"n", 1}});
  CHECK(x.found.bad_lines() == numbers{5});
  CHECK(x.faults().at(5) == "mismatched_format");
}

TEST_CASE("a model that no account serves is named") {
  const checked x{{chat("a"), chat("b", "unheard-of")}};
  CHECK(x.found.bad_lines() == numbers{2});
  const auto& fault = x.found.report().faults.at(0);
  CHECK(fault.code == "unknown_model");
  CHECK(fault.text
        == "No account serves the model \"unheard-of\" for "
           "/v1/chat/completions: check its name, or the models of the "
           "accounts.");
}

TEST_CASE("where only the tags are at fault, they are named") {
  batch_options chosen;
  chosen.tags = {"cheap", "eu"};
  planned_line line;
  line.route = surface::gemini_generate;
  line.model = "m";
  CHECK(unserved(line, chosen, ec::no_such_tag).text
        == "No account with the tags cheap, eu serves the model \"m\" for "
           "generateContent: check its name, or the models of the accounts.");
}

TEST_CASE("each kind of line has its share of the cost") {
  const checked x{{chat("a"), chat("b", "n"), chat("c"), chat("c")}};
  using map = std::map<std::pair<surface, std::string>, money>;
  CHECK(x.found.report().shares
        == map{{{surface::openai_chat, "m"}, money{20}},
               {{surface::openai_chat, "n"}, money{10}}});
}

TEST_CASE("the faults of a folded document name its requests") {
  file_validator x{{}, {}, [](auto, auto&) { return ec::ok; },
                   [](auto&) { return money{1}; }, 0, true};
  for (const auto& line : {chat("a"), chat("a")})
    x.line(line);
  x.finish();
  x.confirm(1, chat("a"));
  x.confirm(2, chat("a"));
  CHECK(x.report().faults.at(0).text
        == "The name \"a\" is that of request 1 already: give every request a "
           "custom_id of its own.");
}

TEST_CASE("a file without requests is empty") {
  for (const auto& lines :
       {std::vector<std::string>{}, {""}, {"", "  ", "\t\r"}}) {
    const checked x{lines};
    REQUIRE(x.found.report().faults.size() == 1);
    CHECK(x.found.report().faults[0].code == "empty_file");
    CHECK(x.found.report().faults[0].line == 0);
    CHECK(x.found.report().fault_count == 1);
    CHECK(x.found.bad_lines().empty());
  }
}

TEST_CASE("files from other systems are read") {
  const checked x{{"\xef\xbb\xbf" + chat("a") + '\r', "\r", chat("b") + '\r'}};
  CHECK(x.found.report().valid == 2);
  CHECK(x.found.report().fault_count == 0);
}

TEST_CASE("the format is told by the first line that tells one") {
  const checked x{{"oops", R"({"custom_id":"a","params":{"model":"m",)"
                           R"("max_tokens":5,"messages":[]}})"}};
  CHECK(x.found.report().format == batch_format::anthropic);
  CHECK(x.found.bad_lines() == numbers{1});
  CHECK(x.found.report().valid == 1);
}

TEST_CASE("the later one of two names is the duplicate, however they mix") {
  const checked x{{chat("a"), chat("b"), chat("a"), "", "bad", chat("a"),
                   chat("b"), chat("c")}};
  CHECK(x.found.suspects() == numbers{1, 2, 3, 6, 7});
  CHECK(x.found.bad_lines() == numbers{3, 5, 6, 7});
  CHECK(x.found.report().valid == 3);
  CHECK(x.found.report().list_cost_max == money{30});
  CHECK(x.found.report().faults.at(3).text.find("line 2 already")
        != std::string::npos);
}

TEST_CASE("names that are spelt differently may be the same") {
  const checked x{{chat("a"), chat("\\u0061")}};
  CHECK(x.found.bad_lines() == numbers{2});
}

TEST_CASE("fingerprints alone condemn nobody") {
  file_validator x{{}, {}, [](auto, auto&) { return ec::ok; },
                   [](auto&) { return money{1}; }};
  x.line(chat("a"));
  x.line(chat("a"));
  x.finish();
  REQUIRE(x.suspects() == numbers{1, 2});
  x.confirm(1, chat("a"));
  x.confirm(2, chat("b")); // As if two names had one fingerprint.
  CHECK(x.bad_lines().empty());
  CHECK(x.report().valid == 2);
}

TEST_CASE("a file with many faults keeps all lines but not all texts") {
  std::vector<std::string> lines;
  for (auto i = 0; i < 3'000; ++i)
    lines.push_back(i % 3 == 0 ? chat("same") : "bad");
  const checked x{lines};
  CHECK(x.found.report().fault_count == 2'999);
  CHECK(x.found.report().faults.size() == file_validator::max_faults);
  CHECK(x.found.report().valid == 1);
  CHECK(x.found.bad_lines().size() == 2'999);
  CHECK(std::is_sorted(x.found.bad_lines().begin(),
                       x.found.bad_lines().end()));
  // The first thousand faults are those of lines 2 to 1'001.
  CHECK(x.found.report().faults.front().line == 2);
  CHECK(x.found.report().faults.back().line == 1'001);
  CHECK(x.faults().at(4) == "duplicate_custom_id");
}

TEST_CASE("bare requests cannot be duplicates") {
  const std::string line = R"({"model":"m","messages":[]})";
  const checked x{{line, line, line}};
  CHECK(x.found.report().format == batch_format::bare);
  CHECK(x.found.report().valid == 3);
}

TEST_CASE("sums of absurd maxima stop at the top") {
  const auto huge = [](const std::string& name) {
    return R"({"custom_id":")" + name
           + R"(","method":"POST","url":"/v1/chat/completions","body":)"
             R"({"model":"m","max_tokens":9000000000000000000,"messages":[]}})";
  };
  const checked x{{huge("a"), huge("b"), huge("c")}};
  CHECK(x.found.report().list_cost_max.nanos >= 0);
  CHECK(x.found.report().tokens.output >= 0);
}

TEST_CASE("a whole document is told by how it begins") {
  const auto text = read_text(folder + "anthropic_batch_request.json");
  CHECK(is_folded(text));
  CHECK(is_folded(text.substr(0, 40)));
  CHECK_FALSE(is_folded(chat("a")));
  CHECK_FALSE(is_folded("{\"requests\": 1"));
  CHECK_FALSE(is_folded(""));
}

TEST_CASE("the sample batch that ships is good") {
  const auto lines = lines_of(
    read_text(ROTA_SOURCE_DIR "/tools/samples/sample_batch.jsonl"));
  const checked x{lines};
  const auto& report = x.found.report();
  CHECK(x.faults().empty());
  CHECK(report.format == batch_format::openai);
  CHECK(report.lines == 36);
  CHECK(report.valid == 36);
  using map = std::map<std::string, uint64_t>;
  CHECK(report.models
        == map{{"gpt-4o-mini", 10},
               {"gpt-5-mini", 13},
               {"gpt-5-nano", 9},
               {"text-embedding-3-small", 4}});
}
