#include "model/tokenizer.h"

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "base/file.h"
#include "base/status.h"
#include "model/byte_alphabet.h"
#include "model/lora_files.h"
#include "model/tokenizer_json.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

constexpr size_t kMaxText = size_t{64} << 20;
constexpr uint64_t kMaxFile = uint64_t{64} << 20;

// The character of `word` that has its byte at `offset`, as an error shows it: 'é' (U+00E9).
std::string ShowCharacter(std::string_view word, size_t offset) {
  while (offset > 0 && (static_cast<uint8_t>(word[offset]) & 0xC0) == 0x80) --offset;
  size_t end = offset;
  char32_t c = NextCodePoint(word, end);
  std::string shown = c < 0x20 || c == 0x7F ? "?" : std::string(word.substr(offset, end - offset));
  return absl::StrFormat("'%s' (U+%04X)", shown, static_cast<uint32_t>(c));
}

// What one call to Encode works with; calls at the same time have one each.
struct Workspace {
  NormalText normal;
  Pieces words;
  BpeWorkspace bpe;
};

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerParts p) : parts(std::move(p)) {}

  // A part of a text, without raw added tokens. `at_start`: the text begins with it.
  absl::Status EncodeRaw(std::string_view text, bool at_start, Workspace& workspace,
                         std::vector<uint32_t>& ids) const;
  // Normalised text without added tokens.
  absl::Status EncodeOrdinary(std::string_view text, bool at_start, Workspace& workspace,
                              std::vector<uint32_t>& ids) const;
  absl::Status CannotSpell(std::string_view word, size_t bad_byte) const;

  std::unique_ptr<Workspace> TakeWorkspace() const;
  void GiveBack(std::unique_ptr<Workspace> workspace) const;

  const TokenEntry& Entry(uint32_t id) const {
    static const TokenEntry kNone;
    return id < parts.tokens.size() ? parts.tokens[id] : kNone;
  }

  TokenizerParts parts;
  AddedTokenFinder raw_finder;         // added tokens looked for in the text as it is
  AddedTokenFinder normalized_finder;  // and in the normalised text
  absl::flat_hash_map<std::string, uint32_t> added_ids;

  mutable absl::Mutex mutex;
  mutable std::vector<std::unique_ptr<Workspace>> idle
      ABSL_GUARDED_BY(mutex);  // as many as calls ran at once
};

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Parse(std::string_view json) {
  ASSIGN_OR_RETURN(TokenizerParts parts, ParseTokenizerJson(json));
  auto impl = std::make_unique<Impl>(std::move(parts));
  NormalText normal;
  for (const AddedToken& token : impl->parts.added_tokens) {
    impl->added_ids[token.content] = token.id;
    if (!token.normalized) {
      impl->raw_finder.Add(token, token.content);
      continue;
    }
    RETURN_IF_ERROR(impl->parts.normalizer.Apply(token.content, normal));
    if (!normal.text.empty()) impl->normalized_finder.Add(token, normal.text);
    impl->parts.Enter(token.id, std::string(normal.text));  // it decodes to its normal form, as in tokenizers
  }
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::string& dir) {
  ASSIGN_OR_RETURN(const std::string folder, TokenizerFolder(dir));
  const std::string path = folder + "/tokenizer.json";
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, kMaxFile));
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = Parse(text);
  if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
  return tokenizer;
}

absl::StatusOr<std::vector<uint32_t>> Tokenizer::Encode(std::string_view text,
                                                        const EncodeOptions& options) const {
  if (text.size() > kMaxText) {
    return absl::ResourceExhaustedError(
        absl::StrCat("text of ", text.size(), " bytes, at most ", kMaxText, " are encoded at once"));
  }
  if (std::optional<size_t> byte = FirstInvalidUtf8(text)) {
    return absl::InvalidArgumentError(absl::StrCat("the text is not UTF-8 at byte ", *byte));
  }
  std::vector<uint32_t> ids;
  std::unique_ptr<Workspace> workspace = impl_->TakeWorkspace();
  absl::Status status;
  for (const AddedTokenFinder::Part& part : impl_->raw_finder.Split(text)) {
    if (part.id) {
      ids.push_back(*part.id);
    } else if (status.ok()) {
      status = impl_->EncodeRaw(part.text, part.text.data() == text.data(), *workspace, ids);
    }
  }
  impl_->GiveBack(std::move(workspace));
  RETURN_IF_ERROR(status);
  if (options.add_special_tokens) impl_->parts.post_processor.Apply(ids);
  return ids;
}

