// The prices that ship with rota are those of the table that they were taken
// from, but for what is named here.

#include "config/failure_rule.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

using namespace rota;
using nlohmann::json;

namespace {

const json& source() {
  static const auto result
    = json::parse(read_text(ROTA_TEST_DATA "/wire/default_prices.json"));
  return result;
}

const json& shipped() {
  static const auto result = json::parse(built_in_prices());
  return result;
}

/// What was a remark on other names of a model is their list, so that they are
/// priced, too.
const std::map<std::string, json> named{
  {"deepseek-flash", json::array({"deepseek-v4-flash"})},
  {"gemini-3.6-flash", json::array({"gemini-3.7-flash"})},
};

/// Whether a member says what something costs, not where that was read.
bool is_remark(const std::string& member) {
  return member == "x_note" || member == "x_source" || member == "x_aliases";
}

/// A row without its remarks.
json figures(const json& row) {
  auto result = json::object();
  for (const auto& [member, x] : row.items())
    if (!is_remark(member))
      result[member] = x;
  return result;
}

} // namespace

TEST_CASE("each model of the default table ships at its price", "[prices]") {
  REQUIRE(source().size() > 50);
  for (const auto& [model, row] : source().items()) {
    INFO(model);
    REQUIRE(shipped().contains(model));
    CHECK(figures(shipped()[model]) == figures(row));
  }
}

TEST_CASE("remarks of the default table ship as they are", "[prices]") {
  for (const auto& [model, row] : source().items()) {
    INFO(model);
    const auto& ours = shipped().at(model);
    CHECK(ours.value("x_source", json{}) == row.value("x_source", json{}));
    const auto i = named.find(model);
    CHECK(ours.value("x_aliases", json{})
          == (i == named.end() ? json{} : i->second));
    // Deepseek's only remark is the list now.
    if (model == "deepseek-flash")
      CHECK_THAT(row["x_note"], ContainsSubstring("deepseek-v4-flash"));
    else
      CHECK(ours.value("x_note", json{}) == row.value("x_note", json{}));
  }
}

TEST_CASE("the default table lacks only what is no text", "[prices]") {
  std::set<std::string> more;
  for (const auto& [model, row] : shipped().items())
    if (!source().contains(model)) {
      INFO(model);
      more.insert(row["mode"]);
      CHECK(row["mode"] != "chat");
      CHECK(row["mode"] != "responses");
      CHECK(row["mode"] != "embedding");
    }
  CHECK(more
        == std::set<std::string>{"audio_speech", "audio_transcription",
                                 "image_generation", "moderation", "rerank"});
}
