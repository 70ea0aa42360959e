#include "actors/domain/stream_gate.hpp"

#include "actors/domain/json_text.hpp"
#include "actors/domain/said_text.hpp"

#include <algorithm>
#include <cstring>

namespace rota {

namespace {

/// Of a longer line only so much is looked at; it passes all the same.
/// Responses repeat instructions and tools in their first and last events.
constexpr size_t line_max = 4'194'304;

/// Of an event whose end has not come so much is kept back.
constexpr size_t tail_max = 65'536;

/// What a name and the beginning of its value take, when they are cut apart.
constexpr size_t overlap = 64;

/// Where a part stands from `from` on, or npos. find() of the library stops at
/// each of its first byte, which in JSON is a quote.
size_t place_of(std::string_view part, std::string_view text, size_t from = 0) {
  const auto rest = text.substr(std::min(from, text.size()));
  const auto* at = memmem(rest.data(), rest.size(), part.data(), part.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<size_t>(static_cast<const char*>(at)
                                             - text.data());
}

bool contains(std::string_view text, std::string_view part) {
  return place_of(part, text) != std::string_view::npos;
}

/// Whether a member of that name has a string for a value.
bool has_text(std::string_view json, std::string_view quoted_name) {
  for (auto i = place_of(quoted_name, json); i != std::string_view::npos;
       i = place_of(quoted_name, json, i + 1)) {
    const auto value = json.find_first_not_of(" :\t", i + quoted_name.size());
    if (value != std::string_view::npos && json[value] == '"')
      return true;
  }
  return false;
}

/// Of an event that is too long to be read what its type says, which comes
/// first where there is one.
std::string head_event(std::string_view data) {
  constexpr std::string_view name = "\"type\":";
  const auto head = data.substr(0, 1'000);
  const auto begin = std::min(head.find(name), head.size());
  auto type = trimmed(head.substr(std::min(begin + name.size(), head.size())));
  type = type.substr(0, std::min(type.find('"', 1), type.size() - 1) + 1);
  return "{\"type\":" + std::string{type.empty() ? "null" : type} + '}';
}

/// Whether an event can end its stream or fail it. Cheap: every event of a
/// stream goes through it; what passes is read in full.
bool may_conclude(surface route, std::string_view data) {
  if (contains(data, "\"error\"") || contains(data, "message\""))
    return true; // A fault may be bare: a code and a message.
  switch (route) {
  case surface::anthropic_messages:
    return contains(data, "message_stop") || has_text(data, "\"stop_reason\"");
  case surface::openai_responses:
  case surface::openai_stored:
    return contains(data, "response.completed")
           || contains(data, "response.incomplete")
           || contains(data, "response.failed");
  case surface::gemini_generate:
    return has_text(data, "\"finishReason\"")
           || contains(data, "\"blockReason\"");
  case surface::openai_images:
  case surface::openai_image_edits:
    return contains(data, ".completed\"");
  case surface::openai_speech:
    return contains(data, "speech.audio.done");
  case surface::openai_transcriptions:
    return contains(data, "transcript.text.done");
  default:
    return has_text(data, "\"finish_reason\"");
  }
}

} // namespace

stream_gate::stream_gate(surface route, size_t held_max, bool swallow_usage)
    : route_{route}, held_max_{held_max}, swallow_{swallow_usage}, usage_{
                                                                       route} {
  // nop
}

void stream_gate::expect_sound() {
  form_ = form::sound;
}

void stream_gate::hide(std::function<bool(std::string_view)> is_private) {
  is_private_ = std::move(is_private);
}

std::string_view stream_gate::feed(std::string_view chunk) {
  if (form_ != form::sound)
    usage_.feed(chunk);
  if (cut_)
    return {};
  const auto was_open = open_;
  if (was_open) // Else what may pass in the end gathers there.
    out_.clear();
  else
    held_ += chunk;
  look(chunk);
  events_ += !is_in_parts();
  if (!open_ && held_.size() > held_max_)
    open_ = true;
  if (!open_)
    return {};
  if (form_ == form::events && swallow_) {
    held_.clear();
    return out_;
  }
  if (was_open && !is_in_parts())
    return chunk;
  if (was_open && held_.empty() && since_ == 0)
    return chunk; // As nearly all do.
  if (was_open)
    held_ += chunk;
  keep_tail();
  return out_;
}

void stream_gate::keep_tail() {
  auto end = held_.size();
  const auto tail = std::min(since_, end);
  if (is_in_parts() && (cut_ || tail <= tail_max))
    end -= tail;
  out_.assign(held_, 0, end);
  held_.erase(0, end);
}

std::string_view stream_gate::finish() {
  if (open_)
    out_.clear();
  if (std::exchange(finished_, true))
    return {};
  usage_.finish();
  // Sound, and a document too large to be held, have no end that we look for.
  said_.complete = is_in_parts()
                     ? said_.complete && (!is_list() || list_.is_over())
                     : open_;
  if (form_ == form::events && !cut_) {
    if (!line_.empty())
      end_line(std::exchange(line_, {}));
    end_event();
  }
  if (!open_)
    return {};
  // Half of an event is of no use to anybody.
  if (!is_in_parts()
      || (!swallow_ && !cut_ && (said_.complete || said_.fault)))
    out_.swap(held_);
  held_.clear();
  return out_;
}

void stream_gate::look(std::string_view chunk) {
  if (form_ == form::unknown) {
    const auto begin = trimmed(held_);
    if (begin.empty())
      return;
    const auto list = begin.front() == '[';
    form_ = list && route_ == surface::gemini_generate ? form::list
            : list || begin.front() == '{'             ? form::document
                                                       : form::events;
    chunk = held_;
  }
  switch (form_) {
  case form::events:
    look_at_lines(chunk);
    break;
  case form::list: // Gemini's other way to stream.
    look_at_list(chunk);
    break;
  case form::sound: // It has no end of its own: see finish().
    open_ = said_.content = true;
    break;
  default: // A whole document: judged as a whole.
    break;
  }
}

void stream_gate::look_at_list(std::string_view chunk) {
  line_ += chunk; // With the end of what came before: an element may be long.
  if (has_text(line_, "\"finishReason\"") || contains(line_, "\"blockReason\""))
    said_.complete = true;
  line_.erase(0, line_.size() - std::min(line_.size(), overlap));
  while (!chunk.empty() && !cut_) {
    const auto part = chunk.substr(0, list_.take(chunk));
    since_ += part.size();
    if (data_.size() < line_max)
      data_ += part;
    chunk.remove_prefix(part.size());
    if (list_.at_end())
      end_event();
  }
  since_ += chunk.size();
  if (!open_ && !said_.fault && held_.size() > tail_max) // By what comes first.
    open_ = std::min(held_.find("\"candidates\""),
                     held_.find("\"blockReason\""))
            < held_.find("\"error\"");
}

void stream_gate::look_at_lines(std::string_view chunk) {
  while (!chunk.empty() && !cut_) {
    const auto end = chunk.find('\n');
    const auto line = chunk.substr(0, end);
    const auto size = std::min(end, chunk.size() - 1) + 1;
    since_ += size;
    if (swallow_)
      event_ += chunk.substr(0, size);
    chunk.remove_prefix(size);
    if (end == std::string_view::npos) {
      if (line_.size() < line_max)
        line_ += line;
    } else if (line_.empty()) {
      end_line(line);
    } else {
      line_ += line;
      end_line(line_);
      line_.clear();
    }
  }
  since_ += chunk.size(); // What follows where it is cut.
}

void stream_gate::end_line(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.empty())
    end_event();
  else if (line.starts_with("data:") && data_.size() < line_max)
    data_.append(line.substr(5)).push_back('\n');
}

void stream_gate::end_event() {
  if (!data_.empty()) {
    auto text = trimmed(data_);
    if (is_list()) // What separates it from the one before.
      text.remove_prefix(std::min(text.find('{'), text.size()));
    const auto was_open = open_;
    if (text == "[DONE]")
      said_.complete = said_.over = true;
    else if (data_.size() >= line_max)
      read_event(route_, head_event(text), said_);
    else if (!open_ || said_.complete || may_conclude(route_, text))
      read_event(route_, text, said_);
    ++events_;
    weight_ += weigh_event(route_, text);
    if ((said_.content || said_.concluded) && !said_.fault)
      open_ = true;
    cut_ = was_open && said_.fault && is_private_ && is_private_(text);
  }
  if (swallow_) {
    if (!cut_ && (said_.fault || !is_usage_only()))
      out_ += event_;
    event_.clear();
  }
  data_.clear();
  if (!cut_)
    since_ = 0;
}

bool stream_gate::is_in_parts() const {
  return form_ == form::events || form_ == form::list;
}

bool stream_gate::is_usage_only() const {
  /// What stands behind a member's colon.
  const auto value_of = [this](std::string_view quoted_name) {
    auto rest = std::string_view{data_};
    rest.remove_prefix(std::min(rest.find(quoted_name), rest.size()));
    rest.remove_prefix(std::min(quoted_name.size(), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" :\t"), rest.size()));
    return rest;
  };
  // Azure's first chunk has no choices, either, and a usage of null.
  if (!value_of("\"usage\"").starts_with('{'))
    return false;
  auto choices = value_of("\"choices\"");
  if (!choices.starts_with('['))
    return choices.empty() || choices.starts_with("null");
  choices.remove_prefix(1);
  return choices.substr(std::min(choices.find_first_not_of(" \t"),
                                 choices.size()))
    .starts_with(']');
}

} // namespace rota
