#include "tests/e2e/stage.hpp"

#include <fstream>
#include <curl/curl.h>

#include <csignal>
#include <stdexcept>

namespace rota {

namespace {

size_t collect(char* data, size_t, size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

json http(const std::string& url, const std::string* body) {
  auto* easy = curl_easy_init();
  std::string reply;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
  if (body != nullptr)
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body->c_str());
  const auto code = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  if (code != CURLE_OK)
    throw std::runtime_error{url + ": " + curl_easy_strerror(code)};
  return json::parse(reply);
}

std::string replaced(std::string text, const std::string& what,
                     const std::string& by) {
  for (size_t i = 0; (i = text.find(what, i)) != std::string::npos;
       i += by.size())
    text.replace(i, what.size(), by);
  return text;
}

const std::string bin = ROTA_BIN_DIR;

} // namespace

stage::stage(const std::string& sim) {
  write_file(dir / "sim.yaml", "listen: 127.0.0.1:0\n" + sim);
  sim_ = std::make_unique<process>(
    "sim", dir,
    std::vector<std::string>{bin + "/rota-sim", "--config", dir / "sim.yaml",
                             "--port-file", dir / "port"});
  wait_until("the simulator listens: " + sim_->err(), [this] {
    if (!sim_->running())
      throw std::runtime_error{"rota-sim ended: " + sim_->err()};
    return !read_file(dir / "port").empty();
  });
  auto port = read_file(dir / "port");
  port.erase(port.find_last_not_of(" \n") + 1);
  base_url_ = "http://127.0.0.1:" + port;
}

std::string stage::completed(const std::string& config) {
  const auto listens = ('\n' + config).find("\nlisten: ") != std::string::npos;
  return "state_dir: " + (dir / "state") + "\nadmin: {socket: "
         + (dir / "rotad.sock") + "}\n" + replaced(config, "SIM", base_url_)
         + (listens ? "\n" : "\nlisten: 127.0.0.1:0\n");
}

void stage::rewrite(const std::string& config) {
  write_file(dir / "rota.yaml", completed(config));
}

void stage::start(const std::string& config) {
  rewrite(config);
  restart();
}

void stage::launch() {
  daemon_.reset();
  daemon_ = std::make_unique<process>(
    "rotad-" + std::to_string(++starts_), dir,
    std::vector<std::string>{bin + '/' + program_, "--config",
                             dir / "rota.yaml"},
    environment);
}

void stage::restart() {
  launch();
  wait_until("rotad is ready", [this] {
    if (!daemon_->running())
      throw std::runtime_error{"rotad ended: " + daemon_->err()};
    return daemon_->err().find("is ready") != std::string::npos;
  });
}

void stage::die_at(const std::string& point, int nth) {
  program_ = point.empty() ? "rotad" : "rotad-that-dies";
  environment["ROTA_KILL_AT"] = point + ':' + std::to_string(nth);
}

void stage::set_clock(int64_t seconds) {
  const auto path = dir / "clock";
  if (environment.emplace("ROTA_CLOCK", path).second) {
    environment["LD_PRELOAD"] = ROTA_BIN_DIR "/libjumping_clock.so";
    environment["ASAN_OPTIONS"] = "verify_asan_link_order=0";
    write_file(path, std::string(sizeof seconds, '\0'));
  }
  // In place, since whoever runs has it mapped.
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.write(reinterpret_cast<const char*>(&seconds), sizeof seconds);
}

void stage::stall_at(const std::string& point, const std::string& file) {
  program_ = "rotad-that-dies";
  environment["ROTA_STALL"] = point + ':' + file;
}

uint16_t stage::api_port() {
  const std::string listen = ask({"status"})["listen"];
  return static_cast<uint16_t>(
    std::stoi(listen.substr(listen.rfind(':') + 1)));
}

int stage::stop() {
  daemon_->signal(SIGTERM);
  return daemon_->wait();
}

void stage::kill() {
  daemon_->signal(SIGKILL);
  daemon_->wait();
}

run_result stage::rota(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{bin + "/rota", "--socket",
                                   dir / "rotad.sock"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(dir, command);
}

json stage::ask(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const auto x = rota(arguments);
  if (x.code != 0)
    throw std::runtime_error{"rota " + arguments.front() + " failed: "
                             + x.err};
  return json::parse(x.out);
}

json stage::books(const std::string& path) {
  return http(base_url_ + path, nullptr);
}

json stage::sim_post(const std::string& path, const std::string& body) {
  return http(base_url_ + path, &body);
}

json stage::finish(const std::string& batch) {
  json last;
  wait_until("batch " + batch + " ends", [&] {
    last = ask({"batch", batch});
    return last["state"] == "completed" || last["state"] == "cancelled";
  });
  return last;
}

run_result stage::refuse(const std::string& config,
                         const std::vector<std::string>& more) {
  write_file(dir / "refused.yaml", completed(config));
  std::vector<std::string> command{bin + "/rotad", "--config",
                                   dir / "refused.yaml"};
  command.insert(command.end(), more.begin(), more.end());
  return run_command(dir, command, environment);
}

std::string chat_lines(size_t count, const std::string& model,
                       int max_tokens) {
  std::string result;
  for (size_t i = 0; i < count; ++i)
    result += R"({"custom_id":"id-)" + std::to_string(i)
              + R"(","method":"POST","url":"/v1/chat/completions","body":{)"
                R"("model":")"
              + model + R"(","max_tokens":)" + std::to_string(max_tokens)
              + R"(,"messages":[{"role":"user","content":"Say )"
              + std::to_string(i) + R"( in French."}]}})" + '\n';
  return result;
}

} // namespace rota
