#include "tests/e2e/audit.hpp"

#include "runtime/storage/store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

#include <set>
#include <sstream>

namespace rota {

money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

void check_output(stage& on, const std::string& batch, uint64_t lines,
                  uint64_t in_doubt_most) {
  INFO(batch);
  const auto ended = on.finish(batch);
  const auto failed = ended["failed"].get<uint64_t>();
  CHECK(failed <= in_doubt_most);
  CHECK(ended["succeeded"].get<uint64_t>() + failed == lines);
  const auto file = on.dir / "out.jsonl";
  const auto errors = on.dir / "errors.jsonl";
  REQUIRE(on.rota({"results", batch, "-o", file, "--errors", errors}).code
          == 0);
  std::set<std::string> ids;
  uint64_t found = 0;
  std::istringstream in{read_file(file)};
  for (std::string line; std::getline(in, line); ++found)
    ids.insert(json::parse(line)["custom_id"]);
  if (failed > 0)
    in = std::istringstream{read_file(errors)};
  for (std::string line; std::getline(in, line); ++found) {
    const auto x = json::parse(line);
    CHECK(x["error"]["code"] == "in_doubt");
    ids.insert(x["custom_id"]);
  }
  CHECK(found == lines);
  CHECK(ids.size() == lines);
}

void check_books(stage& on, uint64_t lines) {
  const auto status = on.ask({"status"});
  const auto books = on.books();
  const auto calls = books["calls"].get<uint64_t>();
  CHECK(calls >= lines);
  CHECK(calls - lines <= status["in_doubt_count"].get<uint64_t>());
  money spent;
  for (const auto& x : on.ask({"accounts"}))
    spent += usd(x["spent"]);
  const auto charged = usd(books["total_charged"]);
  const auto doubt = usd(status["money"]["in_doubt"]);
  CHECK(charged >= spent);
  CHECK(charged - spent <= doubt);
  CHECK(usd(status["money"]["held"]) == doubt);
}

void check_store(const stage& on) {
  const auto opened
    = store::open(on.dir / "state/store", {}, [](const std::string&) {});
  REQUIRE(opened.fault == "");
  CHECK(chained(*opened.disk));
}

} // namespace rota
