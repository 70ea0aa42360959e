#include "runtime/upstream/answer_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace rota {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using view = boost::beast::string_view;

std::string_view to_std(view x) {
  return {x.data(), x.size()};
}

/// Beast tells no header before it has the whole head. Takers refuse one of
/// more than 64 KiB.
constexpr uint32_t head_bytes_max = 66'000;

} // namespace

class answer_reader::parser : public http::basic_parser<false> {
public:
  explicit parser(answer_taker& to) : to_{to} {
    header_limit(head_bytes_max);
    body_limit(boost::none);
    eager(true);
  }

  /// The taker wants no more.
  bool stopped = false;
  bool full = false;
  int status = 0;

private:
  void stop(error_code& error) {
    stopped = true;
    error = http::error::need_buffer;
  }

  size_t take(view piece, error_code& error) {
    switch (to_.take_body(to_std(piece))) {
      case answer_taker::taken::all:
        return piece.size();
      case answer_taker::taken::nothing_now:
        full = true;
        error = http::error::need_buffer;
        return 0;
      case answer_taker::taken::too_much:
        break;
    }
    stop(error);
    return 0;
  }

  void on_request_impl(http::verb, view, view, int, error_code&) override {
    // Never called for answers.
  }

  void on_response_impl(int code, view, int, error_code&) override {
    status = code;
    to_.begin_head(code);
  }

  void on_field_impl(http::field, view name, view value,
                     error_code& error) override {
    // A trailer comes too late to be told.
    if (!headed_ && !to_.take_header(to_std(name), to_std(value)))
      stop(error);
  }

  void on_header_impl(error_code&) override {
    headed_ = true;
    to_.end_head();
  }

  void on_body_init_impl(const boost::optional<uint64_t>&,
                         error_code&) override {
    // nop
  }

  size_t on_body_impl(view piece, error_code& error) override {
    return take(piece, error);
  }

  void on_chunk_header_impl(uint64_t, view, error_code&) override {
    // nop
  }

  size_t on_chunk_body_impl(uint64_t, view piece,
                            error_code& error) override {
    return take(piece, error);
  }

  void on_finish_impl(error_code&) override {
    // nop
  }

  answer_taker& to_;
  bool headed_ = false;
};

answer_reader::answer_reader() = default;

answer_reader::~answer_reader() = default;

void answer_reader::begin(answer_taker& to) {
  to_ = &to;
  parser_ = std::make_unique<parser>(to);
}

answer_reader::state answer_reader::feed(std::string_view bytes) {
  if (!rest_.empty()) {
    rest_ += bytes;
    bytes = rest_;
  }
  size_t used = 0;
  const auto result = parse(bytes, used);
  if (rest_.empty())
    rest_ = bytes.substr(used);
  else
    rest_.erase(0, used);
  return result;
}

answer_reader::state answer_reader::parse(std::string_view bytes,
                                          size_t& used) {
  for (;;) {
    if (parser_->is_done())
      return state::whole;
    const auto left = bytes.substr(used);
    // Beast asserts that it gets at least so much once it has seen the last
    // chunk's size; no chunked body ends with less.
    const auto in_chunks = parser_->is_header_done() && parser_->chunked();
    if (left.size() < (in_chunks ? 5 : 1))
      return state::hungry;
    error_code error;
    parser_->full = false;
    const auto n
      = parser_->put(boost::asio::buffer(left.data(), left.size()), error);
    used += n;
    if (parser_->stopped)
      return state::failed;
    if (parser_->full)
      return state::paused;
    if (error == http::error::need_more || (!error && n == 0))
      return state::hungry;
    if (error == http::error::header_limit) {
      to_->refuse_head();
      return state::failed;
    }
    if (error)
      return fail("its answer is no HTTP/1.1: " + error.message());
    if (parser_->is_done() && parser_->status < 200 && parser_->status != 101)
      begin(*to_); // That was an interim head.
  }
}

answer_reader::state answer_reader::end_of_stream() {
  error_code error;
  if (is_at_start())
    error = http::error::end_of_stream;
  else if (!parser_->is_done())
    parser_->put_eof(error);
  if (error || !rest_.empty())
    return fail("it was closed within the answer");
  return state::whole;
}

bool answer_reader::is_at_start() const {
  return !parser_->got_some();
}

bool answer_reader::is_reusable() const {
  return rest_.empty() && parser_ != nullptr && parser_->is_done()
         && parser_->keep_alive();
}

answer_reader::state answer_reader::fail(std::string_view why) {
  to_->broke(why);
  return state::failed;
}

} // namespace rota
