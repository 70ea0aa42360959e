// A store that cannot be opened says why in one sentence, and touches nothing.

#include "runtime/storage/codec.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace rota;

namespace {

std::string fault_of(const std::string& path) {
  return store::open(path, {}, [](const std::string&) {}).fault;
}

/// Whether it is one sentence that names the directory.
void check_sentence(const std::string& x, const std::string& path) {
  INFO(x);
  CHECK(x.find(path) != std::string::npos);
  CHECK(x.find('\n') == std::string::npos);
  CHECK(x.ends_with("."));
}

void flip_middle(const std::string& file) {
  auto text = read_text(file);
  REQUIRE(text.size() > 100);
  auto& c = text[text.size() / 2];
  c = static_cast<char>(c ^ 0x10);
  std::ofstream{file, std::ios::binary} << text;
}

std::string file_with(const std::string& path, const std::string& ending) {
  std::string found;
  for (const auto& x : std::filesystem::directory_iterator{path})
    if (x.path().string().ends_with(ending))
      found = std::max(found, x.path().string());
  REQUIRE_FALSE(found.empty());
  return found;
}

/// As a later version may do without another schema.
void add_family(const std::filesystem::path& where, const std::string& name) {
  const raw_store x{where};
  rocksdb::ColumnFamilyHandle* fresh = nullptr;
  REQUIRE(x.db->CreateColumnFamily({}, name, &fresh).ok());
  x.db->DestroyColumnFamilyHandle(fresh);
}

} // namespace

TEST_CASE("a store has one holder", "[storage]") {
  store_fixture fix;
  SECTION("in this process") {
    const auto fault = fault_of(fix.path());
    check_sentence(fault, fix.path());
    CHECK_THAT(fault, ContainsSubstring("Another process holds the store"));
  }
  SECTION("in another one") {
    fix.disk.reset();
    int ready[2], done[2];
    REQUIRE(pipe(ready) == 0);
    REQUIRE(pipe(done) == 0);
    const auto child = fork();
    if (child == 0) { // Nothing but system calls from here on.
      close(done[1]);
      const auto lock = fix.path() + "/LOCK";
      const auto file = ::open(lock.c_str(), O_RDWR);
      struct flock whole {};
      whole.l_type = F_WRLCK;
      auto good = fcntl(file, F_SETLK, &whole) == 0 && write(ready[1], "x", 1);
      char c = 0;
      good = good && read(done[0], &c, 1) == 0;
      _exit(good ? 0 : 1);
    }
    close(done[0]);
    char c = 0;
    REQUIRE(read(ready[0], &c, 1) == 1);
    const auto fault = fault_of(fix.path());
    check_sentence(fault, fix.path());
    CHECK_THAT(fault, ContainsSubstring("Another process holds the store"));
    close(done[1]);
    close(ready[0]);
    close(ready[1]);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(fix.open() == "");
  }
}

TEST_CASE("a store whose directory cannot be looked into is named",
          "[storage]") {
  const temp_dir dir;
  // What a user without permissions meets, who may be root here.
  std::filesystem::create_symlink("loop", dir / "loop");
  const auto fault = fault_of(dir / "loop/store");
  check_sentence(fault, dir / "loop/store");
  CHECK_THAT(fault, ContainsSubstring("start rotad as the user that owns"));
}

TEST_CASE("a newer version's store of the same schema is called so",
          "[storage]") {
  store_fixture fix;
  fix.disk.reset();
  add_family(fix.path(), "future");
  const auto fault = fix.open();
  check_sentence(fault, fix.path());
  CHECK_THAT(fault, ContainsSubstring("by a newer rota (it has future; "));
  CHECK_THAT(fault, ContainsSubstring("start that version"));
}

