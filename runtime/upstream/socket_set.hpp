#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rota {

/// Who reads and writes a socket.
class socket_owner {
public:
  /// The socket has an event.
  /// @param mask Some of CURL_CSELECT_{IN, OUT, ERR}.
  virtual void act(int fd, int mask) = 0;

protected:
  ~socket_owner() = default;
};

/// The sockets towards providers, watched by an epoll instance of their own.
/// That instance stands in the event loop as one readable descriptor, so that
/// a socket costs the loop nothing.
///
/// A socket that nobody wants watched any more stays armed until it speaks
/// once more: mostly it is wanted again before. Events carry the socket and a
/// generation, since a socket may be closed and its number used again within
/// one batch of events.
class socket_set {
public:
  socket_set();
  ~socket_set();
  socket_set(const socket_set&) = delete;
  socket_set& operator=(const socket_set&) = delete;

  /// The epoll instance: readable while any socket has an event.
  int descriptor() const noexcept {
    return epoll_;
  }

  /// Watches a socket on behalf of `owner`.
  /// @param what One of CURL_POLL_{IN, OUT, INOUT, REMOVE}.
  void watch(int fd, int what, socket_owner* owner);

  /// Forgets a socket that is about to be closed.
  void forget(int fd);

  /// Lets the owner of each socket with an event act; it may change the set.
  /// @returns Whether there may be more.
  bool poll();

private:
  static constexpr size_t batch_max = 64;

  struct entry {
    socket_owner* owner = nullptr; ///< Null: not wanted.
    uint32_t generation = 0;
    uint32_t armed = 0; ///< What epoll watches.
    bool known = false; ///< Whether epoll knows this socket.
  };

  struct event {
    socket_owner* owner = nullptr;
    int fd = -1;
    int mask = 0;
  };

  size_t fetch();
  event take(size_t i);
  void arm(int fd, entry& x, uint32_t events);

  int epoll_;
  std::vector<entry> entries_; // By number of the socket.
};

} // namespace rota
