#pragma once

#include "tools/sim/answer.hpp"

#include <string>
#include <string_view>
#include <vector>

// How each protocol spells answers. Whole answers come back as a body, streams
// are written piece by piece.

namespace rota::sim {

/// Writes the events of a stream.
class piece_writer {
public:
  piece_writer(std::string& out, std::vector<size_t>& ends)
      : out_{out}, ends_{ends} {
    // nop
  }

  /// Writes "data: X" and a blank line.
  void data(std::string_view x) {
    out_.append("data: ").append(x);
    end("\n\n");
  }

  /// Writes an event with its name.
  void event(std::string_view name, std::string_view x) {
    out_.append("event: ").append(name).append("\ndata: ").append(x);
    end("\n\n");
  }

  /// Writes bytes as they are.
  void raw(std::string_view x) {
    end(x);
  }

private:
  void end(std::string_view x) {
    out_.append(x);
    ends_.push_back(out_.size());
  }

  std::string& out_;
  std::vector<size_t>& ends_;
};

std::string spell_chat(const call& x, const answer& y);
std::string spell_completion(const call& x, const answer& y);
std::string spell_response(const call& x, const answer& y);
std::string spell_embeddings(const call& x, const answer& y,
                             int64_t dimensions);
std::string spell_moderation(const call& x, const answer& y);
std::string spell_message(const call& x, const answer& y);
std::string spell_generation(const call& x, const answer& y);
std::string spell_gemini_count(const call& x);

std::string spell_compaction(const call& x, const answer& y);
std::string spell_images(const call& x, const answer& y);
std::string spell_speech(const call& x, const answer& y);
std::string spell_transcript(const call& x, const answer& y);
std::string spell_ranks(const call& x, const answer& y);
std::string spell_gemini_vectors(const call& x, const answer& y,
                                 int64_t dimensions);

void stream_chat(const call& x, const answer& y, piece_writer& out);
void stream_completion(const call& x, const answer& y, piece_writer& out);
void stream_response(const call& x, const answer& y, piece_writer& out);
void stream_message(const call& x, const answer& y, piece_writer& out);
void stream_images(const call& x, const answer& y, piece_writer& out);
void stream_speech(const call& x, const answer& y, piece_writer& out);
void stream_transcript(const call& x, const answer& y, piece_writer& out);
void stream_generation(const call& x, const answer& y, bool sse,
                       piece_writer& out);

} // namespace rota::sim
