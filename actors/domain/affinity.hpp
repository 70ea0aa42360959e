#pragma once

#include "messages/job.hpp"

#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace rota {

/// Names the conversation that a request belongs to, so that it can stay with
/// one account: providers cache prompts per account (a cached token costs a
/// tenth), and some bind what they have thought to it. The first of these
/// counts, together with the client:
/// - header x-claude-code-session-id;
/// - the body's metadata.user_id (Claude Code) or prompt_cache_key (Codex);
/// - headers session-id with thread-id, or session_id with conversation_id;
/// - the model, the system prompt and the first message of the user.
/// @returns 0 for what is no conversation: embeddings and the like.
uint64_t session_of(client_id client, surface route, std::string_view model,
                    const header_list& headers, std::string_view body);

/// Prompts of fewer tokens are cached by nobody: to move one costs nothing.
/// Source: the pages of OpenAI and Anthropic on prompt caching.
inline constexpr int64_t cacheable_tokens = 1'024;

/// Which account each conversation was with last. Remembers a bounded number
/// for a time; what was not used for longest goes first. Pure.
class affinity {
public:
  /// Nothing is remembered where either is zero.
  void limits(milliseconds ttl, size_t sessions_max);

  std::optional<account_id> find(uint64_t session, timestamp now) const;

  /// The conversation is with this account from now on.
  void bind(uint64_t session, account_id account, timestamp now);

  size_t size() const {
    return places_.size();
  }

private:
  struct entry {
    uint64_t session = 0;
    account_id account;
    timestamp used;
  };

  void shrink(timestamp now);

  milliseconds ttl_{0};
  size_t sessions_max_ = 0;
  std::list<entry> entries_; // The latest used first.
  std::unordered_map<uint64_t, std::list<entry>::iterator> places_;
};

} // namespace rota
