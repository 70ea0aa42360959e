#include "runtime/admin/patient_socket.hpp"

#include <algorithm>
#include <cerrno>

namespace rota {

patient_socket::patient_socket(socket& with, milliseconds patience)
  : socket_{with}, patience_{patience} {
  socket_.non_blocking(true);
}

void patient_socket::end_sending(error_code& err) {
  socket_.shutdown(socket::shutdown_send, err);
}

patient_socket::error_code patient_socket::wait_for(short event) const {
  using steady = std::chrono::steady_clock;
  const auto end = steady::now() + patience_;
  pollfd ready{socket_.native_handle(), event, 0};
  for (;;) {
    const auto left = std::max(
      std::chrono::ceil<milliseconds>(end - steady::now()), milliseconds{0});
    const auto n = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (n > 0)
      return {};
    if (n == 0)
      return boost::asio::error::timed_out;
    if (errno != EINTR)
      return {errno, boost::system::system_category()};
  }
}

} // namespace rota
