// rota-sim as a program: what it prints and how it ends.

#include "tests/support/catch.hpp"

#include "tests/sim/sim_fixture.hpp"
#include "tests/support/text_file.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace rota;

namespace {

/// A directory that goes with the test.
struct directory {
  directory() {
    std::string name = std::filesystem::temp_directory_path() / "sim-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error{"cannot make a temporary directory"};
    path = name;
  }

  ~directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{path / name} << text;
    return path / name;
  }

  std::filesystem::path path;
};

/// A running program with what it prints.
class program {
public:
  explicit program(std::vector<std::string> args) {
    int fds[2];
    if (::pipe(fds) != 0)
      throw std::runtime_error{"no pipe"};
    args.insert(args.begin(), ROTA_SIM_PROGRAM);
    std::vector<char*> argv;
    for (auto& x : args)
      argv.push_back(x.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(fds[1], 1);
      ::dup2(fds[1], 2);
      ::close(fds[0]);
      ::close(fds[1]);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(fds[1]);
    out_ = fds[0];
  }

  ~program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
  }

  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// @returns Whether a line came in time; `text` holds all so far.
  bool read_line() {
    const auto seen = text.size();
    while (text.find('\n', seen) == std::string::npos)
      if (!read_some())
        return false;
    return true;
  }

  /// @returns The exit code, after all it prints.
  int wait() {
    while (read_some())
      ;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  void tell(int signal) const {
    ::kill(pid_, signal);
  }

  std::string text;

private:
  bool read_some() {
    pollfd poll{out_, POLLIN, 0};
    if (::poll(&poll, 1, 20'000) != 1)
      return false;
    char buffer[4'096];
    const auto n = ::read(out_, buffer, sizeof(buffer));
    if (n > 0)
      text.append(buffer, static_cast<size_t>(n));
    return n > 0;
  }

  pid_t pid_ = -1;
  int out_ = -1;
};

const std::string good = "listen: 127.0.0.1:0\n"
                         "prices: {default: {input: 1}}\n"
                         "accounts: [{key: k, balance: 1}]\n";

} // namespace

TEST_CASE("rota-sim says where it listens and ends when told to", "[sim]") {
  directory dir;
  for (const auto signal : {SIGTERM, SIGINT}) {
    const std::string port_file = dir.path / "port";
    program x{
        {"--config", dir.write("sim.yaml", good), "--port-file", port_file}};
    REQUIRE(x.read_line());
    const auto port = std::stoi(read_text(port_file));
    const auto url = "http://127.0.0.1:" + std::to_string(port);
    CHECK(x.text == "rota-sim listens on " + url + "\n");
    CHECK(http_caller{url}.get("/sim/books").status == 200);
    x.tell(signal);
    CHECK(x.wait() == 0);
  }
}

TEST_CASE("rota-sim reports all faults of its file", "[sim]") {
  directory dir;
  const auto file = dir.write("sim.yaml", good + "sped: 1\nseed: x\n");
  program x{{"--config", file}};
  CHECK(x.wait() == 2);
  CHECK_THAT(x.text, ContainsSubstring(file + ":4: sped: is no option here"));
  CHECK_THAT(x.text, ContainsSubstring(file + ":5: seed: 'x' must be"));
  CHECK(std::count(x.text.begin(), x.text.end(), '\n') == 2);
}

TEST_CASE("a script answers with a file beside its own", "[sim]") {
  directory dir;
  dir.write("answer.json", "{\"odd\": 1}\n");
  const auto file =
      dir.write("sim.yaml", good
                                + "script: [{action: {status: 418, body_file: "
                                  "answer.json, headers: {x-odd: yes}}}]\n");
  program x{{"--config", file}};
  REQUIRE(x.read_line());
  const auto at = x.text.find("http://");
  http_caller caller{x.text.substr(at, x.text.size() - at - 1)};
  const auto got =
      caller.post("/v1/completions", R"({"model":"m","prompt":"x"})",
                  {"Authorization: Bearer k"});
  CHECK(got.status == 418);
  CHECK(got.body == "{\"odd\": 1}\n");
  CHECK_THAT(got.head, ContainsSubstring("\r\nx-odd: yes\r\n"));
  x.tell(SIGTERM);
  CHECK(x.wait() == 0);
}

TEST_CASE("rota-sim checks a file without serving", "[sim]") {
  program x{{"--config", ROTA_SOURCE_DIR "/tools/sim/example.yaml",
             "--check-config"}};
  CHECK(x.wait() == 0);
}

TEST_CASE("rota-sim says in one sentence that a port is taken", "[sim]") {
  directory dir;
  running_sim other{good};
  const auto where = other.url().substr(7);
  program x{{"--config", dir.write("sim.yaml", good), "--listen", where}};
  CHECK(x.wait() == 1);
  CHECK_THAT(x.text, ContainsSubstring("cannot listen on " + where));
  CHECK_THAT(x.text, ContainsSubstring("--listen"));
  CHECK(std::count(x.text.begin(), x.text.end(), '\n') == 1);
}

TEST_CASE("rota-sim keeps to loopback unless told otherwise", "[sim]") {
  directory dir;
  const auto file = dir.write("sim.yaml", good);
  program x{{"--config", file, "--listen", "0.0.0.0:0"}};
  CHECK(x.wait() == 2);
  CHECK_THAT(x.text, ContainsSubstring("--allow-remote"));
  program y{{"--config", file, "--listen", "0.0.0.0:0", "--allow-remote",
             "--check-config"}};
  CHECK(y.wait() == 0);
}

TEST_CASE("rota-sim refuses wrong arguments", "[sim]") {
  directory dir;
  const auto file = dir.write("sim.yaml", good);
  for (const auto& args : std::vector<std::vector<std::string>>{
           {},
           {"--config"},
           {"--confg", file},
           {"--config", file, "--listen", "here"},
           {"--config", file, "--listen", "127.0.0.1:70000"},
           {"--config", (dir.path / "none.yaml").string()}}) {
    program x{args};
    CHECK(x.wait() == 2);
    CHECK_FALSE(x.text.empty());
  }
  program help{{"--help"}};
  CHECK(help.wait() == 0);
  CHECK_THAT(help.text, ContainsSubstring("Example: rota-sim --config"));
}
