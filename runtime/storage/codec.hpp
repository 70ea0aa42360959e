#pragma once

#include "messages/account_row.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"
#include "messages/ledger.hpp"
#include "messages/record.hpp"
#include "messages/response_pin.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

// Values as records on disk (see record_writer.hpp for their form). A record
// that is cut, flipped, of an unknown version or with an unknown enumerator
// decodes to nothing. What a version means never changes: a new field is a new
// version, and tests/data/store keeps an example of each.

/// Appends the encoded record to `to`.
void encode(std::string& to, const std::vector<ledger_entry>& x);
void encode(std::string& to, const account_head& x);
void encode(std::string& to, const account_row& x);
void encode(std::string& to, const client_head& x);
void encode(std::string& to, const response_pin& x);
void encode(std::string& to, const batch_row& x);
void encode(std::string& to, const item_result& x);
void encode(std::string& to, const usage_record& x);
void encode(std::string& to, uint64_t x);

/// An entry as its chain sees it: the fields of version 1, then those of later
/// versions that are not zero, so that an old entry keeps its form. Appended to
/// `to`; no record of its own.
void encode_canonical(std::string& to, const ledger_entry& x);

/// @returns Nothing if the record is damaged.
template <class T>
std::optional<T> decode(std::string_view record);

template <>
std::optional<std::vector<ledger_entry>> decode(std::string_view record);
template <>
std::optional<account_head> decode(std::string_view record);
template <>
std::optional<account_row> decode(std::string_view record);
template <>
std::optional<client_head> decode(std::string_view record);
template <>
std::optional<response_pin> decode(std::string_view record);
template <>
std::optional<batch_row> decode(std::string_view record);
template <>
std::optional<item_result> decode(std::string_view record);
template <>
std::optional<usage_record> decode(std::string_view record);
template <>
std::optional<uint64_t> decode(std::string_view record);

/// What a batch needs to know of an item_result's record; checked as a whole,
/// but its texts are not copied.
template <>
std::optional<ended_item> decode(std::string_view record);

/// What the end of a record's time takes to know; checked as above.
struct record_head {
  request_id id;
  timestamp at;
};

template <>
std::optional<record_head> decode(std::string_view record);

/// A key part that sorts as the number does: big-endian.
std::string be64(uint64_t x);
std::string be32(uint32_t x);
uint64_t from_be64(std::string_view x);
uint32_t from_be32(std::string_view x);

} // namespace rota
