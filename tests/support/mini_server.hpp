#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rota {

class mini_server;

/// One request that a mini_server received, and the means to answer it, well
/// or badly.
class mini_exchange {
public:
  std::string method;
  std::string target;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Which request on its connection this is, from 0.
  size_t nth = 0;

  /// @returns The first header of that name, or an empty view.
  std::string_view header(std::string_view name) const;

  /// Sends a whole answer with its length.
  void reply(int status, std::string_view content,
             std::string_view content_type = "application/json",
             std::string_view more_headers = {});

  /// Sends bytes as they are. @returns Whether the peer is still there.
  bool raw(std::string_view bytes);

  /// Ends the connection with a reset.
  void reset();

  /// Ends the connection in order.
  void close();

  /// Waits until the peer hangs up or the server stops.
  void stall();

private:
  friend class mini_server;
  mini_server* server_ = nullptr;
  int fd_ = -1;
};

/// A real HTTP server for tests, on a free loopback port: a thread for each
/// connection, and a handler for each path.
class mini_server {
public:
  using handler = std::function<void(mini_exchange&)>;

  mini_server();
  ~mini_server();
  mini_server(const mini_server&) = delete;
  mini_server& operator=(const mini_server&) = delete;

  /// Answers requests to a path (without the query); others get 404.
  void on(const std::string& path, handler f);

  /// @returns "http://127.0.0.1:PORT".
  std::string url() const;

  /// @returns Requests to that path that arrived whole.
  size_t hits(const std::string& path) const;

  /// @returns Requests that began to arrive and did not end.
  size_t torn() const;

  /// @returns Connections accepted.
  size_t connections() const;

  /// @returns What was asked last, whatever the path.
  mini_exchange last() const;

  /// @returns A loopback port where nobody listens.
  static int free_port();

private:
  friend class mini_exchange;
  void accept_all();
  void serve(int fd);
  bool read_request(int fd, std::string& buffer, mini_exchange& x);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::map<std::string, handler> handlers_;
  std::map<std::string, size_t> hits_;
  mini_exchange last_;
  std::vector<int> open_;
  size_t accepted_ = 0;
  size_t torn_ = 0;
  size_t serving_ = 0;
  std::thread acceptor_;
};

} // namespace rota
