#include "data/supervised_set.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/status.h"
#include "data/prompt_fit.h"
#include "data/question.h"
#include "data/templates.h"

namespace drover::data {
namespace {

struct Encoded {
  std::vector<uint32_t> ids;
  std::vector<uint8_t> learned;

  void Add(const std::vector<uint32_t>& more, bool learn) {
    ids.insert(ids.end(), more.begin(), more.end());
    learned.insert(learned.end(), more.size(), learn ? 1 : 0);
  }
};

bool InChatTemplate(const v1::Recipe& recipe) {
  return recipe.sft().format() == v1::CHATS ||
         (recipe.sft().format() == v1::PAIRS && recipe.data().template_() == kChat);
}

// Encodes the records of one file into a set, or into two.
class Encoder {
 public:
  Encoder(const v1::Recipe& recipe, const SupervisedVocabulary& vocabulary, SupervisedData* data)
      : recipe_(recipe), sft_(recipe.sft()), vocabulary_(vocabulary), data_(*data) {}

  absl::Status Add(const SupervisedText& text, const std::string& path, SupervisedSet& set) {
    ++data_.records;
    auto encoded = Encode(text);
    if (!encoded.ok()) {
      return absl::Status(encoded.status().code(), absl::StrCat("the record ", encoded.status().message()));
    }
    const bool learns =
        std::find(encoded->learned.begin(), encoded->learned.end(), 1) != encoded->learned.end();
    if (!learns) {
      ++data_.blank;
    } else if (sft_.format() == v1::TEXT) {
      AddPieces(*encoded, set);
    } else if (encoded->ids.size() > sft_.max_tokens()) {
      if (data_.too_long++ == 0) {
        data_.too_long_example = absl::StrCat(path, ":", text.line, ": ", encoded->ids.size(), " tokens");
      }
    } else {
      set.Add(encoded->ids, encoded->learned);
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Encoded> Encode(const SupervisedText& text) const {
    Encoded encoded;
    for (const TextPart& part : text.parts) {
      const model::EncodeOptions options =
          encoded.ids.empty() ? PromptEncoding(recipe_.data()) : model::EncodeOptions{};
      ASSIGN_OR_RETURN(const std::vector<uint32_t> ids, vocabulary_.tokenizer->Encode(part.text, options));
      const size_t learned = part.learned && Chats() ? UpToEos(ids) : ids.size();
      encoded.Add({ids.begin(), ids.begin() + static_cast<int64_t>(learned)}, part.learned);
      encoded.Add({ids.begin() + static_cast<int64_t>(learned), ids.end()}, false);
    }
    if (EndsOpen(encoded)) encoded.Add({vocabulary_.eos.front()}, true);
    if (sft_.loss_on() == v1::ALL_TOKENS) std::fill(encoded.learned.begin(), encoded.learned.end(), 1);
    if (!encoded.learned.empty()) encoded.learned.front() = 0;
    RETURN_IF_ERROR(CheckIds(encoded.ids));
    return encoded;
  }

  // A post-processor may have put the end-of-sequence token there already.
  bool EndsOpen(const Encoded& encoded) const {
    if (!sft_.append_eos() || Chats() || encoded.ids.empty()) return false;
    return encoded.ids.back() != vocabulary_.eos.front();
  }

  bool Chats() const { return InChatTemplate(recipe_); }

  // Tokens up to the first that ends a response; what a template puts behind it is never generated.
  size_t UpToEos(const std::vector<uint32_t>& ids) const {
    const auto end =
        std::find_first_of(ids.begin(), ids.end(), vocabulary_.eos.begin(), vocabulary_.eos.end());
    return end == ids.end() ? ids.size() : static_cast<size_t>(end - ids.begin()) + 1;
  }

  absl::Status CheckIds(const std::vector<uint32_t>& ids) const {
    for (const uint32_t id : ids) {
      if (id < vocabulary_.size) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("has token ", id, ", but the model has embeddings for ", vocabulary_.size,
                       ": tokenizer and model do not belong together"));
    }
    return absl::OkStatus();
  }

  // Every token but the first is predicted once.
  void AddPieces(const Encoded& encoded, SupervisedSet& set) const {
    const size_t longest = sft_.max_tokens();
    for (size_t begin = 0; begin + 1 < encoded.ids.size(); begin += longest - 1) {
      const size_t length = std::min(longest, encoded.ids.size() - begin);
      std::vector<uint8_t> learned(length, 1);
      learned.front() = 0;
      set.Add(absl::MakeConstSpan(encoded.ids).subspan(begin, length), learned);
    }
  }

  const v1::Recipe& recipe_;
  const v1::SupervisedSettings& sft_;
  const SupervisedVocabulary& vocabulary_;
  SupervisedData& data_;
};

absl::Status CheckFits(const v1::SupervisedSettings& sft, const SupervisedVocabulary& vocabulary) {
  if (sft.max_tokens() > vocabulary.positions) {
    return absl::InvalidArgumentError(absl::StrCat("sft.max_tokens: got ", sft.max_tokens(),
                                                   ", may be at most the model's positions, ",
                                                   vocabulary.positions));
  }
  if (sft.append_eos() && vocabulary.eos.empty()) {
    return absl::FailedPreconditionError(
        "sft.append_eos: got true, but the model has no end-of-sequence token; set it to false, or "
        "eos_token_id in "
        "the model's generation_config.json");
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t SupervisedSet::learned_tokens() const {
  return std::accumulate(learned_.begin(), learned_.end(), uint64_t{0});
}

void SupervisedSet::Add(absl::Span<const uint32_t> ids, absl::Span<const uint8_t> learned) {
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  learned_.insert(learned_.end(), learned.begin(), learned.end());
  begins_.push_back(ids_.size());
}

void SupervisedSet::KeepFirst(size_t count) {
  if (count >= size()) return;
  begins_.resize(count + 1);
  ids_.resize(begins_.back());
  learned_.resize(begins_.back());
}

std::string SupervisedSet::Digest() const {
  Digester digester;
  digester.Update(begins_.data(), begins_.size() * sizeof(begins_[0]));
  digester.Update(ids_.data(), ids_.size() * sizeof(ids_[0]));
  digester.Update(learned_.data(), learned_.size());
  return digester.Hex();
}

std::vector<std::string> SupervisedData::Warnings() const {
  std::vector<std::string> warnings;
  if (blank > 0) {
    warnings.push_back(
        absl::StrCat(blank, " of ", records, " records are left out: there is nothing to learn in them"));
  }
  if (too_long > 0) {
    warnings.push_back(absl::StrCat(too_long, " of ", records,
                                    " records are left out: they are over sft.max_tokens (", too_long_example,
                                    ")"));
  }
  return warnings;
}

absl::StatusOr<std::shared_ptr<const model::jinja::ChatTemplate>> ChatTemplateFor(const v1::Recipe& recipe,
                                                                                  const std::string& model) {
  if (!InChatTemplate(recipe)) return nullptr;
  auto chat = model::jinja::ChatTemplate::Load(model);
  if (chat.ok()) return std::make_shared<const model::jinja::ChatTemplate>(*std::move(chat));
  const char* field =
      recipe.sft().format() == v1::CHATS ? "sft.format: got CHATS: " : "data.template: got `chat`: ";
  return absl::InvalidArgumentError(absl::StrCat(field, chat.status().message()));
}

absl::StatusOr<SupervisedData> LoadSupervisedData(const v1::Recipe& recipe,
                                                  const SupervisedVocabulary& vocabulary) {
  const v1::SupervisedSettings& sft = recipe.sft();
  RETURN_IF_ERROR(CheckFits(sft, vocabulary));
  ASSIGN_OR_RETURN(const SupervisedReader reader, SupervisedReader::Create(recipe, vocabulary.chat));
  SupervisedData data;
  Encoder encoder(recipe, vocabulary, &data);
  const bool own_file = !sft.heldout().empty();
  const auto split = [&](const SupervisedText& text) -> SupervisedSet& {
    const bool aside = !own_file && sft.heldout_share() > 0 && IsHeldout(text.key, sft.heldout_share());
    return aside ? data.heldout : data.train;
  };
  RETURN_IF_ERROR(ReadSupervisedFile(sft.train(), reader, [&](const SupervisedText& text) {
    return encoder.Add(text, sft.train(), split(text));
  }));
  if (own_file) {
    RETURN_IF_ERROR(ReadSupervisedFile(sft.heldout(), reader, [&](const SupervisedText& text) {
      return encoder.Add(text, sft.heldout(), data.heldout);
    }));
  }
  data.heldout.KeepFirst(sft.heldout_examples());
  if (data.train.size() > 0) return data;
  return absl::InvalidArgumentError(absl::StrCat(
      "sft.train: ", sft.train(), " has nothing to learn from: of ", data.records, " records ", data.blank,
      " are blank, ", data.too_long, " over sft.max_tokens = ", sft.max_tokens(), ", the others held out"));
}

}  // namespace drover::data
