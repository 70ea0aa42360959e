#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rota {

/// A daemon that says what a test wants: HTTP over a unix socket, one request
/// a connection, one connection after the other.
class fake_admin {
public:
  struct request {
    std::string method;
    std::string path;  ///< As it came, without the query.
    std::string query; ///< As it came.
    std::string body;  ///< Its first megabyte.
    uint64_t body_size = 0;
    /// Whether the body came to its end.
    bool whole = false;
  };

  /// Takes a piece of the body. @returns Whether the peer is still there.
  using send_piece = std::function<bool(std::string_view)>;

  struct answer {
    int status = 200;
    std::string body;
    /// Sends a body of any length instead. It returns whether that was all;
    /// otherwise the connection breaks off.
    std::function<bool(const send_piece&)> stream;
  };

  explicit fake_admin(const std::string& socket);
  ~fake_admin();
  fake_admin(const fake_admin&) = delete;
  fake_admin& operator=(const fake_admin&) = delete;

  /// Answers to a request such as "GET /admin/v1/status". Several for one
  /// request are given in turn, the last of them for ever.
  void on(const std::string& request, std::vector<answer> answers);
  void on(const std::string& request, const std::string& body,
          int status = 200);

  /// What was asked so far.
  std::vector<request> seen();
  size_t count(const std::string& request);

private:
  void serve();
  void converse(int peer);
  answer answer_to(const request& x);

  int listener_ = -1;
  int stop_[2] = {-1, -1};
  std::mutex mutex_;
  std::map<std::string, std::vector<answer>> answers_;
  std::vector<request> seen_;
  std::thread thread_;
};

} // namespace rota
