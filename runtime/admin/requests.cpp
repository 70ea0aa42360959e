// Records of requests: /admin/v1/requests and /admin/v1/requests/ID.

#include "runtime/admin/api.hpp"
#include "runtime/admin/replies.hpp"

#include <charconv>
#include <map>

namespace rota {

namespace {

constexpr uint64_t limit_default = 20;
constexpr uint64_t limit_max = 10'000;

/// @returns `otherwise` for an empty text, nothing for what is no number.
std::optional<uint64_t> parse_number(const std::string& text,
                                     uint64_t otherwise) {
  if (text.empty())
    return otherwise;
  uint64_t result = 0;
  const auto* last = text.data() + text.size();
  const auto [end, err] = std::from_chars(text.data(), last, result);
  return err == std::errc{} && end == last ? std::optional{result}
                                           : std::nullopt;
}

/// Which records are asked for.
struct record_filter {
  std::string client;
  std::string model;
  std::string account;
  bool failed = false;

  bool takes(const usage_record& x, const record_names& names) const {
    if (failed && x.outcome == request_outcome::succeeded)
      return false;
    if (!model.empty() && x.model != model)
      return false;
    if (!client.empty()
        && (x.client == client_id{} || names.client(x.client) != client))
      return false;
    if (account.empty())
      return true;
    for (const auto& attempt : x.attempts)
      if (names.account(attempt.account) == account)
        return true;
    return false;
  }
};

void damaged(admin_exchange& x) {
  refuse(x, 500, "not_read", "A record is damaged; rota fsck says more.");
}

} // namespace

void admin_api::requests(admin_exchange& x, const segments& path) {
  if (x.method() != "GET")
    return wrong_method(x);
  if (!path.empty()) // A client's own name may have any characters.
    return request(x, x.path().substr(sizeof "/admin/v1/requests"));
  const auto limit = parse_number(x.query("limit"), limit_default);
  const auto since = parse_number(x.query("since_ms"), 0);
  if (!limit || *limit < 1 || *limit > limit_max || !since
      || *since > INT64_MAX)
    return refuse(x, 400, "invalid_query",
                  "limit must be a whole number from 1 to "
                    + std::to_string(limit_max)
                    + ", and since_ms one of milliseconds since the Unix"
                      " epoch.");
  const timestamp from{static_cast<int64_t>(*since)};
  const record_filter filter{x.query("client"), x.query("model"),
                             x.query("account"), x.query("failed") == "1"};
  const auto known = names();
  auto body = json::array();
  const auto read = parts_.disk.for_each_record([&](const usage_record& each) {
    if (each.at < from)
      return false; // So are all before it.
    if (filter.takes(each, known))
      body.push_back(view_of(each, known));
    return body.size() < *limit;
  });
  read ? answer(x, 200, body) : damaged(x);
}

void admin_api::request(admin_exchange& x, const std::string& id) {
  std::optional<usage_record> found;
  if (const auto parsed = parse_request_id(id))
    found = parts_.disk.find_record(*parsed);
  auto read = true;
  if (!found) // Then it may be the client's own name for it.
    read = parts_.disk.for_each_record([&](const usage_record& each) {
      if (each.client_request_id == id)
        found = each;
      return !found;
    });
  if (found)
    return answer(x, 200, whole_view_of(*found, names()));
  if (!read) // It may lie behind the one that is damaged.
    return damaged(x);
  not_found(x, "There is no record of a request " + id
                 + "; `rota requests` lists those that are kept"
                   " (records.keep, records.max).");
}

record_names admin_api::names() const {
  const auto accounts = std::make_shared<std::map<account_id, std::string>>();
  const auto clients = std::make_shared<std::map<client_id, std::string>>();
  for (const auto& x : parts_.disk.clients())
    clients->emplace(x.client, x.name);
  return {
    [accounts, &disk = parts_.disk](account_id x) {
      auto& name = (*accounts)[x];
      if (name.empty())
        name = disk.head_of(x).name;
      if (name.empty())
        name = "account " + std::to_string(x.value);
      return name;
    },
    [clients](client_id x) {
      const auto i = clients->find(x);
      return i != clients->end() ? i->second
                                 : "client " + std::to_string(x.value);
    },
  };
}

} // namespace rota
