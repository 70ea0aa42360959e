// The admin API's door: who may stay how long, and what a handler that fails
// does to the others.

#include "runtime/admin/server.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <future>
#include <list>
#include <optional>
#include <stdexcept>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto brief = 50ms;

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

/// A server that greets, unless a test wants something else of it.
struct fixture {
  temp_dir dir;
  std::string path = dir / "door.sock";
  admin_server::handler handler = [](admin_exchange& x) {
    x.reply(200, "text/plain", "hello\n");
  };
  std::optional<admin_server> door;

  void open(milliseconds patience = admin_server::default_patience) {
    door.emplace(path, [this](admin_exchange& x) { handler(x); }, patience);
  }
};

/// Whether a client is served now.
bool is_served(raw_client& x) {
  return x.send(get_hello)
         && x.receive_until("hello\n").starts_with("HTTP/1.1 200");
}

template <class T>
bool comes(std::future<T>& x) {
  return x.wait_for(10s) == std::future_status::ready;
}

/// While it lives, this process can open no more files.
class no_files {
public:
  no_files() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    auto none = before_;
    none.rlim_cur = 3; // Those that are open stay so.
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }

  ~no_files() {
    setrlimit(RLIMIT_NOFILE, &before_);
  }

  no_files(const no_files&) = delete;
  no_files& operator=(const no_files&) = delete;

private:
  rlimit before_{};
};

/// A client that can connect while there are no files to open.
class ready_client {
public:
  ready_client() {
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }

  ~ready_client() {
    close(fd_);
  }

  ready_client(const ready_client&) = delete;
  ready_client& operator=(const ready_client&) = delete;

  bool connect(const std::string& path) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof(to.sun_path) - 1);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to))
           == 0;
  }

  bool send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
           == static_cast<ssize_t>(bytes.size());
  }

  /// @returns What comes first; empty if the server closed.
  std::string receive() const {
    std::string result(1'000, '\0');
    const auto size = recv(fd_, result.data(), result.size(), 0);
    result.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return result;
  }

private:
  int fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

std::chrono::nanoseconds processor_time() {
  timespec x{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &x);
  return std::chrono::seconds{x.tv_sec} + std::chrono::nanoseconds{x.tv_nsec};
}

} // namespace

TEST_CASE_METHOD(fixture, "who says nothing is cut off", "[admin]") {
  open(brief);
  raw_client silent{path};
  CHECK(silent.closed());
  raw_client half{path};
  CHECK(half.send("GET /hello HT"));
  CHECK(half.closed());
  raw_client served{path};
  CHECK(is_served(served));
  CHECK(served.closed());
}

