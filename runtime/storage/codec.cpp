#include "runtime/storage/codec.hpp"

#include "runtime/storage/record_reader.hpp"

namespace rota {

namespace {

// The last enumerators. A greater number was written by a newer version.
constexpr auto last(entry_kind) {
  return entry_kind::suspect;
}
constexpr auto last(admin_state) {
  return admin_state::maintenance;
}
constexpr auto last(health_state) {
  return health_state::probing;
}
constexpr auto last(batch_format) {
  return batch_format::bare;
}
constexpr auto last(batch_state) {
  return batch_state::cancelled;
}
constexpr auto last(delivery) {
  return delivery::at_most_once;
}
constexpr auto last(item_state) {
  return item_state::cancelled;
}
constexpr auto last(service_tier) {
  return service_tier::batch;
}
constexpr auto last(usage_source) {
  return usage_source::partial;
}
constexpr auto last(surface) {
  return static_cast<surface>(surface_count - 1);
}
constexpr auto last(strategy) {
  return strategy::proportional;
}
constexpr auto last(failure_class) {
  return failure_class::stream_broken;
}
constexpr auto last(charge) {
  return charge::hardly;
}
constexpr auto last(ec) {
  return ec::retries_spent;
}
constexpr auto last(pick_finding) {
  return pick_finding::other_session;
}
constexpr auto last(price_basis) {
  return price_basis::unknown;
}
constexpr auto last(request_outcome) {
  return request_outcome::stopped;
}

template <class T>
void enumerator(field_writer& f, const T& x) {
  f.number(static_cast<uint64_t>(x));
}

template <class T>
void enumerator(record_reader& f, T& x) {
  x = static_cast<T>(f.number(static_cast<uint64_t>(last(T{}))));
}

} // namespace

// Writing and reading follow one list of fields. They are found by their
// arguments, so they stand beside the values, but are nobody else's business.

template <class F, class T>
  requires std::is_enum_v<T>
static void field(F& f, T& x) {
  enumerator(f, x);
}

template <class F, class T>
  requires requires(F& f, T& x) { f(x); }
static void field(F& f, T& x) {
  f(x);
}

template <class F, class... Ts>
static void all(F& f, Ts&... xs);

#define ROTA_FIELDS(type)                                                      \
  template <class F, class T>                                                  \
    requires std::is_same_v<std::remove_const_t<T>, type>                      \
  static void field(F& f, T& x)

ROTA_FIELDS(money) {
  f(x.nanos);
}

ROTA_FIELDS(factor) {
  f(x.ppm);
}

ROTA_FIELDS(milliseconds) {
  auto count = x.count();
  f(count);
  if constexpr (!std::is_const_v<T>)
    x = milliseconds{count};
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

ROTA_FIELDS(client_id) {
  f(x.value);
}

ROTA_FIELDS(job_id) {
  all(f, x.batch, x.item);
  if (f.version() >= 4)
    field(f, x.client);
}

ROTA_FIELDS(hold_id) {
  all(f, x.job, x.attempt);
}

ROTA_FIELDS(ledger_entry) {
  all(f, x.account, x.seq, x.kind, x.amount, x.hold, x.at, x.until,
      x.in_window, x.balance_after, x.held_after);
  if (f.version() >= 2)
    field(f, x.chain);
  if (f.version() >= 3)
    f(x.cut);
  if (f.version() >= 7)
    field(f, x.presumed);
}

ROTA_FIELDS(open_hold) {
  all(f, x.id, x.amount, x.made_at, x.expires_at, x.in_doubt);
  if (f.version() >= 5)
    f(x.unlikely);
  if (f.version() >= 7)
    field(f, x.presumed);
}

ROTA_FIELDS(account_head) {
  all(f, x.account, x.name, x.seq, x.balance, x.held, x.reading, x.read_at,
      x.spent_since_reading, x.funded, x.calls, x.spent, x.last_used,
      x.overruns, x.lates, x.holds);
  if (f.version() >= 2)
    field(f, x.chain);
  if (f.version() >= 3)
    f(x.read_cut);
}

ROTA_FIELDS(client_head) {
  all(f, x.client, x.name, x.calls, x.spent, x.day, x.day_spent, x.month,
      x.month_spent, x.last_used);
}

ROTA_FIELDS(response_pin) {
  all(f, x.id, x.account, x.client, x.at);
}

ROTA_FIELDS(account_row) {
  all(f, x.account, x.admin, x.health, x.cooldown_until, x.ejections,
      x.failures, x.exhausted, x.reason);
  if (f.version() >= 3)
    all(f, x.price_ratios, x.price_off_windows);
  if (f.version() >= 5)
    field(f, x.posting_lag);
}

ROTA_FIELDS(batch_options) {
  all(f, x.name, x.max_in_flight, x.model, x.tags, x.skip_invalid);
  if (f.version() >= 3)
    field(f, x.policy);
}

ROTA_FIELDS(batch_counts) {
  all(f, x.succeeded, x.failed, x.cancelled, x.spent);
}

ROTA_FIELDS(batch_row) {
  all(f, x.id, x.state, x.format, x.options, x.file_name, x.total, x.cursor,
      x.ended, x.created_at, x.ended_at);
  if (f.version() >= 3)
    return f(x.doubtful);
  uint64_t count = 0; // Of attempts in doubt; nobody ever counted them.
  f(count);
}

ROTA_FIELDS(unit_usage) {
  all(f, x.images, x.characters, x.audio_ms, x.searches);
}

ROTA_FIELDS(usage) {
  all(f, x.input_uncached, x.cache_read, x.cache_write_5m, x.cache_write_1h,
      x.output, x.reasoning, x.web_searches, x.tier, x.fast, x.us_only,
      x.source);
  if (f.version() >= 7)
    all(f, x.media_input, x.media_output, x.units);
}

// What is short comes first: `ended_item` reads no further.
ROTA_FIELDS(item_result) {
  all(f, x.id, x.state, x.cost, x.line, x.status, x.attempts, x.used, x.at,
      x.custom_id, x.request_id, x.body, x.error_code, x.error_text, x.account,
      x.model);
}

ROTA_FIELDS(request_id) {
  all(f, x.run, x.item);
}

ROTA_FIELDS(candidate) {
  all(f, x.account, x.finding, x.score, x.tie, x.available, x.until);
}

ROTA_FIELDS(finding_count) {
  all(f, x.finding, x.accounts);
}

ROTA_FIELDS(pick_record) {
  all(f, x.at, x.waited, x.by, x.why, x.list_cost, x.accounts, x.candidates,
      x.rest);
}

ROTA_FIELDS(pick_record_ptr) {
  if constexpr (std::is_const_v<T>) {
    field(f, *x);
  } else {
    auto found = std::make_shared<pick_record>();
    field(f, *found);
    x = std::move(found);
  }
}

ROTA_FIELDS(attempt_record) {
  all(f, x.account, x.number, x.at, x.hold, x.sent, x.cls, x.reason, x.status,
      x.first_byte, x.total, x.charged, x.cost);
}

// Its number and time come first: `record_head` reads no further.
ROTA_FIELDS(usage_record) {
  all(f, x.id, x.at, x.client, x.client_request_id, x.route, x.model,
      x.streamed, x.outcome, x.error_code, x.status, x.first_byte, x.total,
      x.used, x.cost, x.hold, x.attempts, x.picks);
  if (f.version() >= 7)
    all(f, x.price_name, x.priced);
}

#undef ROTA_FIELDS

template <class F, class... Ts>
static void all(F& f, Ts&... xs) {
  (field(f, xs), ...);
}

namespace {

template <class T>
void put(std::string& to, const T& x) {
  record_writer out{to};
  field(out, x);
}

template <class T>
std::optional<T> get(std::string_view record) {
  record_reader in{record};
  std::optional<T> result{std::in_place};
  field(in, *result);
  if (!in.done())
    result.reset();
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

void encode_canonical(std::string& to, const ledger_entry& x) {
  field_writer out{to, 1};
  field(out, x);
  const auto client = x.hold.job.client.value;
  const auto presumes = x.presumed != money{};
  if (x.cut != 0 || client != 0 || presumes)
    out(x.cut);
  if (client != 0 || presumes)
    out(client);
  if (presumes)
    field(out, x.presumed);
}

void encode(std::string& to, const account_head& x) {
  put(to, x);
}

void encode(std::string& to, const account_row& x) {
  put(to, x);
}

void encode(std::string& to, const client_head& x) {
  put(to, x);
}

void encode(std::string& to, const response_pin& x) {
  put(to, x);
}

void encode(std::string& to, const batch_row& x) {
  put(to, x);
}

void encode(std::string& to, const item_result& x) {
  put(to, x);
}

void encode(std::string& to, const usage_record& x) {
  put(to, x);
}

void encode(std::string& to, uint64_t x) {
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
std::optional<client_head> decode(std::string_view record) {
  return get<client_head>(record);
}

template <>
std::optional<response_pin> decode(std::string_view record) {
  return get<response_pin>(record);
}

template <>
std::optional<batch_row> decode(std::string_view record) {
  return get<batch_row>(record);
}

template <>
std::optional<item_result> decode(std::string_view record) {
  return get<item_result>(record);
}

template <>
std::optional<usage_record> decode(std::string_view record) {
  return get<usage_record>(record);
}

template <>
std::optional<record_head> decode(std::string_view record) {
  record_reader in{record};
  record_head result;
  all(in, result.id, result.at);
  if (!in.good())
    return std::nullopt;
  return result;
}

template <>
std::optional<uint64_t> decode(std::string_view record) {
  return get<uint64_t>(record);
}

template <>
std::optional<ended_item> decode(std::string_view record) {
  record_reader in{record};
  job_id id;
  ended_item result;
  all(in, id, result.state, result.spent);
  if (!in.good())
    return std::nullopt;
  result.item = id.item;
  return result;
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