std::unique_ptr<Workspace> Tokenizer::Impl::TakeWorkspace() const {
  absl::MutexLock lock(&mutex);
  if (idle.empty()) return std::make_unique<Workspace>();
  std::unique_ptr<Workspace> workspace = std::move(idle.back());
  idle.pop_back();
  return workspace;
}

void Tokenizer::Impl::GiveBack(std::unique_ptr<Workspace> workspace) const {
  absl::MutexLock lock(&mutex);
  idle.push_back(std::move(workspace));
}

absl::Status Tokenizer::Impl::EncodeRaw(std::string_view text, bool at_start, Workspace& workspace,
                                        std::vector<uint32_t>& ids) const {
  NormalText& normal = workspace.normal;
  RETURN_IF_ERROR(parts.normalizer.Apply(text, normal));
  at_start &= normal.keeps_start;
  for (const AddedTokenFinder::Part& part : normalized_finder.Split(normal.text)) {
    if (part.id) {
      ids.push_back(*part.id);
    } else {
      RETURN_IF_ERROR(
          EncodeOrdinary(part.text, at_start && part.text.data() == normal.text.data(), workspace, ids));
    }
  }
  return absl::OkStatus();
}

absl::Status Tokenizer::Impl::EncodeOrdinary(std::string_view text, bool at_start, Workspace& workspace,
                                             std::vector<uint32_t>& ids) const {
  RETURN_IF_ERROR(parts.pre_tokenizer.Cut(text, at_start, workspace.words));
  for (std::string_view word : workspace.words.views) {
    size_t bad_byte = 0;
    if (!parts.bpe.Encode(word, workspace.bpe, ids, bad_byte)) return CannotSpell(word, bad_byte);
  }
  return absl::OkStatus();
}

absl::Status Tokenizer::Impl::CannotSpell(std::string_view word, size_t bad_byte) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "the character ", ShowCharacter(word, bad_byte), " is not in the tokenizer's alphabet, which is \"",
      SpellBytes(parts.bpe.SingleBytes()), "\" (a space is spelled \xC4\xA0, a line feed \xC4\x8A)"));
}

std::string Tokenizer::Decode(absl::Span<const uint32_t> ids, const DecodeOptions& options) const {
  Detokenizer detokenizer(*this, options);
  std::string text;
  for (const uint32_t id : ids) detokenizer.Add(id, text);
  detokenizer.Finish(text);
  return text;
}

Detokenizer::Detokenizer(const Tokenizer& tokenizer, const DecodeOptions& options)
    : tokenizer_(tokenizer), options_(options), stream_(tokenizer.impl_->parts.decoder) {}

void Detokenizer::Add(uint32_t id, std::string& text) {
  const TokenEntry& entry = tokenizer_.impl_->Entry(id);
  if (!entry.known || (entry.special && options_.skip_special_tokens)) return;
  stream_.Add(entry.says, entry.content, text);
}

void Detokenizer::Finish(std::string& text) { stream_.Finish(text); }

std::string_view Tokenizer::TokenBytes(uint32_t id) const { return impl_->Entry(id).says.text; }

std::optional<uint32_t> Tokenizer::TokenId(std::string_view content) const {
  auto added = impl_->added_ids.find(ToAbsl(content));
  if (added != impl_->added_ids.end()) return added->second;
  if (FirstInvalidUtf8(content)) return std::nullopt;
  if (!impl_->parts.decoder.byte_level()) return impl_->parts.bpe.Find(content);
  std::optional<std::string> bytes = UnspellBytes(content);
  return bytes ? impl_->parts.bpe.Find(*bytes) : std::nullopt;
}

bool Tokenizer::IsSpecial(uint32_t id) const { return impl_->Entry(id).special; }

size_t Tokenizer::size() const { return impl_->parts.tokens.size(); }

}  // namespace drover::model
