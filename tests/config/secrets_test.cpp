#include "config/secrets.hpp"

#include "tests/config/parsing.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <type_traits>

#include <sys/stat.h>
#include <unistd.h>

using namespace rota;

namespace {

static_assert(!std::is_copy_constructible_v<secret>);
static_assert(!std::is_copy_assignable_v<secret>);
static_assert(std::is_nothrow_move_constructible_v<secret>);

template <class T>
concept streamable = requires(std::ostream& out, const T& x) {
  out << x;
};
static_assert(!streamable<secret>);

namespace fs = std::filesystem;

/// A directory that goes with the test.
struct scratch_dir {
  fs::path path;

  scratch_dir() {
    auto text = (fs::temp_directory_path() / "rota_secrets_XXXXXX").string();
    REQUIRE(::mkdtemp(text.data()) != nullptr);
    path = text;
  }

  ~scratch_dir() {
    fs::remove_all(path);
  }

  secret_ref put(const std::string& name, const std::string& text,
                 mode_t mode = 0600) const {
    const auto file = path / name;
    std::ofstream{file} << text;
    ::chmod(file.c_str(), mode);
    return {secret_ref::source::file, file};
  }
};

/// An environment variable that goes with the test.
struct variable {
  std::string name;

  variable(std::string key, const std::string& value) : name{std::move(key)} {
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  ~variable() {
    ::unsetenv(name.c_str());
  }

  secret_ref ref() const {
    return {secret_ref::source::env, name};
  }
};

std::string revealed(const secret_ref& ref) {
  const auto result = resolve(ref);
  INFO(result.fault);
  REQUIRE(result.value);
  return std::string{result.value->reveal()};
}

std::string fault_of(const secret_ref& ref) {
  const auto result = resolve(ref);
  REQUIRE(!result.value);
  return result.fault;
}

} // namespace

TEST_CASE("a secret comes from the environment or a closed file", "[secrets]") {
  const variable env{"ROTA_TEST_KEY", "sk-0123456789abcdef"};
  CHECK(revealed(env.ref()) == "sk-0123456789abcdef");
  const scratch_dir dir;
  CHECK(revealed(dir.put("a", "sk-file\n")) == "sk-file");
  CHECK(revealed(dir.put("b", "sk-file\r\n\n")) == "sk-file");
  CHECK(revealed(dir.put("c", "sk-file", 0400)) == "sk-file");
  CHECK(revealed(dir.put("d", "session=a; path=/\n")) == "session=a; path=/");
  CHECK(revealed(dir.put("bom", "\xEF\xBB\xBFsk-file\n")) == "sk-file");
  CHECK(revealed(dir.put("e", std::string(secret_bytes_max, 'k')))
        == std::string(secret_bytes_max, 'k'));
}

TEST_CASE("a secret that is not there says what to do", "[secrets]") {
  ::unsetenv("ROTA_TEST_NONE");
  CHECK(fault_of({secret_ref::source::env, "ROTA_TEST_NONE"})
        == "the environment variable ROTA_TEST_NONE is not set; export it "
           "before rotad starts, or use file:PATH");
  const variable empty{"ROTA_TEST_EMPTY", ""};
  CHECK_THAT(fault_of(empty.ref()), ContainsSubstring("is empty; "));
  const scratch_dir dir;
  const auto missing = (dir.path / "none").string();
  CHECK(fault_of({secret_ref::source::file, missing})
        == "the secret file " + missing
               + " cannot be opened: No such file or directory; create it for "
                 "the user that runs rotad, with mode 0600");
  CHECK_THAT(fault_of(dir.put("a", "\n")), ContainsSubstring("is empty; "));
  CHECK_THAT(fault_of({}), ContainsSubstring("env:NAME or file:PATH"));
}

TEST_CASE("a file that others may open is refused with the cure", "[secrets]") {
  const scratch_dir dir;
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0644}) {
    const auto ref = dir.put("a", "sk-file", mode);
    CHECK(fault_of(ref)
          == "the secret file " + ref.name
                 + " is open to others than its owner; run: chmod 600 '"
                 + ref.name + "'");
  }
  CHECK_THAT(fault_of({secret_ref::source::file, dir.path.string()}),
             ContainsSubstring("no regular file"));
  const auto fifo = (dir.path / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THAT(fault_of({secret_ref::source::file, fifo}),
             ContainsSubstring("no regular file"));
}

