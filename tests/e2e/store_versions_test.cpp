// A daemon before the stores of other versions: an older one is migrated and
// goes on, a newer one is left alone.

#include "tests/e2e/stage.hpp"
#include "tests/runtime/raw_store.hpp"

#include <cstdlib>
#include <filesystem>

using namespace rota;

namespace {

constexpr auto sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

constexpr auto accounts = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B}
  - {name: c, provider: openai, base_url: SIM, api_key: env:KEY_C}
)";

} // namespace

TEST_CASE("a store of schema 1 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-1.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 1 to"));
  // Its 24 calls in doubt have long been assumed; their 0.003156 are gone as if
  // they were held still.
  money gone;
  for (const auto& x : on.ask({"accounts"}))
    gone += parse_money(x["spent"].get<std::string>()).value()
            + parse_money(x["held"].get<std::string>()).value();
  CHECK(gone == money{51'500'000 + 3'156'000});
  const auto a = on.ask({"account", "a"});
  CHECK(a["available"] == "29.980408000");
  CHECK(a["calls"] == 152);
  CHECK(a["admin"] == "drain");
  CHECK(on.ask({"batches"}).size() == 2);
  // It has been one of today's since.
  on.stop();
  on.restart();
  CHECK(on.ask({"account", "a"})["available"] == "29.980408000");
}

TEST_CASE("a store of schema 2 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-2.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 2 to"));
  // Its second batch had 223 of 300 lines; account b is still drained.
  const auto ended = on.finish("batch_2");
  CHECK(ended["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  CHECK(on.ask({"account", "b"})["calls"] == 148);
  CHECK(on.ask({"account", "a"})["calls"] == 383 + 77);
  on.stop();
  on.restart();
  CHECK(on.ask({"account", "a"})["calls"] == 383 + 77);
}

TEST_CASE("a store of schema 3 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-3.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 3 to"));
  // Its second batch had 168 of 300 lines; account b is still drained.
  CHECK(on.finish("batch_2")["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  CHECK(on.ask({"account", "a"})["calls"] == 176 + 132);
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a store of schema 4 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-4.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 4 to"));
  // Its second batch had 194 of 300 lines; account b is still drained.
  CHECK(on.finish("batch_2")["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  CHECK(on.ask({"account", "a"})["calls"] == 353 + 106);
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a store of schema 5 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-5.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 5 to"));
  // Its second batch had 152 of 300 lines; account b is still drained.
  CHECK(on.finish("batch_2")["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  CHECK(on.ask({"account", "a"})["calls"] == 257 + 148);
  CHECK(on.ask({"requests"}).empty());
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a store of schema 6 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-6.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 6 to"));
  // Its second batch had 104 of 300 lines; account b is still drained.
  CHECK(on.finish("batch_2")["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  CHECK(on.ask({"account", "a"})["calls"] == 108 + 196);
  const auto requests = on.ask({"requests"});
  REQUIRE(requests.size() == 3);
  CHECK(requests[0]["price"] == json{{"model", ""}, {"basis", "none"}});
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a store of schema 7 goes on where it stopped", "[e2e]") {
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-7.tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema 7 to"));
  // Its second batch had 80 of 300 lines; account b is still drained, with a
  // call in doubt whose client had left.
  CHECK(on.finish("batch_2")["succeeded"] == 300);
  CHECK(on.ask({"account", "b"})["admin"] == "drain");
  // That has long been assumed by now, at what was seen of it.
  wait_until("the call in doubt is assumed", [&on] {
    return on.ask({"account", "b"})["held"] == "0.000000000";
  });
  CHECK(on.ask({"account", "b"})["spent"] == "0.020049650");
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a state of any schema is backed up as it is, and comes back",
          "[e2e]") {
  const auto schema = GENERATE(1, 2, 3, 4, 5, 6, 7);
  stage on{sim_file};
  const auto unpack = "tar -xzf " ROTA_TEST_DATA "/store/schema-"
                      + std::to_string(schema) + ".tar.gz -C "
                      + on.dir.path().string();
  REQUIRE(std::system(unpack.c_str()) == 0);
  const auto before
    = on.ask({"snapshot", "--state-dir", on.dir / "state"})["accounts"];
  const auto made = on.rota({"backup", on.dir / "copy", "--state-dir",
                             on.dir / "state"});
  INFO(made.out << made.err);
  REQUIRE(made.code == 0);
  std::filesystem::remove_all(on.dir / "state");
  const auto back = on.rota({"restore", on.dir / "copy", "--state-dir",
                             on.dir / "state"});
  INFO(back.out << back.err);
  REQUIRE(back.code == 0);
  CHECK(on.ask({"snapshot", "--state-dir", on.dir / "state"})["accounts"]
        == before);
  on.start(accounts);
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The store was migrated from schema "
                               + std::to_string(schema) + " to"));
  CHECK(on.ask({"batches"}).size() == 2);
}

TEST_CASE("a newer version's store stops the start", "[e2e]") {
  stage on{sim_file};
  on.start(accounts);
  on.stop();
  const auto disk = on.dir / "state/store";
  put(disk, "default", "schema", record(77));
  const auto x = on.refuse(accounts);
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring("was written by a newer rota"));
  CHECK_THAT(x.err, ContainsSubstring(disk));
  CHECK_THAT(x.err, ContainsSubstring("start that version"));
}
