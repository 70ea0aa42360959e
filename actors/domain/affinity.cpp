#include "actors/domain/affinity.hpp"

#include "actors/domain/header_text.hpp"
#include "actors/domain/json_reader.hpp"

#include <algorithm>
#include <cstring>

namespace rota {

namespace {

namespace od = simdjson::ondemand;

/// read_request refuses what is deeper.
constexpr int depth_max = 128;

/// A hash over parts of text, each closed by its length: multiply and fold, as
/// wyhash does (Wang Yi, 2019). Of this run only, and no defence: who wants his
/// own conversations to meet may have it.
class digest {
public:
  explicit digest(client_id client) {
    add(client.value);
  }

  void add(std::string_view text) {
    auto left = std::string_view{text};
    for (; left.size() >= 8; left.remove_prefix(8))
      add(word(left));
    add(word(left));
    add(text.size());
  }

  void add(uint64_t x) {
    const auto product = static_cast<unsigned __int128>(hash_ ^ x) * odd;
    hash_ = static_cast<uint64_t>(product)
            ^ static_cast<uint64_t>(product >> 64);
  }

  /// Never 0.
  uint64_t value() const {
    return hash_ == 0 ? 1 : hash_;
  }

private:
  /// The fraction of the golden ratio: what it multiplies spreads evenly.
  static constexpr uint64_t odd = 0x9e3779b97f4a7c15;

  static uint64_t word(std::string_view x) {
    uint64_t result = 0;
    if (!x.empty())
      std::memcpy(&result, x.data(), std::min(x.size(), sizeof result));
    return result;
  }

  uint64_t hash_ = odd >> 1;
};

bool is_conversation(surface route) {
  return route == surface::openai_chat || route == surface::openai_responses
         || route == surface::anthropic_messages
         || route == surface::gemini_generate;
}

void take_members(digest& to, od::object members, int depth);

/// Takes in all text of a value, whether it is spelt as a string or as a list
/// of parts; marks for the cache move from turn to turn.
void take_text(digest& to, od::value value, int depth = 0) {
  if (depth > depth_max)
    return;
  switch (const od::json_type type = value.type(); type) {
    case od::json_type::string:
      to.add(std::string_view{value.get_string()});
      break;
    case od::json_type::array:
      for (od::value x : value.get_array())
        take_text(to, x, depth + 1);
      break;
    case od::json_type::object:
      take_members(to, value.get_object(), depth + 1);
      break;
    default:
      break;
  }
}

void take_members(digest& to, od::object members, int depth) {
  for (auto field : members) {
    const std::string_view key = field.unescaped_key();
    if (key != "cache_control" && key != "type" && key != "role")
      take_text(to, field.value(), depth);
  }
}

/// Takes in a list of turns up to the user's first.
void take_opening(digest& to, od::value turns) {
  const od::json_type type = turns.type();
  if (type != od::json_type::array) {
    take_text(to, turns);
    return;
  }
  for (od::value turn : turns.get_array()) {
    const od::json_type kind = turn.type();
    if (kind != od::json_type::object) {
      take_text(to, turn);
      return;
    }
    od::object members = turn.get_object();
    std::string_view role;
    const auto has_role
      = members.find_field_unordered("role").get(role) == simdjson::SUCCESS;
    const auto is_users = !has_role || role == "user";
    members.reset();
    take_members(to, members, 1);
    if (is_users)
      return;
  }
}

/// What a body says of its conversation.
struct findings {
  explicit findings(const digest& empty) : opening{empty} {
    // nop
  }

  std::string user_id;
  std::string cache_key;
  std::string conversation;
  digest opening;
};

void look_at(findings& to, std::string_view key, od::value value) {
  const od::json_type type = value.type();
  const auto is_text = type == od::json_type::string;
  if (key == "metadata" && type == od::json_type::object) {
    std::string_view id;
    if (value["user_id"].get(id) == simdjson::SUCCESS)
      to.user_id = id;
  } else if (key == "prompt_cache_key" && is_text) {
    to.cache_key = std::string_view{value.get_string()};
  } else if (key == "conversation") { // Where its turns are kept.
    std::string_view id;
    if (is_text ? value.get_string().get(id) == simdjson::SUCCESS
                : type == od::json_type::object
                    && value["id"].get(id) == simdjson::SUCCESS)
      to.conversation = id;
  } else if (key == "system" || key == "instructions"
             || key == "systemInstruction" || key == "system_instruction") {
    take_text(to.opening, value);
  } else if (key == "messages" || key == "contents" || key == "input") {
    take_opening(to.opening, value);
  }
}

void read(findings& to, std::string_view body) {
  with_parser<json_reader>(body.size(), [&](auto& reader) {
    try {
      auto document = reader.read(body);
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        look_at(to, key, field.value());
      }
    } catch (const simdjson::simdjson_error&) {
      // Its provider will say so.
    }
  });
}

uint64_t named(client_id client, std::string_view a, std::string_view b = {}) {
  digest result{client};
  result.add(a);
  result.add(b);
  return result.value();
}

} // namespace

uint64_t session_of(client_id client, surface route, std::string_view model,
                    const header_list& headers, std::string_view body) {
  if (!is_conversation(route))
    return 0;
  if (const auto x = header_of(headers, "x-claude-code-session-id"); !x.empty())
    return named(client, x);
  digest empty{client};
  empty.add(model);
  findings found{empty};
  read(found, body);
  if (!found.conversation.empty())
    return named(client, found.conversation);
  if (!found.user_id.empty())
    return named(client, found.user_id);
  if (!found.cache_key.empty())
    return named(client, found.cache_key);
  if (const auto x = header_of(headers, "session-id"); !x.empty())
    return named(client, x, header_of(headers, "thread-id"));
  if (const auto x = header_of(headers, "session_id"); !x.empty())
    return named(client, x, header_of(headers, "conversation_id"));
  const auto is_silent = found.opening.value() == empty.value();
  return is_silent ? 0 : found.opening.value();
}

void affinity::limits(milliseconds ttl, size_t sessions_max) {
  ttl_ = ttl;
  sessions_max_ = ttl > milliseconds{0} ? sessions_max : 0;
  shrink({});
}

std::optional<account_id> affinity::find(uint64_t session,
                                         timestamp now) const {
  const auto i = places_.find(session);
  if (i == places_.end() || now - i->second->used >= ttl_)
    return std::nullopt;
  return i->second->account;
}

void affinity::bind(uint64_t session, account_id account, timestamp now) {
  if (session == 0 || sessions_max_ == 0)
    return;
  if (const auto i = places_.find(session); i != places_.end()) {
    *i->second = {session, account, now};
    entries_.splice(entries_.begin(), entries_, i->second);
    return;
  }
  entries_.push_front({session, account, now});
  places_.emplace(session, entries_.begin());
  shrink(now);
}

void affinity::shrink(timestamp now) {
  while (entries_.size() > sessions_max_
         || (!entries_.empty() && now - entries_.back().used >= ttl_)) {
    places_.erase(entries_.back().session);
    entries_.pop_back();
  }
}

} // namespace rota
