#include "tests/support/nginx.hpp"

#include "tests/support/mini_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace rota {

namespace {

constexpr auto patience = std::chrono::seconds{10};

std::string make_directory() {
  std::string name = std::filesystem::temp_directory_path() / "rota-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error{"cannot make a temporary directory"};
  return name;
}

std::string config(const std::filesystem::path& dir, int port,
                   const std::string& pass_to) {
  const auto at = [&dir](const char* name) { return (dir / name).string(); };
  auto text = "daemon off;\nmaster_process off;\nworker_processes 1;\npid "
              + at("pid") + ";\nerror_log " + at("error.log")
              + ";\nevents { worker_connections 512; }\nhttp {\n"
                "access_log off;\nclient_max_body_size 64m;\n";
  for (const auto name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    text += std::string{name} + "_temp_path " + at(name) + ";\n";
  text += "server {\nlisten 127.0.0.1:" + std::to_string(port)
          + " ssl http2;\nssl_certificate " + at("cert.pem")
          + ";\nssl_certificate_key " + at("key.pem")
          + ";\nlocation / {\nproxy_pass " + pass_to
          + ";\nproxy_set_header x-protocol $server_protocol;\n"
            "proxy_set_header x-connection $connection;\n} } }\n";
  return text;
}

} // namespace

bool nginx::installed() {
  return std::system("command -v nginx >/dev/null && "
                     "command -v openssl >/dev/null")
         == 0;
}

nginx::nginx(const std::string& pass_to) : dir_{make_directory()} {
  const auto command
    = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
      "-nodes -days 2 -subj /CN=rota-test -addext "
      "subjectAltName=IP:127.0.0.1 -keyout "
      + (dir_ / "key.pem").string() + " -out " + ca_file() + " 2>/dev/null";
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error{"openssl made no certificate"};
  // Somebody may take the free port in between; then another is tried.
  for (int i = 0; i < 3; ++i) {
    start(pass_to);
    if (comes_up())
      return;
    stop();
  }
  throw std::runtime_error{"nginx did not come up"};
}

nginx::~nginx() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::string nginx::url() const {
  return "https://127.0.0.1:" + std::to_string(port_);
}

std::string nginx::ca_file() const {
  return dir_ / "cert.pem";
}

void nginx::start(const std::string& pass_to) {
  port_ = mini_server::free_port();
  const std::string file = dir_ / "nginx.conf";
  std::ofstream{file} << config(dir_, port_, pass_to);
  const std::string log = dir_ / "error.log";
  const std::string prefix = dir_;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // It must not outlive the test.
    ::execlp("nginx", "nginx", "-p", prefix.c_str(), "-c", file.c_str(), "-e",
             log.c_str(), nullptr);
    ::_exit(127);
  }
}

bool nginx::comes_up() const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port_));
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_)
      return false;
    const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto rc = ::connect(fd, reinterpret_cast<sockaddr*>(&address),
                              sizeof(address));
    ::close(fd);
    if (rc == 0)
      return true;
    std::this_thread::yield();
  }
  return false;
}

void nginx::stop() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

} // namespace rota
