#include "runtime/notify/payload.hpp"

#include "actors/domain/bounded_json.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <random>
#include <stdexcept>

namespace rota {

namespace {

/// Only for people's eyes; what is booked never becomes floating point.
double as_number(money x) {
  return std::stod(to_string(x));
}

} // namespace

std::string webhook_body(const alert& x, std::string_view host,
                         std::string_view id) {
  nlohmann::ordered_json result;
  result["event"] = to_string(x.kind);
  result["state"] = to_string(x.state);
  result["severity"] = to_string(x.level);
  result["time"] = to_string(x.at);
  result["since"] = to_string(x.since);
  result["host"] = host;
  if (!x.account.empty()) {
    result["account"] = {{"name", x.account}, {"provider", x.provider}};
    result["balance"] = {{"value", as_number(x.available)},
                         {"currency", "USD"},
                         {"threshold", as_number(x.floor)}};
  }
  result["text"] = x.text;
  result["id"] = id;
  // A name may hold anything; it must not keep an alert from being sent.
  return result.dump(-1, ' ', false,
                     nlohmann::ordered_json::error_handler_t::replace);
}

std::string webhook_signature(std::string_view key, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(),
           digest.data(), &size)
      == nullptr)
    throw std::runtime_error{"OpenSSL cannot compute HMAC-SHA256"};
  std::string result{"sha256="};
  for (unsigned int i = 0; i < size; ++i) {
    constexpr auto digits = "0123456789abcdef";
    result += digits[digest[i] >> 4];
    result += digits[digest[i] & 15];
  }
  return result;
}

std::string new_event_id(timestamp t) {
  // Crockford's base 32: 10 characters of milliseconds, 16 of randomness.
  constexpr auto digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::string result(26, '0');
  auto time = static_cast<uint64_t>(t.millis);
  for (int i = 9; i >= 0; --i, time >>= 5)
    result[static_cast<size_t>(i)] = digits[time & 31];
  for (size_t i = 10; i < result.size(); ++i)
    result[i] = digits[random() & 31];
  return result;
}

bool was_taken(const upstream_outcome& x) {
  if (x.ended != transport::ok || x.status < 200 || x.status >= 400)
    return false;
  const auto body = parse_bounded(x.body);
  if (!body.is_object())
    return true;
  for (const auto name : {"errcode", "StatusCode", "code"})
    if (const auto i = body.find(name);
        i != body.end() && i->is_number() && *i != 0 && *i != 200)
      return false;
  const auto ok = body.find("ok");
  return ok == body.end() || *ok != false;
}

bool may_try_again(const upstream_outcome& x) {
  return x.ended != transport::ok || x.status == 429 || x.status >= 500;
}

std::optional<milliseconds> wanted_pause(const upstream_outcome& x) {
  const auto text = x.header("retry-after");
  uint32_t seconds = 0;
  const auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return milliseconds{int64_t{seconds} * 1'000};
}

} // namespace rota
