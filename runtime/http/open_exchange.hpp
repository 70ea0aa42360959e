#pragma once

// The inside of http_listener: an exchange as the handler sees it.

#include "actors/domain/header_text.hpp"
#include "runtime/http/connection.hpp"
#include "runtime/http/head.hpp"

#include <utility>

namespace rota {

/// The exchange as the handler sees it.
class open_exchange final : public http_exchange {
public:
  open_exchange(std::shared_ptr<http_connection> way,
                http_connection::parser&& p, header_list headers)
      : way_{std::move(way)}, headers_{std::move(headers)} {
    auto message = p.release();
    method_ = message.method_string();
    target_ = origin_form(message.target());
    body_ = std::make_shared<const std::string>(std::move(message.body()));
  }

  ~open_exchange() override {
    if (!answered_)
      way_->close();
  }

  std::string_view method() const override {
    return method_;
  }

  std::string_view target() const override {
    return target_;
  }

  const header_list& headers() const override {
    return headers_;
  }

  std::string_view header(std::string_view name) const override {
    for (const auto& [key, value] : headers_)
      if (same_name(key, name))
        return value;
    return {};
  }

  std::string_view body() const override {
    return *body_;
  }

  std::shared_ptr<const void> body_owner() const override {
    return body_;
  }

  const std::string& peer() const override {
    return way_->peer();
  }

  void answer(int status, const header_list& headers,
              std::string body) override {
    answered_ = true;
    way_->answer(status, joined(headers), std::move(body));
  }

  void begin(int status, const header_list& headers) override {
    way_->begin(status, joined(headers));
  }

  bool write(std::string_view piece) override {
    return answered_ || way_->write(piece);
  }

  void end() override {
    answered_ = true;
    way_->end(true);
  }

  void cut() override {
    answered_ = true;
    way_->end(false);
  }

  void abort() override {
    answered_ = true;
    way_->close();
  }

  /// Nobody waits for an answer any more.
  void lose() {
    if (std::exchange(answered_, true))
      return;
    if (const auto f = std::exchange(on_gone, {}))
      f();
  }

private:
  const header_list& joined(const header_list& own) {
    if (also.empty())
      return own;
    also.insert(also.begin(), own.begin(), own.end());
    return also;
  }

  std::shared_ptr<http_connection> way_;
  std::string method_;
  std::string target_;
  header_list headers_;
  std::shared_ptr<const std::string> body_;
  bool answered_ = false;
};

} // namespace rota
