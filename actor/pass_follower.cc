#include "actor/pass_follower.h"

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/pass_runner.h"
#include "base/digest.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "drover/v1/pass.pb.h"
#include "model/pages.h"
#include "model/safetensors.h"
#include "model/weight_set.h"

namespace drover::actor {
namespace {

class Follower {
 public:
  Follower(ActorRanks& ranks, std::unique_ptr<model::Transformer> model)
      : ranks_(ranks), model_(std::move(model)) {}

  // False: rank 0 has said stop.
  absl::StatusOr<bool> Obey(const v1::PassCommand& command) {
    switch (command.command_case()) {
      case v1::PassCommand::kKeepAlive:
        return true;
      case v1::PassCommand::kStop:
        return false;
      case v1::PassCommand::kBegin:
        RETURN_IF_ERROR(Begin(command.begin()));
        return true;
      case v1::PassCommand::kPass:
        RETURN_IF_ERROR(Run(command.pass()));
        return true;
      case v1::PassCommand::kWeights:
        RETURN_IF_ERROR(Import(command.weights()));
        return true;
      default:
        return absl::InternalError("rank 0 says what no rank of this release knows");
    }
  }

 private:
  absl::Status Begin(const v1::PassCommand::Begin& begin) {
    if (runner_ != nullptr) return absl::InternalError("rank 0 begins twice");
    if (begin.pages() < 1) return absl::InternalError("rank 0 begins with memory for no page");
    ASSIGN_OR_RETURN(auto cache, MakeCache(*model_, begin.pages()));
    runner_ = std::make_unique<PassRunner>(std::move(model_), std::move(cache));
    return absl::OkStatus();
  }

  // Page numbers are looked at, since they say where memory is written.
  absl::Status CheckPages(const v1::PassCommand::Pass& pass) const {
    const int32_t pages = runner_->cache().options().pages;
    const auto wrong = [pages](int32_t page) { return page < 0 || page >= pages; };
    bool bad = pass.copies_from_size() != pass.copies_to_size();
    for (const int32_t page : pass.copies_from()) bad = bad || wrong(page);
    for (const int32_t page : pass.copies_to()) bad = bad || wrong(page);
    for (const v1::PassCommand::Part& part : pass.parts()) {
      for (const int32_t page : part.pages()) bad = bad || wrong(page);
    }
    return bad ? absl::InternalError("rank 0's pass has pages that are not there") : absl::OkStatus();
  }

  // What the model takes for granted of its parts (model::Part). No sum can overflow: there are fewer tokens than bytes of
  // the word, and positions end where the pages do.
  absl::Status CheckParts(const v1::PassCommand::Pass& pass) const {
    const int64_t positions = runner_->cache().options().pages * model::kPageTokens;
    int64_t tokens = 0, outputs = 0;
    bool bad = false;
    for (const v1::PassCommand::Part& part : pass.parts()) {
      bad = bad || part.tokens() < 1 || part.tokens() > pass.token_ids_size();
      bad = bad || part.outputs() < 1 || part.outputs() > part.tokens();
      bad = bad || part.position() < 0 || part.position() > positions;
      if (bad) break;
      bad = model::PagesFor(part.position() + part.tokens()) > part.pages_size();
      tokens += part.tokens();
      outputs += part.outputs();
    }
    bad = bad || tokens != pass.token_ids_size();
    for (const int64_t output : pass.outputs()) bad = bad || output < 0 || output >= outputs;
    const int64_t vocabulary = runner_->model().config().vocab_size;
    for (const int64_t token : pass.token_ids()) bad = bad || token < 0 || token >= vocabulary;
    return bad ? absl::InternalError("rank 0's pass has parts that do not go together") : absl::OkStatus();
  }

  absl::Status Run(const v1::PassCommand::Pass& said) {
    if (runner_ == nullptr) return absl::InternalError("a pass comes before there is memory for it");
    RETURN_IF_ERROR(CheckPages(said));
    RETURN_IF_ERROR(CheckParts(said));
    std::vector<model::PageCopy> copies;
    for (int i = 0; i < said.copies_from_size(); ++i) {
      copies.push_back({said.copies_from(i), said.copies_to(i)});
    }
    const std::vector<int64_t> token_ids(said.token_ids().begin(), said.token_ids().end());
    std::vector<model::Part> parts;
    for (const v1::PassCommand::Part& part : said.parts()) {
      parts.push_back({part.position(), part.tokens(),
                       absl::MakeConstSpan(part.pages().data(), static_cast<size_t>(part.pages_size())),
                       part.outputs()});
    }
    return CatchExceptions("a pass", [&] {
      runner_->Run({copies, token_ids, parts, {said.outputs().begin(), said.outputs().end()}});
      return absl::OkStatus();
    });
  }

  absl::Status Import(const v1::PassCommand::Weights& said) {
    if (runner_ == nullptr) return absl::InternalError("weights come before there is memory for passes");
    model::Transformer& model = runner_->model();
    ASSIGN_OR_RETURN(const std::vector<model::TensorMeta> layout, model.ImportLayout(said.base()));
    Digester digest;
    std::string bytes;
    for (const model::TensorMeta& meta : layout) {
      bytes.resize(meta.bytes);
      RETURN_IF_ERROR(ranks_.collectives().Broadcast(
          at::from_blob(bytes.data(), {static_cast<int64_t>(bytes.size())}, at::kByte)));
      digest.Update(bytes);
      RETURN_IF_ERROR(model.ImportTensor(
          said.base(), {.name = meta.name, .dtype = meta.dtype, .shape = meta.shape, .bytes = bytes}));
    }
    if (digest.Hex() == said.digest()) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("weights came with the digest ", digest.Hex(), ", rank 0 has ", said.digest()));
  }

  ActorRanks& ranks_;
  std::unique_ptr<model::Transformer> model_;  // until there is a runner
  std::unique_ptr<PassRunner> runner_;
};

}  // namespace

absl::Status FollowPasses(ActorRanks& ranks, std::unique_ptr<model::Transformer> model,
                          const FollowOptions& options) {
  Follower follower(ranks, std::move(model));
  v1::PassCommand command;
  while (true) {
    std::string bytes;
    RETURN_IF_ERROR(ranks.collectives().Broadcast(&bytes, options.patience));
    if (!command.ParseFromString(bytes)) return absl::DataLossError("rank 0's word cannot be read");
    ASSIGN_OR_RETURN(const bool goes_on, follower.Obey(command));
    options.heard();
    if (!goes_on) return absl::OkStatus();
  }
}

}  // namespace drover::actor
