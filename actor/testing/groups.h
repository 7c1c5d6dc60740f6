// Groups to generate, and an engine run to its end.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "actor/generator.h"

namespace drover::actor {

// Of group 100 + `id`, with seed 3.
inline GroupRequest Request(uint64_t id, std::vector<uint32_t> prompt, uint32_t size = 4,
                            uint32_t max_tokens = 12, double temperature = 1.0) {
  GroupRequest request;
  request.id = id;
  request.group = 100 + id;
  request.prompt_token_ids = std::move(prompt);
  request.sampling.set_group_size(size);
  request.sampling.set_max_tokens(max_tokens);
  request.sampling.set_temperature(temperature);
  request.sampling.set_top_p(1.0);
  request.sampling.set_seed(3);
  return request;
}

// Steps until nothing is left; the groups by id.
inline std::map<uint64_t, FinishedGroup> RunAll(Generator& generator) {
  std::map<uint64_t, FinishedGroup> groups;
  for (int step = 0; generator.groups() > 0; ++step) {
    for (FinishedGroup& group : generator.Step()) groups[group.id] = std::move(group);
    if (step > 10000) ADD_FAILURE() << "no end";
    if (step > 10000) break;
  }
  return groups;
}

}  // namespace drover::actor
