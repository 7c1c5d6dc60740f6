#include "learner/update_sums.h"

#include <ATen/ATen.h>

#include <array>

#include "base/status.h"

namespace drover::learner {
namespace {

constexpr std::array kSums = {
    &UpdateSums::loss_tokens, &UpdateSums::trained_tokens, &UpdateSums::clipped, &UpdateSums::masked,
    &UpdateSums::weight,      &UpdateSums::ratio,          &UpdateSums::kl_old,  &UpdateSums::kl_reference,
    &UpdateSums::kl_tokens,   &UpdateSums::value_loss,     &UpdateSums::entropy, &UpdateSums::entropy_tokens,
    &UpdateSums::gap,         &UpdateSums::gap_tokens};
constexpr std::array kMaxima = {&UpdateSums::ratio_max, &UpdateSums::gap_max};

}  // namespace

void UpdateSums::Add(const UpdateSums& other) {
  for (auto sum : kSums) this->*sum += other.*sum;
  for (auto maximum : kMaxima) this->*maximum = std::max(this->*maximum, other.*maximum);
}

absl::Status UpdateSums::AllReduce(Collectives& collectives) {
  // Each rank puts its maxima into a row of its own: a sum then gathers them.
  const int64_t sums = kSums.size();
  const int64_t maxima = kMaxima.size();
  torch::Tensor all = at::zeros({sums + maxima * collectives.size()}, at::kDouble);
  double* value = all.data_ptr<double>();
  for (int64_t i = 0; i < sums; ++i) value[i] = this->*kSums[i];
  for (int64_t i = 0; i < maxima; ++i) value[sums + collectives.rank() * maxima + i] = this->*kMaxima[i];
  RETURN_IF_ERROR(collectives.AllReduceSum(all));
  for (int64_t i = 0; i < sums; ++i) this->*kSums[i] = value[i];
  for (int rank = 0; rank < collectives.size(); ++rank) {
    for (int64_t i = 0; i < maxima; ++i) {
      this->*kMaxima[i] = std::max(this->*kMaxima[i], value[sums + rank * maxima + i]);
    }
  }
  return absl::OkStatus();
}

}  // namespace drover::learner
