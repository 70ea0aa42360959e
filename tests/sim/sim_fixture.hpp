#pragma once

#include "tools/sim/load.hpp"
#include "tools/sim/server.hpp"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rota {

/// What a real HTTP call brought.
struct http_result {
  /// 0: none arrived.
  long status = 0;
  CURLcode error = CURLE_OK;
  std::string head;
  std::string body;
  long connections = 0;

  nlohmann::json json() const {
    return nlohmann::json::parse(body);
  }
};

/// A caller with a connection of its own.
class http_caller {
public:
  explicit http_caller(std::string base) : base_{std::move(base)} {
    // nop
  }

  ~http_caller() {
    curl_easy_cleanup(curl_);
  }

  http_caller(const http_caller&) = delete;
  http_caller& operator=(const http_caller&) = delete;

  http_result get(const std::string& path,
                  const std::vector<std::string>& headers = {}) {
    return call(path, nullptr, headers);
  }

  http_result post(const std::string& path, const std::string& body,
                   const std::vector<std::string>& headers = {}) {
    return call(path, &body, headers);
  }

  /// How long a call may take.
  std::chrono::milliseconds patience{20'000};

private:
  static size_t append(char* data, size_t, size_t n, void* out) {
    static_cast<std::string*>(out)->append(data, n);
    return n;
  }

  http_result call(const std::string& path, const std::string* body,
                   const std::vector<std::string>& headers) {
    http_result result;
    curl_slist* list = nullptr;
    for (const auto& x : headers)
      list = curl_slist_append(list, x.c_str());
    const auto url = base_ + path;
    curl_easy_reset(curl_);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(patience.count()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &result.body);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, append);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &result.head);
    if (body != nullptr) {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE,
                       static_cast<long>(body->size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body->c_str());
    }
    result.error = curl_easy_perform(curl_);
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &result.status);
    curl_easy_getinfo(curl_, CURLINFO_NUM_CONNECTS, &result.connections);
    curl_slist_free_all(list);
    return result;
  }

  std::string base_;
  CURL* curl_ = curl_easy_init();
};

/// A simulator on a free loopback port, in a thread of its own.
class running_sim {
public:
  explicit running_sim(const std::string& yaml)
      : server_{read(yaml), "127.0.0.1", 0}, thread_{
                                                 [this] { server_.run(); }} {
    // nop
  }

  ~running_sim() {
    server_.stop();
    thread_.join();
  }

  running_sim(const running_sim&) = delete;
  running_sim& operator=(const running_sim&) = delete;

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port());
  }

  /// @returns The true books of the first account, or of all.
  nlohmann::json books() const {
    return http_caller{url()}.get("/sim/books").json();
  }

  nlohmann::json account(size_t index = 0) const {
    return books().at("accounts").at(index);
  }

private:
  static sim::options read(const std::string& yaml) {
    auto x = sim::parse_options(yaml, "test");
    if (!x.faults.empty())
      throw std::runtime_error{x.faults.front()};
    return x.opts;
  }

  sim::server server_;
  std::thread thread_;
};

} // namespace rota
