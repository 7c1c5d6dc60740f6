// Files that supervised learning learns from, as texts in parts:
//
//   {"text": "..."}                       TEXT    [text]
//   {"problem": "...", "answer": "..."}   PAIRS   (prompt in its template) [response]
//   {"messages": [{"role", "content"}]}   CHATS   (up to the answer) [answer] (up to the next) [answer] ...
//
// Parts in brackets are learned. Each part is encoded alone, so that a prompt has the ids that a rollout's has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "model/jinja/chat_template.h"

namespace drover::data {

struct TextPart {
  std::string text;  // not empty
  bool learned = false;
};

struct SupervisedText {
  size_t line = 0;              // where its record begins, from 1
  std::vector<TextPart> parts;  // at least one is learned
  std::string key;              // the prompt, or the whole text: what the held-out split goes by
};

// A record may be so long.
inline constexpr size_t kMaxRecordBytes = size_t{64} << 20;

// Reads records of one format.
class SupervisedReader {
 public:
  // Of an effective recipe (sft, and data.template around prompts). `chat` is the model's, needed for CHATS and for
  // data.template chat: without it FAILED_PRECONDITION. INVALID_ARGUMENT for a template that there is not, and for an
  // sft.response_text without {response}.
  static absl::StatusOr<SupervisedReader> Create(const v1::Recipe& recipe,
                                                 std::shared_ptr<const model::jinja::ChatTemplate> chat);

  // One record. INVALID_ARGUMENT "has no `text`": what is missing or of a wrong type, or a conversation that the chat
  // template does not write turn by turn. Without parts: it is blank, or no one of it answers.
  absl::StatusOr<SupervisedText> Read(std::string_view record) const;

 private:
  SupervisedReader() = default;
  absl::StatusOr<SupervisedText> ReadPair(std::string_view record) const;
  absl::StatusOr<SupervisedText> ReadChat(std::string_view record) const;

  v1::SupervisedSettings settings_;
  std::string template_;  // around a prompt, with {question}; empty: the chat template
  std::shared_ptr<const model::jinja::ChatTemplate> chat_;
};

// The parts of a conversation: each answer of the assistant is learned, up to where the next message begins. What
// follows the last answer is left out. INVALID_ARGUMENT where the template writes the beginning of a conversation
// otherwise once it goes on, so that no text holds all of its answers.
absl::StatusOr<std::vector<TextPart>> ChatParts(const model::jinja::ChatTemplate& chat,
                                                const model::jinja::Json& messages);

// Calls `visit` with each record's text, those without parts too. Errors are "PATH:LINE: the record ..." or
// "PATH: ..."; NOT_FOUND, INVALID_ARGUMENT, RESOURCE_EXHAUSTED for a file above 32 GiB.
absl::Status ReadSupervisedFile(const std::string& path, const SupervisedReader& reader,
                                const std::function<absl::Status(SupervisedText text)>& visit);

}  // namespace drover::data
