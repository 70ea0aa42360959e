#include "actors/domain/stream_gate.hpp"

#include "actors/domain/json_text.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Of a longer line only so much is looked at; it passes all the same.
constexpr size_t line_max = 262'144;

/// Of an event whose end has not come so much is kept back.
constexpr size_t tail_max = 65'536;

/// What a name and the beginning of its value take, when they are cut apart.
constexpr size_t overlap = 64;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Behind the last blank line, where the next event begins; 0: there is none.
size_t end_of_events(std::string_view x) {
  const auto lf = x.rfind("\n\n");
  const auto crlf = x.rfind("\n\r\n");
  return std::max(lf == std::string_view::npos ? 0 : lf + 2,
                  crlf == std::string_view::npos ? 0 : crlf + 3);
}

/// Where a text goes on with a blank line behind what has passed, the end of
/// that; 0: it does not.
size_t end_of_blank_line(std::string_view passed, std::string_view x) {
  if (passed.ends_with('\n') && x.starts_with("\r\n"))
    return 2;
  const auto begun = passed.ends_with('\n') || passed.ends_with("\n\r");
  return begun && x.starts_with('\n') ? 1 : 0;
}

/// Whether a member of that name has a string for a value.
bool has_text(std::string_view json, std::string_view quoted_name) {
  for (auto i = json.find(quoted_name); i != std::string_view::npos;
       i = json.find(quoted_name, i + 1)) {
    const auto value = json.find_first_not_of(" :\t", i + quoted_name.size());
    if (value != std::string_view::npos && json[value] == '"')
      return true;
  }
  return false;
}

/// Whether an event can end its stream or fail it. Cheap: every event of a
/// stream goes through it; what passes is read in full.
bool may_conclude(surface route, std::string_view data) {
  if (contains(data, "\"error\""))
    return true;
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

std::string_view stream_gate::feed(std::string_view chunk) {
  if (form_ != form::sound)
    usage_.feed(chunk);
  const auto was_open = open_;
  if (was_open) // Else what may pass in the end gathers there.
    out_.clear();
  else
    held_ += chunk;
  look(chunk);
  if (!open_ && held_.size() > held_max_)
    open_ = true;
  if (!open_)
    return {};
  if (form_ == form::events && swallow_) {
    held_.clear();
    return out_;
  }
  if (was_open && form_ != form::events)
    return chunk;
  if (was_open && held_.empty()
      && (chunk.ends_with("\n\n") || chunk.ends_with("\n\r\n"))) {
    seam_ = chunk.substr(chunk.size() - 2);
    return chunk; // As nearly all do.
  }
  keep_tail(was_open, chunk);
  return out_;
}

void stream_gate::keep_tail(bool was_open, std::string_view chunk) {
  size_t from = 0;
  if (was_open) { // What is held holds no end of an event.
    from = held_.size() - std::min<size_t>(held_.size(), 2);
    held_ += chunk;
  }
  auto end = held_.size();
  if (form_ == form::events) {
    const auto x = end_of_events(std::string_view{held_}.substr(from));
    const auto whole
        = x > 0 ? from + x : end_of_blank_line(seam_, held_);
    if (end - whole <= tail_max)
      end = whole;
  }
  out_.assign(held_, 0, end);
  held_.erase(0, end);
  seam_.append(out_, end - std::min<size_t>(end, 2));
  seam_.erase(0, seam_.size() - std::min<size_t>(seam_.size(), 2));
}

std::string_view stream_gate::finish() {
  if (open_)
    out_.clear();
  if (std::exchange(finished_, true))
    return {};
  usage_.finish();
  said_.complete = said_.complete || (form_ == form::sound && open_);
  if (form_ == form::events) {
    if (!line_.empty())
      end_line(std::exchange(line_, {}));
    end_event();
  }
  if (!open_)
    return {};
  // Half of an event is of no use to anybody.
  if (form_ != form::events || (!swallow_ && (said_.complete || said_.fault)))
    out_.swap(held_);
  held_.clear();
  return out_;
}

void stream_gate::look(std::string_view chunk) {
  if (form_ == form::unknown) {
    const auto begin = trimmed(held_);
    if (begin.empty())
      return;
    form_ = begin.front() == '{'   ? form::document
            : begin.front() == '[' ? form::list
                                   : form::events;
    chunk = held_;
  }
  switch (form_) {
  case form::events:
    look_at_lines(chunk);
    break;
  case form::list: // Gemini's other way to stream.
    if (!open_) // By what comes first.
      open_ = std::min(held_.find("\"candidates\""),
                       held_.find("\"blockReason\""))
              < held_.find("\"error\"");
    line_ += chunk; // With the end of what came before.
    if (has_text(line_, "\"finishReason\"")
        || contains(line_, "\"blockReason\""))
      said_.complete = true;
    line_.erase(0, line_.size() - std::min(line_.size(), overlap));
    break;
  case form::sound: // It has no end of its own: see finish().
    open_ = said_.content = true;
    break;
  default: // A whole document: judged as a whole.
    break;
  }
}

void stream_gate::look_at_lines(std::string_view chunk) {
  while (!chunk.empty()) {
    const auto end = chunk.find('\n');
    if (end == std::string_view::npos) {
      if (line_.size() < line_max)
        line_ += chunk;
      if (swallow_)
        event_ += chunk;
      return;
    }
    if (swallow_)
      event_ += chunk.substr(0, end + 1);
    if (line_.empty()) {
      end_line(chunk.substr(0, end));
    } else {
      line_ += chunk.substr(0, end);
      end_line(line_);
      line_.clear();
    }
    chunk.remove_prefix(end + 1);
  }
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
    const auto text = trimmed(data_);
    if (text == "[DONE]")
      said_.complete = true;
    else if (!open_ || may_conclude(route_, text))
      read_event(route_, text, said_);
    if ((said_.content || said_.concluded) && !said_.fault)
      open_ = true;
  }
  if (swallow_) {
    if (!is_usage_only())
      out_ += event_;
    event_.clear();
  }
  data_.clear();
}

bool stream_gate::is_usage_only() const {
  const auto i = data_.find("\"choices\"");
  if (i == std::string::npos || !contains(data_, "\"usage\""))
    return false;
  const auto open = data_.find_first_not_of(" :\t", i + 9);
  if (open == std::string::npos || data_[open] != '[')
    return false;
  const auto close = data_.find_first_not_of(" \t", open + 1);
  return close != std::string::npos && data_[close] == ']';
}

std::optional<std::string> ask_for_usage(std::string_view body) {
  constexpr std::string_view wish =
      "\"stream_options\":{\"include_usage\":true},";
  const auto open = body.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || body[open] != '{')
    return std::nullopt;
  const auto next = body.find_first_not_of(" \t\r\n", open + 1);
  if (next == std::string_view::npos || body[next] != '"')
    return std::nullopt;
  std::string result;
  result.reserve(body.size() + wish.size());
  result += body.substr(0, open + 1);
  result += wish;
  result += body.substr(open + 1);
  return result;
}

} // namespace rota
