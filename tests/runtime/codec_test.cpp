// Records on disk: what was written is read again, what was damaged is not,
// and what an earlier version wrote stays readable for ever.

#include "runtime/storage/codec.hpp"
#include "runtime/storage/crc32c.hpp"
#include "runtime/storage/record_reader.hpp"
#include "tests/runtime/storage_samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <limits>
#include <random>

using namespace rota;

namespace {

template <class T>
std::string encoded(const T& x) {
  std::string result;
  encode(result, x);
  return result;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const auto c : bytes) {
    const auto x = static_cast<unsigned char>(c);
    result += digits[x >> 4];
    result += digits[x & 15];
  }
  return result;
}

std::string unhex(const std::string& text) {
  std::string result;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    result += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return result;
}

std::string golden(int version, const std::string& name) {
  std::string digits;
  for (const auto& line :
       lines_of(read_text(ROTA_TEST_DATA "/store/v" + std::to_string(version)
                          + "/" + name + ".hex")))
    digits += line;
  return unhex(digits);
}

/// What a version wrote must be read as the same value for ever; what is
/// written now is today's version, byte for byte.
template <class T>
void check_golden(int version, const std::string& name, const T& x) {
  INFO(name << " is now " << hex(encoded(x)));
  const auto record = golden(version, name);
  const auto found = decode<T>(record);
  REQUIRE(found.has_value());
  CHECK(hex(encoded(*found)) == hex(encoded(x)));
  if (version == record_version)
    CHECK(hex(record) == hex(encoded(x)));
}

/// No flip of a single byte and no cut may be read as anything.
template <class T>
void check_damage(const T& x) {
  const auto record = encoded(x);
  size_t undetected = 0;
  for (size_t i = 0; i < record.size(); ++i)
    for (int change = 1; change < 256; ++change) {
      auto bad = record;
      bad[i] = static_cast<char>(bad[i] ^ change);
      undetected += decode<T>(bad).has_value();
    }
  for (size_t size = 0; size < record.size(); ++size)
    undetected += decode<T>(std::string_view{record}.substr(0, size))
                    .has_value();
  undetected += decode<T>(record + '\0').has_value();
  CHECK(undetected == 0);
}

/// A record with a right checksum around the wrong content.
template <class F>
std::string forged(F fields) {
  std::string result;
  {
    record_writer out{result};
    fields(out);
  }
  return result;
}

} // namespace

TEST_CASE("the checksum is the one of the standard", "[storage]") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c("") == 0);
  std::string text;
  for (int i = 0; i < 100; ++i) {
    CHECK(crc32c(text) == crc32c_portable(text));
    text += static_cast<char>(i * 37);
  }
}

TEST_CASE("records of every version are read for ever", "[storage]") {
  for (int version = 1; version <= record_version; ++version) {
    INFO("version " << version);
    auto entries = sample_entries();
    auto head = sample_head();
    auto account = sample_account_row();
    auto batch = sample_batch_row();
    auto result = sample_result();
    if (version < 2) { // There were no chains.
      for (auto& x : entries)
        x.chain = {};
      head.chain = {};
    }
    if (version < 3) { // Nor cuts, price factors and deliveries.
      for (auto& x : entries)
        x.cut = 0;
      head.read_cut = 0;
      account.price_ratios.clear();
      account.price_off_windows = 0;
      batch.options.policy = delivery::at_least_once;
      batch.doubtful.clear();
    }
    if (version < 5) { // Nor likelihoods, learnt lags and pins.
      for (auto& x : head.holds)
        x.unlikely = false;
      account.posting_lag = {};
      entries.pop_back();
    } else {
      check_golden(version, "pin", sample_pin());
    }
    if (version < 4) { // Nor clients.
      for (auto& x : entries)
        x.hold.job.client = {};
      for (auto& x : head.holds)
        x.id.job.client = {};
      result.id.client = {};
    } else {
      check_golden(version, "client", sample_client());
    }
    auto record = sample_record();
    if (version < 7) { // Nor prices of records, other units and presumed costs.
      for (auto& x : entries)
        x.presumed = {};
      for (auto& x : head.holds)
        x.presumed = {};
      for (auto* used : {&record.used, &result.used}) {
        used->media_input = used->media_output = 0;
        used->units = {};
      }
      record.price_name.clear();
      record.priced = price_basis::none;
    }
    if (version >= 6)
      check_golden(version, "record", record);
    check_golden(version, "entries", entries);
    check_golden(version, "head", head);
    check_golden(version, "account", account);
    check_golden(version, "batch", batch);
    check_golden(version, "result", result);
    check_golden(version, "number", uint64_t{300});
  }
}

