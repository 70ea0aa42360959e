#pragma once

#include "messages/time.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <poll.h>

namespace rota {

/// Blocking reads and writes on a socket, until its peer has let them wait for
/// too long: error `timed_out`. Asio's own wait for ever, whatever SO_RCVTIMEO
/// and SO_SNDTIMEO say.
class patient_socket {
public:
  using socket = boost::asio::local::stream_protocol::socket;
  using error_code = boost::system::error_code;

  /// @throws boost::system::system_error if the socket cannot be set up.
  patient_socket(socket& with, milliseconds patience);

  template <class Buffers>
  size_t read_some(const Buffers& to, error_code& err) {
    return persist(POLLIN, err, [&] { return socket_.read_some(to, err); });
  }

  template <class Buffers>
  size_t write_some(const Buffers& from, error_code& err) {
    return persist(POLLOUT, err, [&] { return socket_.write_some(from, err); });
  }

  /// The same, throwing, for those who ask for a whole SyncStream.
  template <class Buffers>
  size_t read_some(const Buffers& to) {
    return sure([&](error_code& err) { return read_some(to, err); });
  }

  template <class Buffers>
  size_t write_some(const Buffers& from) {
    return sure([&](error_code& err) { return write_some(from, err); });
  }

  /// Tells the peer that nothing more comes.
  void end_sending(error_code& err);

private:
  template <class F>
  size_t persist(short event, error_code& err, F step) {
    for (;;) {
      const auto size = step();
      if (err != boost::asio::error::would_block)
        return size;
      err = wait_for(event);
      if (err)
        return 0;
    }
  }

  template <class F>
  static size_t sure(F step) {
    error_code err;
    const auto size = step(err);
    if (err)
      throw boost::system::system_error{err};
    return size;
  }

  error_code wait_for(short event) const;

  socket& socket_;
  milliseconds patience_;
};

} // namespace rota