TEST_CASE_METHOD(fixture, "who stops sending is cut off", "[admin]") {
  std::promise<bool> whole;
  handler = [&whole](admin_exchange& x) {
    std::string body;
    whole.set_value(x.read_small_body(body, 100));
  };
  open(brief);
  raw_client slow{path};
  CHECK(slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"));
  auto said = whole.get_future();
  REQUIRE(comes(said));
  CHECK_FALSE(said.get());
  CHECK(slow.closed());
}

TEST_CASE_METHOD(fixture, "who stops reading is cut off", "[admin]") {
  std::promise<uint64_t> written;
  handler = [&written](admin_exchange& x) {
    x.begin(200, "text/plain");
    const std::string piece(64 * 1024, 'x');
    uint64_t count = 0;
    while (x.write(piece))
      ++count;
    written.set_value(count);
  };
  open(brief);
  raw_client full{path};
  CHECK(full.send(get_hello));
  auto said = written.get_future();
  REQUIRE(comes(said));
  CHECK(full.closed());
}

TEST_CASE_METHOD(fixture, "a newcomer has the place of the longest idle",
                 "[admin]") {
  std::promise<void> begun;
  std::promise<void> go_on;
  handler = [&](admin_exchange& x) {
    if (x.path() == "/long") {
      begun.set_value();
      go_on.get_future().wait();
    }
    x.reply(200, "text/plain", "hello\n");
  };
  open();
  raw_client busy{path};
  CHECK(busy.send(get("/long")));
  auto entered = begun.get_future();
  REQUIRE(comes(entered));
  std::list<raw_client> idle;
  while (idle.size() + 1 < admin_server::max_connections)
    idle.emplace_back(path);
  CHECK(is_served(idle.front())); // So that the next is idle for longer.
  CHECK(is_served(idle.back()));
  raw_client fresh{path};
  CHECK(is_served(fresh));
  CHECK(std::next(idle.begin())->closed());
  CHECK(is_served(idle.front()));
  CHECK(is_served(*std::next(idle.begin(), 2)));
  go_on.set_value();
  CHECK(busy.receive_until("hello\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE_METHOD(fixture, "who finds all places busy has the next", "[admin]") {
  std::promise<void> go_on;
  const auto gate = go_on.get_future().share();
  std::atomic<size_t> busy = 0;
  std::promise<void> full;
  handler = [&](admin_exchange& x) {
    if (++busy == admin_server::max_connections)
      full.set_value();
    gate.wait();
    x.reply(200, "text/plain", "hello\n");
  };
  open();
  std::list<raw_client> all;
  for (size_t i = 0; i < admin_server::max_connections; ++i)
    CHECK(all.emplace_back(path).send(get_hello));
  auto taken = full.get_future();
  REQUIRE(comes(taken));
  raw_client late{path};
  CHECK(late.send(get_hello));
  go_on.set_value();
  CHECK(late.receive_until("hello\n").starts_with("HTTP/1.1 200"));
  for (auto& x : all)
    CHECK(x.receive_until("hello\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE_METHOD(fixture, "without files to open it waits, and does not spin",
                 "[admin]") {
  std::promise<void> served;
  handler = [&served](admin_exchange& x) {
    served.set_value();
    x.reply(200, "text/plain", "hello\n");
  };
  const ready_client first;
  const ready_client second;
  open();
  std::optional<no_files> limit{std::in_place};
  CHECK(first.connect(path)); // An accept that waits already has a number.
  CHECK(second.connect(path));
  CHECK(second.send(get_hello));
  auto said = served.get_future();
  const auto before = processor_time();
  CHECK(said.wait_for(300ms) == std::future_status::timeout);
  CHECK(processor_time() - before < 30ms);
  SECTION("and goes on when there are some") {
    limit.reset();
    CHECK(second.receive().starts_with("HTTP/1.1 200"));
  }
  SECTION("and stops all the same") {
    door->stop();
    limit.reset();
    door.reset();
    CHECK(second.receive().empty());
  }
}

TEST_CASE_METHOD(fixture, "a handler that fails is told, and heard no more of",
                 "[admin]") {
  open();
  handler = [](admin_exchange& x) {
    if (x.path() == "/late")
      x.begin(200, "text/plain");
    if (x.path() == "/late" && x.write("some\n"))
      throw std::runtime_error{"broken"};
    if (x.path() == "/early")
      throw std::runtime_error{"broken"};
    x.reply(200, "text/plain", "hello\n");
  };
  raw_client early{path};
  CHECK(early.send(get("/early")));
  const auto said = early.receive_until("}}\n");
  CHECK(said.starts_with("HTTP/1.1 500"));
  CHECK_THAT(said, ContainsSubstring(R"({"error":{"code":"internal","message":)"
                                     R"("rotad failed at this request; its log)"
                                     R"( says why."}})"));
  CHECK(is_served(early));
  raw_client late{path};
  CHECK(late.send(get("/late")));
  const auto half = late.receive_all();
  CHECK(half.starts_with("HTTP/1.1 200"));
  CHECK(half.ends_with("5\r\nsome\n\r\n")); // No last chunk: not whole.
  CHECK(late.closed());
}

TEST_CASE_METHOD(fixture, "a reply without an end is none", "[admin]") {
  handler = [](admin_exchange& x) {
    x.begin(200, "text/plain");
    x.write("some\n");
    if (x.path() == "/whole")
      x.end();
  };
  open();
  raw_client x{path};
  CHECK(x.send(get("/whole")));
  CHECK(x.receive_until("0\r\n\r\n").ends_with("some\n\r\n0\r\n\r\n"));
  CHECK(x.send(get("/half")));
  CHECK(x.receive_all().ends_with("some\n\r\n"));
  CHECK(x.closed());
}

TEST_CASE_METHOD(fixture, "a plus is a space in a query, not in a path",
                 "[admin]") {
  handler = [](admin_exchange& x) {
    x.reply(200, "text/plain", x.path() + '|' + x.query("a b") + "|\n");
  };
  open();
  raw_client x{path};
  CHECK(x.send(get("/a+b%20c%2Bd?a+b=e+f%2Bg")));
  CHECK_THAT(x.receive_until("|\n"), ContainsSubstring("/a+b c+d|e f+g|\n"));
}
