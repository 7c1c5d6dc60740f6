#include "model/kernels/cpu/low_rank.h"

#include <vector>

#include "model/kernels/cpu/packed_matrix.h"

namespace drover::model::cpu {

void AddLowRank(const LowRank& update, float* weight) {
  std::vector<float> a_columns(static_cast<size_t>(update.inputs * update.rank));  // [inputs, rank]
  for (int64_t k = 0; k < update.rank; ++k) {
    for (int64_t i = 0; i < update.inputs; ++i)
      a_columns[i * update.rank + k] = update.a[k * update.inputs + i];
  }
  std::vector<float> scaled(update.b, update.b + update.outputs * update.rank);
  for (float& number : scaled) number = static_cast<float>(number * update.scale);
  PackedMatrix packed(Element::kFloat32, update.inputs, update.rank);
  packed.Pack(a_columns.data());
  LinearCall call;
  call.x = scaled.data();
  call.x_stride = update.rank;
  call.rows = update.outputs;
  call.output = Output::kAdd;
  call.out = weight;
  call.out_stride = update.inputs;
  Linear(packed, call);
}

}  // namespace drover::model::cpu
