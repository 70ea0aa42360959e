#include "runtime/storage/codec.hpp"

#include <zlib.h>

namespace rota {

namespace {

constexpr char version = 1;
constexpr size_t crc_bytes = 4;

uint32_t crc_of(std::string_view x) {
  return static_cast<uint32_t>(
    crc32_z(0, reinterpret_cast<const Bytef*>(x.data()), x.size()));
}

/// Writes the fields that `fields` names and reads.
class writer {
public:
  explicit writer(std::string& to) : to_{to}, begin_{to.size()} {
    to_ += version;
  }

  ~writer() {
    const auto crc = crc_of(std::string_view{to_}.substr(begin_));
    for (size_t i = 0; i < crc_bytes; ++i)
      to_ += static_cast<char>(crc >> (8 * i));
  }

  void number(uint64_t x) {
    while (x >= 0x80) {
      to_ += static_cast<char>(x | 0x80);
      x >>= 7;
    }
    to_ += static_cast<char>(x);
  }

  void operator()(const uint64_t& x) {
    number(x);
  }
  void operator()(const uint32_t& x) {
    number(x);
  }
  void operator()(const bool& x) {
    number(x ? 1 : 0);
  }
  void operator()(const int64_t& x) {
    number((static_cast<uint64_t>(x) << 1)
           ^ static_cast<uint64_t>(x >> 63));
  }
  void operator()(const int& x) {
    (*this)(int64_t{x});
  }
  void operator()(const std::string& x) {
    number(x.size());
    to_ += x;
  }
  template <class T>
  void operator()(const std::vector<T>& xs);

private:
  std::string& to_;
  size_t begin_;
};

class reader {
public:
  explicit reader(std::string_view record) {
    good_ = record.size() > crc_bytes && record[0] == version;
    if (!good_)
      return;
    const auto body = record.substr(0, record.size() - crc_bytes);
    uint32_t crc = 0;
    for (size_t i = 0; i < crc_bytes; ++i)
      crc |= static_cast<uint32_t>(
               static_cast<unsigned char>(record[body.size() + i]))
             << (8 * i);
    good_ = crc == crc_of(body);
    rest_ = body.substr(1);
  }

  /// Whether all was well and nothing is left over.
  bool done() const {
    return good_ && rest_.empty();
  }

  uint64_t number() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty())
        break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return result;
    }
    good_ = false;
    return 0;
  }

  void operator()(uint64_t& x) {
    x = number();
  }
  void operator()(uint32_t& x) {
    const auto wide = number();
    good_ = good_ && wide <= UINT32_MAX;
    x = static_cast<uint32_t>(wide);
  }
  void operator()(bool& x) {
    x = number() != 0;
  }
  void operator()(int64_t& x) {
    const auto zigzag = number();
    x = static_cast<int64_t>(zigzag >> 1)
        ^ -static_cast<int64_t>(zigzag & 1);
  }
  void operator()(int& x) {
    int64_t wide = 0;
    (*this)(wide);
    x = static_cast<int>(wide);
  }
  void operator()(std::string& x) {
    const auto size = number();
    if (size > rest_.size()) {
      good_ = false;
      return;
    }
    x.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  template <class T>
  void operator()(std::vector<T>& xs);

private:
  bool good_ = false;
  std::string_view rest_;
};

// Writing and reading follow one list of fields. Enumerations go as numbers.

template <class F, class T>
  requires std::is_enum_v<std::remove_const_t<T>>
void field(F& f, T& x) {
  auto number = static_cast<uint64_t>(x);
  f(number);
  if constexpr (!std::is_const_v<T>)
    x = static_cast<T>(number);
}

template <class F>
void field(F& f, auto& x)
  requires requires { f(x); } && (!std::is_enum_v<std::remove_reference_t<decltype(x)>>)
{
  f(x);
}

#define ROTA_FIELDS(type)                                                      \
  template <class F, class T>                                                  \
    requires std::is_same_v<std::remove_const_t<T>, type>                      \
  void field(F& f, T& x)

template <class F, class... Ts>
void all(F& f, Ts&... xs);