TEST_CASE("credentials of the service manager may show group bits",
          "[secrets]") {
  const scratch_dir dir;
  fs::create_directory(dir.path / "credentials");
  const auto ref = dir.put("credentials/relay-a", "sk-file", 0440);
  CHECK_THAT(fault_of(ref), ContainsSubstring("chmod 600"));
  const variable env{"CREDENTIALS_DIRECTORY",
                     (dir.path / "credentials").string()};
  CHECK(revealed(ref) == "sk-file");
  CHECK_THAT(fault_of(dir.put("credentials/open", "sk-file", 0444)),
             ContainsSubstring("chmod 600"));
  CHECK_THAT(fault_of(dir.put("outside", "sk-file", 0440)),
             ContainsSubstring("chmod 600"));
  const auto around = (dir.path / "credentials/../outside").string();
  CHECK_THAT(fault_of({secret_ref::source::file, around}),
             ContainsSubstring("chmod 600"));
}

TEST_CASE("what would break a header is no secret", "[secrets]") {
  const scratch_dir dir;
  const std::vector<std::string> texts{
      "sk-1\nsk-2\n",       "sk-1\rX-A: b",    {"sk\0x", 4}, "a\tb",
      "sk-1\xE2\x80\x8B", "sk-\xC3\xBC-sk-1", "sk-1\xEF\xBB\xBF"};
  for (const auto& text : texts) {
    const auto fault = fault_of(dir.put("a", text));
    CHECK_THAT(fault, ContainsSubstring("control character"));
    CHECK_THAT(fault, ContainsSubstring("not ASCII"));
    CHECK(fault.find("sk-1") == std::string::npos);
  }
  CHECK_THAT(fault_of(dir.put("a", " sk-1")), ContainsSubstring("a space"));
  CHECK_THAT(fault_of(dir.put("a", "sk-1 \n")), ContainsSubstring("a space"));
  CHECK_THAT(fault_of(dir.put("a", std::string(secret_bytes_max + 1, 'k'))),
             ContainsSubstring("longer than 16 KiB"));
}

TEST_CASE("a moved secret leaves nothing behind", "[secrets]") {
  secret x{"sk-0123456789abcdef"};
  secret y{std::move(x)};
  CHECK(y.reveal() == "sk-0123456789abcdef");
  CHECK(x.reveal().empty());
  secret z{"another"};
  z = std::move(y);
  CHECK(z.reveal() == "sk-0123456789abcdef");
  CHECK(y.reveal().empty());
}

TEST_CASE("all missing secrets are reported at once", "[secrets]") {
  for (const auto name : {"ROTA_T_A", "ROTA_T_B", "ROTA_T_HOOK", "ROTA_T_SIG"})
    ::unsetenv(name);
  const auto x = parse_good(R"(accounts:
  - {name: a, provider: new_api, base_url: "http://127.0.0.1",
     api_key: env:ROTA_T_A,
     balance: {probe: newapi_console, console: env:ROTA_T_B, user_id: 7}}
  - {name: b, provider: openai, base_url: "http://127.0.0.1",
     api_key: "file:/nowhere/key"}
alerts: {webhook: env:ROTA_T_HOOK, webhook_secret: env:ROTA_T_SIG}
)");
  const auto faults = check_secrets(x);
  const std::vector<std::string> starts{
      "accounts[a].api_key: the environment variable ROTA_T_A is not set; ",
      "accounts[a].balance.console: the environment variable ROTA_T_B ",
      "accounts[b].api_key: the secret file /nowhere/key cannot be opened: ",
      "alerts.webhook: the environment variable ROTA_T_HOOK is not set; ",
      "alerts.webhook_secret: the environment variable ROTA_T_SIG is not set; ",
  };
  REQUIRE(faults.size() == starts.size());
  for (size_t i = 0; i < starts.size(); ++i)
    CHECK(faults[i].starts_with(starts[i]));
}

TEST_CASE("the URL of a webhook is checked without being shown", "[secrets]") {
  const variable key{"ROTA_T_A", "sk-0123456789abcdef"};
  const auto x = parse_good(account_with("api_key", "env:ROTA_T_A")
                            + "alerts: {webhook: env:ROTA_T_HOOK}\n");
  const auto faults_for = [&](const std::string& url) {
    const variable hook{"ROTA_T_HOOK", url};
    return check_secrets(x);
  };
  CHECK(faults_for("https://hooks.example.com/T0KEN?x=1").empty());
  CHECK(faults_for("http://127.0.0.1:9/T0KEN").empty());
  const auto faults = faults_for("http://hooks.example.com/T0KEN");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].starts_with("alerts.webhook: the URL sends keys"));
  CHECK(faults[0].find("T0KEN") == std::string::npos);
}