TEST_CASE("a newer version's store is left alone", "[storage]") {
  store_fixture fix;
  fix.disk.reset();
  put(fix.path(), "default", "schema",
      record(store::schema + 1));
  SECTION("with the same families") {
  }
  SECTION("with families that are not known here") {
    add_family(fix.path(), "events");
  }
  const auto fault = fix.open();
  check_sentence(fault, fix.path());
  CHECK_THAT(fault, ContainsSubstring("newer"));
  CHECK_THAT(fault, ContainsSubstring("schema 9"));
  CHECK_THAT(fault, ContainsSubstring("knows schema 8"));
  const raw_store x{fix.path()};
  std::string run;
  REQUIRE(x.db->Get({}, "run", &run).ok());
  CHECK(decode<uint64_t>(run) == uint64_t{1});
}

TEST_CASE("a damaged store is refused, not repaired", "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  auto row = std::make_shared<commit>();
  row->batch = sample_batch_row();
  row->account = sample_account_row();
  REQUIRE(fix.disk->write({row}) == "");
  for (int i = 0; i < 100; ++i) {
    books.adjust({i}, {1'795'000'000'000 + i});
    REQUIRE(fix.disk->write({store_fixture::booking(books.take_entries())})
            == "");
  }
  fix.disk.reset();
  const auto what = GENERATE(as<std::string>{}, "log", "table", "list", "name",
                             "head", "account", "batch", "run");
  INFO(what);
  if (what == "log") { // In the middle of what was written and synced.
    flip_middle(file_with(fix.path(), ".log"));
  } else if (what == "table") {
    {
      const raw_store x{fix.path()};
      for (auto* family : x.handles)
        REQUIRE(x.db->Flush({}, family).ok());
    }
    for (const auto& x : std::filesystem::directory_iterator{fix.path()})
      if (x.path().extension() == ".sst")
        flip_middle(x.path());
  } else if (what == "list") {
    flip_middle(file_with(fix.path(), read_text(fix.path() + "/CURRENT")
                                        .substr(0, 15)));
  } else {
    const auto family = what == "name" || what == "run" ? "default" : what;
    const auto key = what == "name"    ? std::string{"name/north-1"}
                     : what == "run"   ? what
                     : what == "batch" ? be64(17)
                                       : be32(what == "head" ? id.value : 7);
    put(fix.path(), family, key, "no record");
  }
  const auto fault = fix.open();
  check_sentence(fault, fix.path());
  CHECK_THAT(fault, ContainsSubstring(what == "list" ? "the list of tables"
                                                     : "is damaged"));
  if (what == "head") {
    CHECK_THAT(fault, ContainsSubstring("the books of account north-1"));
    CHECK_THAT(fault, ContainsSubstring("has 100 entries in the ledger"));
  }
  CHECK_FALSE(fix.disk);
}

TEST_CASE("a torn tail is no damage", "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  for (int i = 0; i < 10; ++i) {
    books.adjust({1}, {1'795'000'000'000 + i});
    REQUIRE(fix.disk->write({store_fixture::booking(books.take_entries())})
            == "");
  }
  // A copy as a crash leaves it: the last record had just begun.
  const auto image = fix.dir / "image";
  std::filesystem::copy(fix.path(), image);
  std::filesystem::copy(fix.path() + ".head", image + ".head");
  fix.disk.reset();
  const auto log = file_with(image, ".log");
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 5);
  auto opened = store::open(image, {}, [](const std::string&) {});
  CHECK(opened.fault == "");
  REQUIRE(opened.disk);
  CHECK(opened.disk->head_of(id).seq == 9);
  CHECK(opened.disk->head_of(id).balance == money{9});
}

TEST_CASE("a result that was damaged is named, not shown", "[storage]") {
  store_fixture fix;
  REQUIRE(fix.disk->write({store_fixture::ending({5}, 1),
                           store_fixture::ending({5}, 2)})
          == "");
  fix.disk.reset();
  put(fix.path(), "result", be64(5) + be64(2), "no record");
  REQUIRE(fix.open() == "");
  uint64_t seen = 0;
  CHECK_FALSE(fix.disk->for_each_result({5}, 0, [&](const item_result&) {
    return ++seen > 0;
  }));
  CHECK(seen == 1);
  batch_row row;
  row.id = {5};
  CHECK(fix.disk->resume_of(row).ended.size() == 1);
  REQUIRE(fix.failures.size() == 1);
  check_sentence(fix.failures[0], fix.path());
}

