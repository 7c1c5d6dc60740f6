// What a loss counts beside itself, as named fields: over a chunk of tokens, over a microbatch's chunks, over a step.
#pragma once

#include <torch/types.h>

#include <array>
#include <vector>

namespace drover::learner {

// Sums over the tokens, so that those of pieces add up; maxima are said to be such. A field that nobody fills is 0.
template <typename Number>
struct LossSumsOf {
  Number loss{};          // this piece's share of the step's loss
  Number clipped{};       // tokens that the surrogate clipped
  Number masked{};        // tokens that a factor of 0 took out (token_factor.h)
  Number weight{};        // the factors' product; 0 where there are none
  Number ratio{};         // rho
  Number kl_old{};        // k3 between pi_old and pi_theta: rho - 1 - log rho
  Number kl_reference{};  // k3 between pi_ref and pi_theta; 0 without a reference
  Number entropy{};       // nats
  Number value_loss{};    // without its coefficient; 0 without a value head
  Number ratio_max{};     // maximum
};

// A chunk's: float64 scalars without gradient, on the tokens' device.
using LossSums = LossSumsOf<torch::Tensor>;
using LossTotals = LossSumsOf<double>;

// The fields that add up, and those that are maxima: a new field is written down here, and adds up everywhere.
template <typename Number>
constexpr std::array kLossSums = {
    &LossSumsOf<Number>::loss,         &LossSumsOf<Number>::clipped, &LossSumsOf<Number>::masked,
    &LossSumsOf<Number>::weight,       &LossSumsOf<Number>::ratio,   &LossSumsOf<Number>::kl_old,
    &LossSumsOf<Number>::kl_reference, &LossSumsOf<Number>::entropy, &LossSumsOf<Number>::value_loss};
template <typename Number>
constexpr std::array kLossMaxima = {&LossSumsOf<Number>::ratio_max};

// Of all chunks together; they come from their device in one copy.
LossTotals TotalsOf(const std::vector<LossSums>& chunks);

}  // namespace drover::learner
