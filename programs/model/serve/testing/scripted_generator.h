// A generator that says what a test tells it to, a byte a step, and its tokenizer: a token a byte. Stop texts, limits and
// cancelling are the engine's own (actor/running_group.h).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/generator.h"
#include "actor/running_group.h"
#include "model/byte_alphabet.h"
#include "model/tokenizer.h"

namespace drover::serve {

inline constexpr uint32_t kEos = 1, kFirstByte = 2;

// <pad> 0, <eos> 1, then the 256 bytes.
inline std::unique_ptr<model::Tokenizer> ByteTokenizer() {
  nlohmann::json file = nlohmann::json::parse(model::CharacterTokenizerJson("a"));
  nlohmann::json& vocab = file["model"]["vocab"] = {{"<pad>", 0}, {"<eos>", kEos}};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    vocab[model::SpellBytes(std::string(1, static_cast<char>(byte)))] = kFirstByte + byte;
  }
  return model::Tokenizer::Parse(file.dump()).value();
}

inline std::vector<uint32_t> ByteIds(std::string_view text) {
  std::vector<uint32_t> ids;
  for (const char c : text) ids.push_back(kFirstByte + static_cast<unsigned char>(c));
  return ids;
}

class ScriptedGenerator final : public actor::Generator {
 public:
  // What response `index` of a group says before its end-of-sequence token.
  using Script = std::function<std::string(const actor::GroupRequest& group, uint32_t index)>;

  explicit ScriptedGenerator(const model::Tokenizer& tokenizer) {
    config_.vocab_size = kFirstByte + 256;
    config_.eos_token_ids = {kEos};
    limits_ = {.config = &config_, .tokenizer = &tokenizer, .context = context};
  }

  absl::Status Add(actor::GroupRequest request) override {
    if (absl::Status wrong = CheckRequest(request, limits_); !wrong.ok()) return wrong;
    ++added;
    const uint64_t id = request.id;
    groups_[id] = std::make_unique<actor::RunningGroup>(std::move(request), limits_);
    return absl::OkStatus();
  }

  std::vector<actor::FinishedGroup> Step() override {
    std::vector<actor::FinishedGroup> ended;
    absl::SleepFor(pace);
    if (blocked) return ended;
    ++steps;
    for (auto at = groups_.begin(); at != groups_.end();) {
      actor::RunningGroup& group = *at->second;
      const bool fails = fail_next.exchange(false);
      for (uint32_t i = 0; i < group.size() && !fails; ++i) Advance(group, i);
      if (!fails && !group.finished()) {
        ++at;
        continue;
      }
      ended.push_back(
          group.End(fails ? absl::InternalError("the logits are not all finite") : absl::OkStatus()));
      at = groups_.erase(at);
    }
    return ended;
  }

  bool Cancel(uint64_t id) override {
    ++cancels;
    return groups_.erase(id) > 0;
  }
  std::optional<actor::GroupProgress> Progress(uint64_t id) const override {
    const auto group = groups_.find(id);
    if (group == groups_.end()) return std::nullopt;
    return group->second->progress();
  }
  absl::Status SwapWeights(uint64_t, const model::WeightSet&) override { return absl::OkStatus(); }
  size_t groups() const override { return groups_.size(); }
  size_t queued() const override { return 0; }
  actor::GeneratorCounts counts() const override { return {.pages = 100, .sampled_tokens = sampled_}; }

  static constexpr int64_t context = 100000;
  Script script = [](const actor::GroupRequest&, uint32_t) { return std::string("hello"); };
  std::atomic<bool> blocked{false};    // no token comes
  std::atomic<bool> fail_next{false};  // the next group fails
  absl::Duration pace = absl::ZeroDuration();
  std::atomic<int> added{0}, cancels{0}, steps{0};

 private:
  void Advance(actor::RunningGroup& group, uint32_t index) {
    const v1::Response& response = group.response(index);
    if (response.finish_reason() != v1::FINISH_REASON_UNSPECIFIED) return;
    const std::string text = script(group.request(), index);
    const auto position = static_cast<size_t>(response.token_ids_size());
    const uint32_t token =
        position < text.size() ? kFirstByte + static_cast<unsigned char>(text[position]) : kEos;
    std::vector<actor::TokenLogprob> top;
    for (uint32_t k = 0; k < group.request().top_tokens; ++k) {
      top.push_back({k == 0 ? token : kFirstByte + 'A' + k, -0.5F - static_cast<float>(k)});
    }
    ++sampled_;
    group.AddTop(index, std::move(top));
    group.AddToken(index, token, -0.5F, /*version=*/0);
  }

  model::ModelConfig config_;
  actor::RequestLimits limits_;
  std::map<uint64_t, std::unique_ptr<actor::RunningGroup>> groups_;
  uint64_t sampled_ = 0;
};

}  // namespace drover::serve
