#pragma once

#include "runtime/upstream/answer_taker.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace rota {

/// Reads HTTP/1.1 answers from the bytes of a connection, one after the other,
/// and tells each to its taker. Source: RFC 9112.
class answer_reader {
public:
  enum class state {
    hungry, ///< Wants more bytes.
    paused, ///< The taker wants no more now.
    whole,  ///< The answer has ended.
    failed, ///< It never will; the taker knows why.
  };

  answer_reader();
  ~answer_reader();
  answer_reader(const answer_reader&) = delete;
  answer_reader& operator=(const answer_reader&) = delete;

  /// Begins with the next answer.
  void begin(answer_taker& to);

  /// Reads on; what it does not take now, it keeps. After a pause it may be
  /// called with no bytes.
  state feed(std::string_view bytes);

  /// No more bytes will come.
  state end_of_stream();

  /// @returns Whether nothing of the answer has come.
  bool is_at_start() const;

  /// @returns Whether the connection may carry another request: the last
  /// answer was whole, allows it, and nothing came after it.
  bool is_reusable() const;

private:
  class parser;

  state parse(std::string_view bytes, size_t& used);
  state fail(std::string_view why);

  answer_taker* to_ = nullptr;
  std::unique_ptr<parser> parser_;
  std::string rest_; // Came, but was not taken.
};

} // namespace rota
