#pragma once

#include "runtime/admin/patient_socket.hpp"
#include "runtime/admin/server.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace rota {

/// A request and its reply over a unix socket; each call blocks.
class socket_exchange : public admin_exchange {
public:
  /// @param buffer Bytes that were read ahead, of this request or the next.
  socket_exchange(patient_socket& with, boost::beast::flat_buffer& buffer);

  /// @returns False if no whole head came.
  bool read_head();

  /// Whether the client was told anything yet.
  bool has_begun() const;

  /// Whether another request may follow: not behind a reply without an end.
  bool go_on() const;

  const std::string& method() const override;
  const std::string& path() const override;
  std::string query(const std::string& name) const override;
  bool read_body(const std::function<bool(std::string_view)>& piece) override;
  void reply(int status, const std::string& content_type,
             std::string body) override;
  void begin(int status, const std::string& content_type) override;
  bool write(std::string_view piece) override;
  void end() override;

private:
  void give_up_body();
  void linger();

  patient_socket& socket_;
  boost::beast::flat_buffer& buffer_;
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
  std::string method_;
  std::string path_;
  std::map<std::string, std::string> query_;
  bool keep_alive_ = false;
  bool begun_ = false;
  bool ended_ = false;
};

} // namespace rota