TEST_CASE("fields come back as they went", "[storage]") {
  SECTION("entries") {
    const auto x = sample_entries();
    const auto y = decode<std::vector<ledger_entry>>(encoded(x)).value();
    REQUIRE(y.size() == x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      CHECK(y[i].account == x[i].account);
      CHECK(y[i].seq == x[i].seq);
      CHECK(y[i].kind == x[i].kind);
      CHECK(y[i].amount == x[i].amount);
      CHECK(y[i].hold == x[i].hold);
      CHECK(y[i].at == x[i].at);
      CHECK(y[i].until == x[i].until);
      CHECK(y[i].in_window == x[i].in_window);
      CHECK(y[i].balance_after == x[i].balance_after);
      CHECK(y[i].held_after == x[i].held_after);
      CHECK(y[i].presumed == x[i].presumed);
      CHECK(y[i].chain == x[i].chain);
    }
  }
  SECTION("a head with its open holds") {
    const auto x = sample_head();
    const auto y = decode<account_head>(encoded(x)).value();
    CHECK(y.name == x.name);
    CHECK(y.funded == x.funded);
    CHECK(y.lates == x.lates);
    REQUIRE(y.holds.size() == 2);
    CHECK(y.holds[0].id == x.holds[0].id);
    CHECK(y.holds[1].amount == x.holds[1].amount);
    CHECK(y.holds[1].in_doubt);
    CHECK_FALSE(y.holds[0].in_doubt);
  }
  SECTION("what a client has spent") {
    CHECK(decode<client_head>(encoded(sample_client())) == sample_client());
  }
  SECTION("a request's record with its attempts and picks") {
    const auto x = sample_record();
    const auto y = decode<usage_record>(encoded(x)).value();
    CHECK(y.id == x.id);
    CHECK(y.client == x.client);
    CHECK(y.client_request_id == x.client_request_id);
    CHECK(y.at == x.at);
    CHECK(y.route == x.route);
    CHECK(y.model == x.model);
    CHECK(y.streamed);
    CHECK(y.outcome == x.outcome);
    CHECK(y.error_code == x.error_code);
    CHECK(y.status == x.status);
    CHECK(y.first_byte == x.first_byte);
    CHECK(y.total == x.total);
    CHECK(y.used == x.used);
    CHECK(y.cost == x.cost);
    CHECK(y.hold == x.hold);
    CHECK(y.attempts == x.attempts);
    REQUIRE(y.picks.size() == 2);
    CHECK(*y.picks[0] == *x.picks[0]);
    CHECK(*y.picks[1] == *x.picks[1]);
    const auto z = decode<record_head>(encoded(x)).value();
    CHECK(z.id == x.id);
    CHECK(z.at == x.at);
  }
  SECTION("every failure class, reason and surface of a record") {
    auto x = sample_record();
    const auto comes_back = [&x] {
      return encoded(decode<usage_record>(encoded(x)).value()) == encoded(x);
    };
    // The names end where the enumerators do.
    const auto each = [&](auto& field, auto name) {
      using type = std::decay_t<decltype(field)>;
      for (int i = 0;; ++i) {
        try {
          name(static_cast<type>(i));
        } catch (const std::out_of_range&) {
          CHECK(i > 1);
          return;
        }
        field = static_cast<type>(i);
        REQUIRE(comes_back());
      }
    };
    each(x.attempts[0].cls, [](auto y) { return to_string(y); });
    each(x.route, [](auto y) { return to_string(y); });
    each(x.outcome, [](auto y) { return to_string(y); });
    auto pick = *x.picks[0];
    for (int i = 0; i <= static_cast<int>(ec::retries_spent); ++i) {
      pick.why = static_cast<ec>(i);
      x.picks[0] = std::make_shared<const pick_record>(pick);
      REQUIRE(comes_back());
    }
    for (int i = 0; i <= static_cast<int>(pick_finding::other_session); ++i) {
      pick.candidates[0].finding = static_cast<pick_finding>(i);
      x.picks[0] = std::make_shared<const pick_record>(pick);
      REQUIRE(comes_back());
    }
  }
  SECTION("a result, byte for byte") {
    const auto x = sample_result();
    const auto y = decode<item_result>(encoded(x)).value();
    CHECK(y.id == x.id);
    CHECK(y.body == x.body);
    CHECK(y.state == x.state);
    CHECK(y.status == x.status);
    CHECK(y.used == x.used);
    CHECK(y.cost == x.cost);
    CHECK(y.at == x.at);
    const auto z = decode<ended_item>(encoded(x)).value();
    CHECK(z.item == x.id.item);
    CHECK(z.state == x.state);
    CHECK(z.spent == x.cost);
  }
  SECTION("the ends of the ranges") {
    ledger_entry x;
    x.account = {UINT32_MAX};
    x.seq = UINT64_MAX;
    x.amount = {std::numeric_limits<int64_t>::min()};
    x.balance_after = {std::numeric_limits<int64_t>::max()};
    const auto y
      = decode<std::vector<ledger_entry>>(encoded(std::vector{x})).value()[0];
    CHECK(y.account == x.account);
    CHECK(y.seq == x.seq);
    CHECK(y.amount == x.amount);
    CHECK(y.balance_after == x.balance_after);
    item_result r;
    r.status = std::numeric_limits<int>::min();
    CHECK(decode<item_result>(encoded(r))->status == r.status);
  }
}

