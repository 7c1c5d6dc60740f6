#include "model/rank_share.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::model {
namespace {

// Heads of the rank: of query, and of key and value.
struct HeadRuns {
  RowRun query;
  RowRun key;
};

HeadRuns HeadsOf(int64_t heads, int64_t kv_heads, RankShare share) {
  HeadRuns runs;
  runs.query = RunOf(heads, share);
  if (kv_heads >= share.ranks) {
    runs.key = RunOf(kv_heads, share);
  } else {
    runs.key = {share.rank * kv_heads / share.ranks, 1};
  }
  return runs;
}

void TakeRows(WeightDescription& weight, const std::vector<RowRun>& runs) {
  if (!weight.present()) return;
  weight.whole_rows = weight.shape[0];
  weight.runs = runs;
  weight.shape[0] = 0;
  for (const RowRun& run : runs) weight.shape[0] += run.size;
}

void TakeRows(LinearDescription& linear, const std::vector<RowRun>& runs) {
  TakeRows(linear.weight, runs);
  TakeRows(linear.bias, runs);
}

// The maps of one input: each by itself takes its run, or the one whose rows are theirs one after the other takes all.
void TakeParts(std::vector<LinearDescription>& parts, const std::vector<RowRun>& runs,
               const std::vector<int64_t>& whole_rows) {
  if (parts.size() > 1) {
    for (size_t i = 0; i < parts.size(); ++i) TakeRows(parts[i], {runs[i]});
    return;
  }
  std::vector<RowRun> joined = runs;
  int64_t before = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    joined[i].begin += before;
    before += whole_rows[i];
  }
  TakeRows(parts[0], joined);
}

void TakeHeads(AttentionDescription& attention, RankShare share) {
  const HeadRuns heads = HeadsOf(attention.heads, attention.kv_heads, share);
  const auto rows = [&](const RowRun& run) {
    return RowRun{run.begin * attention.head_dim, run.size * attention.head_dim};
  };
  const int64_t query_rows = attention.heads * attention.head_dim;
  const int64_t key_rows = attention.kv_heads * attention.head_dim;
  TakeParts(attention.projections, {rows(heads.query), rows(heads.key), rows(heads.key)},
            {query_rows, key_rows, key_rows});
  attention.heads = heads.query.size;
  attention.kv_heads = heads.key.size;
}

void TakeOutputs(LinearDescription& linear, RankShare share) {
  TakeRows(linear, {RunOf(linear.weight.shape[0], share)});
}

absl::Status Refused(absl::string_view what, int64_t number, int ranks, absl::string_view right) {
  return absl::InvalidArgumentError(absl::StrCat("a model of ", number, " ", what,
                                                 " cannot be shared out among ", ranks, " ranks: ", right));
}

bool QueryHeadsFit(const ModelConfig& config, int64_t ranks) { return config.num_heads % ranks == 0; }
bool KeyHeadsFit(const ModelConfig& config, int64_t ranks) {
  return config.num_kv_heads % ranks == 0 || ranks % config.num_kv_heads == 0;
}

// 1, 2 and so on.
std::string RanksThatCan(const ModelConfig& config) {
  std::vector<int64_t> can;
  for (int64_t ranks = 1; ranks <= config.num_heads; ++ranks) {
    if (QueryHeadsFit(config, ranks) && KeyHeadsFit(config, ranks)) can.push_back(ranks);
  }
  return absl::StrJoin(can, ", ");
}

}  // namespace

RowRun RunOf(int64_t total, RankShare share) {
  const int64_t least = total / share.ranks;
  const int64_t larger = total % share.ranks;
  return {share.rank * least + std::min<int64_t>(share.rank, larger), least + (share.rank < larger ? 1 : 0)};
}

absl::Status CheckShares(const ModelConfig& config, int ranks) {
  if (ranks < 1)
    return absl::InvalidArgumentError(
        absl::StrCat("the ranks of a model are ", ranks, ", must be at least 1"));
  if (!QueryHeadsFit(config, ranks)) {
    return Refused("query heads (num_attention_heads)", config.num_heads, ranks,
                   absl::StrCat("each rank has the same number of heads; it may be ", RanksThatCan(config)));
  }
  if (!KeyHeadsFit(config, ranks)) {
    return Refused("key heads (num_key_value_heads)", config.num_kv_heads, ranks,
                   absl::StrCat("each rank has as many of them, or several ranks have one; it may be ",
                                RanksThatCan(config)));
  }
  const int64_t least = std::min({config.hidden_size, config.intermediate_size, config.vocab_size});
  if (least < ranks)
    return Refused("rows in its smallest matrix", least, ranks, "each rank has at least one");
  return absl::OkStatus();
}

Architecture ShareOf(Architecture whole, RankShare share) {
  if (share.ranks == 1) return whole;
  TakeRows(whole.embedding, {RunOf(whole.embedding.shape[0], share)});
  for (LayerDescription& layer : whole.layers) {
    TakeHeads(layer.attention, share);
    TakeOutputs(layer.attention.output, share);
    const int64_t inner = layer.feed_forward.down.weight.shape[1];
    TakeParts(layer.feed_forward.gate_up, {RunOf(inner, share), RunOf(inner, share)}, {inner, inner});
    TakeOutputs(layer.feed_forward.down, share);
  }
  if (whole.head.present()) TakeRows(whole.head, {RunOf(whole.head.shape[0], share)});
  return whole;
}

ModelConfig WithOwnHeads(ModelConfig config, RankShare share) {
  const HeadRuns heads = HeadsOf(config.num_heads, config.num_kv_heads, share);
  config.num_heads = heads.query.size;
  config.num_kv_heads = heads.key.size;
  return config;
}

WeightCounts CountSharedWeights(const ModelConfig& config, RankShare share) {
  return CountWeights(ShareOf(DescribeArchitecture(config), share));
}

}  // namespace drover::model
