#include "tests/support/load_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

namespace rota {

namespace {

struct reception {
  std::string body;
  bool leaves = false;
};

size_t receive(char* data, size_t, size_t size, void* to) {
  auto& x = *static_cast<reception*>(to);
  x.body.append(data, size);
  return x.leaves ? 0 : size; // Another number than `size` breaks it off.
}

class client {
public:
  explicit client(uint16_t port)
    : base_{"http://127.0.0.1:" + std::to_string(port)},
      easy_{curl_easy_init(), &curl_easy_cleanup} {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_TIMEOUT_MS, 60'000L);
    set(CURLOPT_WRITEFUNCTION, &receive);
  }

  load_reply send(const load_request& x) {
    const auto begin = std::chrono::steady_clock::now();
    reception got{{}, x.leaves};
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{
      curl_slist_append(nullptr, "content-type: application/json"),
      &curl_slist_free_all};
    for (const auto& y : x.headers)
      curl_slist_append(headers.get(), y.c_str());
    set(CURLOPT_URL, (base_ + x.target).c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(x.body.size()));
    set(CURLOPT_POSTFIELDS, x.body.c_str());
    set(CURLOPT_WRITEDATA, &got);
    load_reply result;
    if (const auto code = curl_easy_perform(easy_.get()); code != CURLE_OK)
      result.broken = curl_easy_strerror(code);
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    result.status = static_cast<int>(status);
    result.body = std::move(got.body);
    result.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::steady_clock::now() - begin)
                       .count();
    return result;
  }

private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  std::string base_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
};

} // namespace

std::vector<std::string>
drive(uint16_t port, size_t count, size_t clients,
      const std::function<load_request(size_t)>& make,
      const std::function<std::string(size_t, const load_reply&)>& judge) {
  std::vector<std::string> faults;
  std::mutex judging;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    client it{port};
    for (size_t i; (i = next++) < count;) {
      const auto reply = it.send(make(i));
      const std::lock_guard guard{judging};
      if (auto fault = judge(i, reply); !fault.empty())
        faults.push_back("request " + std::to_string(i) + ": " + fault);
    }
  };
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < std::min(clients, count); ++i)
    threads.emplace_back(work);
  threads.clear(); // Which joins them.
  return faults;
}

load_reply drive(uint16_t port, const load_request& x) {
  return client{port}.send(x);
}

} // namespace rota