TEST_CASE("a directory that cannot be used is named", "[storage]") {
  temp_dir dir;
  SECTION("a file stands in its place") {
    std::ofstream{dir / "store"} << "x";
    const auto fault = fault_of(dir / "store");
    check_sentence(fault, dir / "store");
    CHECK_THAT(fault, ContainsSubstring("state_dir"));
  }
  SECTION("a file stands in its way") {
    std::ofstream{dir / "state"} << "x";
    const auto fault = fault_of(dir / "state/store");
    check_sentence(fault, dir / "state/store");
    CHECK_THAT(fault, ContainsSubstring("cannot be made"));
  }
  SECTION("it must not be written") {
    const auto path = dir / "store";
    REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
    REQUIRE(mkdir(path.c_str(), 0555) == 0);
    int said[2];
    REQUIRE(pipe(said) == 0);
    const auto child = fork();
    if (child == 0) { // Root may write everywhere.
      if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        _exit(1);
      const auto fault = fault_of(path);
      _exit(write(said[1], fault.data(), fault.size()) < 0 ? 1 : 0);
    }
    close(said[1]);
    std::string fault(4'096, '\0');
    fault.resize(
      static_cast<size_t>(std::max<ssize_t>(
        read(said[0], fault.data(), fault.size()), 0)));
    close(said[0]);
    int status = 0;
    waitpid(child, &status, 0);
    check_sentence(fault, path);
    CHECK_THAT(fault, ContainsSubstring("write access to state_dir"));
  }
}

TEST_CASE("heads that do not follow from the entries are refused",
          "[storage]") {
  store_fixture fix;
  const auto id = fix.disk->id_of("north-1");
  ledger books{id, "north-1", {}};
  const auto adjust = [&](int times) {
    for (int i = 0; i < times; ++i) {
      books.adjust({1}, {1'795'000'000'000 + i});
      REQUIRE(fix.disk->write({store_fixture::booking(books.take_entries())})
              == "");
    }
  };
  adjust(10);
  const auto older = fix.disk->head_of(id);
  adjust(10);
  auto last = fix.disk->head_of(id);
  fix.disk.reset();
  const auto what
    = GENERATE(as<std::string>{}, "older", "balance", "held", "segment", "gone");
  INFO(what);
  const auto write_head = [&](const account_head& x) {
    std::string value;
    encode(value, x);
    put(fix.path(), "head", be32(id.value), value);
  };
  auto says = std::string{"entry 20"};
  if (what == "older") {
    write_head(older);
  } else if (what == "balance") {
    last.balance += money{1};
    write_head(last);
  } else if (what == "held") {
    last.held += money{1};
    write_head(last);
  } else { // One in the middle.
    const raw_store x{fix.path()};
    std::string value;
    REQUIRE(x.db->Get({}, x["ledger"], be64(7), &value).ok());
    if (what == "gone") {
      REQUIRE(x.db->Delete({}, x["ledger"], be64(7)).ok());
      says = "entry 6";
    } else {
      auto segment = decode<std::vector<ledger_entry>>(value).value();
      segment[0].amount += money{1};
      value.clear();
      encode(value, segment);
      REQUIRE(x.db->Put({}, x["ledger"], be64(7), value).ok());
      says = "entry 6";
    }
  }
  const auto fault = fix.open();
  CHECK_FALSE(fix.disk);
  check_sentence(fault, fix.path());
  CHECK_THAT(fault, ContainsSubstring("the books of account north-1 do not"
                                      " follow from its entries ("
                                      + says));
  CHECK_THAT(fault, ContainsSubstring("rota restore BACKUP"));
}
