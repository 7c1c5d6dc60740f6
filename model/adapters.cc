#include "model/adapters.h"

#include <ATen/ATen.h>

#include "model/kernels/cpu/low_rank.h"

namespace drover::model {
namespace {

bool WantsGradients(const Adapters& adapters) {
  if (!at::GradMode::is_enabled()) return false;
  for (const Adapter& adapter : adapters) {
    if (adapter.a.requires_grad() || adapter.b.requires_grad()) return true;
  }
  return false;
}

void AddOnCpu(const Adapter& adapter, const torch::Tensor& rows) {
  const torch::Tensor a = adapter.a.detach().contiguous(), b = adapter.b.detach().contiguous();
  cpu::LowRank update;
  update.a = a.const_data_ptr<float>();
  update.b = b.const_data_ptr<float>();
  update.outputs = b.size(0);
  update.inputs = a.size(1);
  update.rank = a.size(0);
  update.scale = adapter.scale;
  cpu::AddLowRank(update, rows.data_ptr<float>());
}

}  // namespace

torch::Tensor Merged(const torch::Tensor& weight, const Adapters& adapters, torch::ScalarType dtype) {
  const bool by_kernel = weight.device().is_cpu() && !WantsGradients(adapters);
  const torch::Tensor merged = weight.detach().to(weight.device(), at::kFloat, /*non_blocking=*/false,
                                                  /*copy=*/true, at::MemoryFormat::Contiguous);
  for (const Adapter& adapter : adapters) {
    torch::Tensor rows = merged.narrow(0, adapter.row, adapter.b.size(0));
    if (by_kernel) {
      AddOnCpu(adapter, rows);
    } else {
      rows.add_(at::mm(adapter.b * adapter.scale, adapter.a));
    }
  }
  return merged.to(dtype);
}

}  // namespace drover::model
