#include "model/tokenizer.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "model/byte_alphabet.h"
#include "model/tokenizer_json.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

constexpr size_t kMaxText = size_t{64} << 20;
constexpr uint64_t kMaxFile = uint64_t{32} << 20;

absl::StatusOr<std::string> ToNfc(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  std::string normal;
  icu::StringByteSink<std::string> sink(&normal);
  if (U_SUCCESS(error)) {
    icu::StringPiece piece(text.data(), static_cast<int32_t>(text.size()));
    nfc->normalizeUTF8(0, piece, sink, nullptr, error);
  }
  if (U_SUCCESS(error)) return normal;
  return absl::InternalError(absl::StrCat("normalising the text: ", u_errorName(error)));
}

// The character of `word` that has its byte at `offset`, as an error shows it: 'é' (U+00E9).
std::string ShowCharacter(std::string_view word, size_t offset) {
  while (offset > 0 && (static_cast<uint8_t>(word[offset]) & 0xC0) == 0x80) --offset;
  size_t end = offset;
  char32_t c = NextCodePoint(word, end);
  std::string shown = c < 0x20 || c == 0x7F ? "?" : std::string(word.substr(offset, end - offset));
  return absl::StrFormat("'%s' (U+%04X)", shown, static_cast<uint32_t>(c));
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerParts p) : parts(std::move(p)) {}

  // Text without raw added tokens.
  absl::Status EncodeRaw(std::string_view text, std::vector<uint32_t>& ids) const;
  // Normalised text without added tokens.
  absl::Status EncodeOrdinary(std::string_view text, std::vector<uint32_t>& ids) const;
  absl::Status CannotSpell(std::string_view word, size_t bad_byte) const;

  TokenizerParts parts;
  AddedTokenFinder raw_finder;         // added tokens looked for in the text as it is
  AddedTokenFinder normalized_finder;  // and in the normalised text
  absl::flat_hash_map<std::string, uint32_t> added_ids;
  std::vector<bool> special;  // by id
};

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Parse(std::string_view json) {
  ASSIGN_OR_RETURN(TokenizerParts parts, ParseTokenizerJson(json));
  auto impl = std::make_unique<Impl>(std::move(parts));
  impl->special.resize(impl->parts.bytes.size());
  for (const AddedToken& token : impl->parts.added_tokens) {
    impl->added_ids[token.content] = token.id;
    impl->special[token.id] = token.special;
    if (!token.normalized) {
      impl->raw_finder.Add(token, token.content);
    } else if (impl->parts.nfc) {
      ASSIGN_OR_RETURN(std::string normal, ToNfc(token.content));
      impl->normalized_finder.Add(token, normal);
    } else {
      impl->normalized_finder.Add(token, token.content);
    }
  }
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::string& dir) {
  std::string path = dir + "/tokenizer.json";
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
  for (const AddedTokenFinder::Part& part : impl_->raw_finder.Split(text)) {
    if (part.id) {
      ids.push_back(*part.id);
    } else {
      RETURN_IF_ERROR(impl_->EncodeRaw(part.text, ids));
    }
  }
  if (options.add_special_tokens) impl_->parts.post_processor.Apply(ids);
  return ids;
}

absl::Status Tokenizer::Impl::EncodeRaw(std::string_view text, std::vector<uint32_t>& ids) const {
  std::string normal;
  if (parts.nfc) {
    ASSIGN_OR_RETURN(normal, ToNfc(text));
    text = normal;
  }
  for (const AddedTokenFinder::Part& part : normalized_finder.Split(text)) {
    if (part.id) {
      ids.push_back(*part.id);
    } else {
      RETURN_IF_ERROR(EncodeOrdinary(part.text, ids));
    }
  }
  return absl::OkStatus();
}

absl::Status Tokenizer::Impl::EncodeOrdinary(std::string_view text, std::vector<uint32_t>& ids) const {
  Pieces words;
  RETURN_IF_ERROR(parts.pre_tokenizer.Cut(text, words));
  for (std::string_view word : words.views) {
    size_t bad_byte = 0;
    if (!parts.bpe.Encode(word, ids, bad_byte)) return CannotSpell(word, bad_byte);
  }
  return absl::OkStatus();
}

absl::Status Tokenizer::Impl::CannotSpell(std::string_view word, size_t bad_byte) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "the character ", ShowCharacter(word, bad_byte), " is not in the tokenizer's alphabet, which is \"",
      SpellBytes(parts.bpe.SingleBytes()), "\" (a space is spelled \xC4\xA0, a line feed \xC4\x8A)"));
}

std::string Tokenizer::Decode(absl::Span<const uint32_t> ids, const DecodeOptions& options) const {
  std::string text;
  for (uint32_t id : ids) {
    if (!options.skip_special_tokens || !IsSpecial(id)) text += TokenBytes(id);
  }
  return text;
}

std::string_view Tokenizer::TokenBytes(uint32_t id) const {
  return id < impl_->parts.bytes.size() ? std::string_view(impl_->parts.bytes[id]) : std::string_view();
}

std::optional<uint32_t> Tokenizer::TokenId(std::string_view content) const {
  auto added = impl_->added_ids.find(ToAbsl(content));
  if (added != impl_->added_ids.end()) return added->second;
  if (FirstInvalidUtf8(content)) return std::nullopt;
  std::optional<std::string> bytes = UnspellBytes(content);
  return bytes ? impl_->parts.bpe.Find(*bytes) : std::nullopt;
}

bool Tokenizer::IsSpecial(uint32_t id) const { return id < impl_->special.size() && impl_->special[id]; }

size_t Tokenizer::size() const { return impl_->parts.bytes.size(); }

}  // namespace drover::model