TEST_CASE("random values survive the way to disk and back", "[storage]") {
  std::mt19937_64 draw{20'261'123};
  const auto number = [&draw] { return draw() >> (draw() % 64); };
  const auto text = [&] {
    std::string result(draw() % 40, '\0');
    for (auto& c : result)
      c = static_cast<char>(draw());
    return result;
  };
  for (int i = 0; i < 2'000; ++i) {
    auto x = sample_head();
    x.seq = number();
    x.name = text();
    x.balance.nanos = static_cast<int64_t>(number());
    x.read_at.millis = static_cast<int64_t>(number());
    x.holds.resize(draw() % 5);
    for (auto& hold : x.holds) {
      hold.id = {{{number()}, number()}, static_cast<uint32_t>(number())};
      hold.amount.nanos = -static_cast<int64_t>(number() >> 1);
    }
    const auto record = encoded(x);
    const auto y = decode<account_head>(record);
    REQUIRE(y.has_value());
    REQUIRE(encoded(*y) == record);
    auto r = sample_result();
    r.body = text();
    r.custom_id = text();
    r.used.output = static_cast<int64_t>(number());
    REQUIRE(encoded(decode<item_result>(encoded(r)).value()) == encoded(r));
  }
}

TEST_CASE("a damaged record is never read", "[storage]") {
  check_damage(sample_entries());
  check_damage(sample_head());
  check_damage(sample_account_row());
  check_damage(sample_client());
  check_damage(sample_batch_row());
  check_damage(sample_result());
  check_damage(sample_record());
  check_damage(uint64_t{300});
  const auto record = encoded(sample_result());
  for (size_t i = 0; i < record.size(); ++i) {
    auto bad = record;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    REQUIRE_FALSE(decode<ended_item>(bad).has_value());
  }
}

TEST_CASE("right checksums do not make wrong content right", "[storage]") {
  SECTION("a list that announces more than there is") {
    const auto bad
      = forged([](auto& f) { f.number(UINT64_MAX); });
    CHECK_FALSE(decode<std::vector<ledger_entry>>(bad).has_value());
  }
  SECTION("a number of more than 64 bits") {
    std::string bad{record_version};
    bad += std::string(9, '\xff') + '\x02';
    const auto crc = crc32c(bad);
    for (int i = 0; i < 4; ++i)
      bad += static_cast<char>(crc >> (8 * i));
    CHECK_FALSE(decode<uint64_t>(bad).has_value());
  }
  SECTION("an enumerator of a later version") {
    auto x = sample_account_row();
    x.admin = static_cast<admin_state>(3);
    CHECK_FALSE(decode<account_row>(encoded(x)).has_value());
    auto entries = sample_entries();
    entries[1].kind = static_cast<entry_kind>(15);
    CHECK_FALSE(
      decode<std::vector<ledger_entry>>(encoded(entries)).has_value());
  }
  SECTION("fields left over") {
    const auto bad = forged([](auto& f) {
      f.number(1);
      f.number(2);
    });
    CHECK_FALSE(decode<uint64_t>(bad).has_value());
  }
  SECTION("a record of another kind") {
    CHECK_FALSE(decode<account_head>(encoded(sample_result())).has_value());
  }
}

TEST_CASE("keys sort as their numbers do", "[storage]") {
  CHECK(be64(0x0102030405060708) == "\x01\x02\x03\x04\x05\x06\x07\x08");
  CHECK(be32(258) == std::string("\0\0\1\2", 4));
  CHECK(from_be64(be64(UINT64_MAX - 1)) == UINT64_MAX - 1);
  CHECK(from_be32(be32(77)) == 77);
  CHECK(be64(255) < be64(256));
}