ROTA_FIELDS(money) {
  f(x.nanos);
}
ROTA_FIELDS(timestamp) {
  f(x.millis);
}
ROTA_FIELDS(account_id) {
  f(x.value);
}
ROTA_FIELDS(batch_id) {
  f(x.value);
}
ROTA_FIELDS(job_id) {
  all(f, x.batch, x.item);
}
ROTA_FIELDS(hold_id) {
  all(f, x.job, x.attempt);
}
ROTA_FIELDS(ledger_entry) {
  all(f, x.account, x.seq, x.kind, x.amount, x.hold, x.at, x.until,
      x.in_window, x.balance_after, x.held_after);
}
ROTA_FIELDS(open_hold) {
  all(f, x.id, x.amount, x.made_at, x.expires_at, x.in_doubt);
}
ROTA_FIELDS(account_head) {
  all(f, x.account, x.name, x.seq, x.balance, x.held, x.reading, x.read_at,
      x.spent_since_reading, x.funded, x.calls, x.spent, x.last_used,
      x.overruns, x.lates, x.holds);
}
ROTA_FIELDS(account_row) {
  all(f, x.account, x.admin, x.health, x.cooldown_until, x.ejections,
      x.failures, x.exhausted, x.reason);
}
ROTA_FIELDS(batch_options) {
  all(f, x.name, x.max_in_flight, x.model, x.tags, x.skip_invalid);
}
ROTA_FIELDS(batch_counts) {
  all(f, x.succeeded, x.failed, x.cancelled, x.spent);
}
ROTA_FIELDS(batch_row) {
  all(f, x.id, x.state, x.format, x.options, x.file_name, x.total, x.cursor,
      x.ended, x.created_at, x.ended_at, x.in_doubt);
}
ROTA_FIELDS(usage) {
  all(f, x.input_uncached, x.cache_read, x.cache_write_5m, x.cache_write_1h,
      x.output, x.reasoning, x.web_searches, x.tier, x.fast, x.us_only,
      x.source);
}
ROTA_FIELDS(item_result) {
  all(f, x.id, x.custom_id, x.line, x.state, x.status, x.request_id, x.body,
      x.error_code, x.error_text, x.account, x.model, x.attempts, x.cost,
      x.used, x.at);
}

template <class F, class... Ts>
void all(F& f, Ts&... xs) {
  (field(f, xs), ...);
}

template <class T>
void writer::operator()(const std::vector<T>& xs) {
  number(xs.size());
  for (const auto& x : xs)
    field(*this, x);
}

template <class T>
void reader::operator()(std::vector<T>& xs) {
  const auto count = number();
  for (uint64_t i = 0; i < count && good_; ++i) {
    T x{};
    field(*this, x);
    xs.push_back(std::move(x));
  }
}

template <class T>
void put(std::string& to, const T& x) {
  writer out{to};
  field(out, x);
}

template <class T>
std::optional<T> get(std::string_view record) {
  reader in{record};
  T result{};
  field(in, result);
  if (!in.done())
    return std::nullopt;
  return result;
}

template <class T>
std::string big_endian(T x) {
  std::string result(sizeof(T), '\0');
  for (size_t i = sizeof(T); i-- > 0; x = static_cast<T>(x >> 8))
    result[i] = static_cast<char>(x);
  return result;
}

template <class T>
T from_big_endian(std::string_view x) {
  T result = 0;
  for (size_t i = 0; i < sizeof(T) && i < x.size(); ++i)
    result = static_cast<T>(result << 8 | static_cast<unsigned char>(x[i]));
  return result;
}

} // namespace

void encode(std::string& to, const std::vector<ledger_entry>& x) {
  put(to, x);
}

void encode(std::string& to, const account_head& x) {
  put(to, x);
}

void encode(std::string& to, const account_row& x) {
  put(to, x);
}

void encode(std::string& to, const batch_row& x) {
  put(to, x);
}

void encode(std::string& to, const item_result& x) {
  put(to, x);
}

template <>
std::optional<std::vector<ledger_entry>> decode(std::string_view record) {
  return get<std::vector<ledger_entry>>(record);
}

template <>
std::optional<account_head> decode(std::string_view record) {
  return get<account_head>(record);
}

template <>
std::optional<account_row> decode(std::string_view record) {
  return get<account_row>(record);
}

template <>
std::optional<batch_row> decode(std::string_view record) {
  return get<batch_row>(record);
}

template <>
std::optional<item_result> decode(std::string_view record) {
  return get<item_result>(record);
}

std::string be64(uint64_t x) {
  return big_endian(x);
}

std::string be32(uint32_t x) {
  return big_endian(x);
}

uint64_t from_be64(std::string_view x) {
  return from_big_endian<uint64_t>(x);
}

uint32_t from_be32(std::string_view x) {
  return from_big_endian<uint32_t>(x);
}

} // namespace rota
