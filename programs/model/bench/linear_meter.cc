#include "programs/model/bench/linear_meter.h"

#include <chrono>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "model/ops_cpu.h"

namespace drover::model_tool {
namespace {

using Clock = std::chrono::steady_clock;

// LibTorch takes plain functions, so the thread's meter is where they find it.
thread_local LinearMeter* meter = nullptr;

struct Product : at::ObserverContext {
  double flops = 0.0;
  Clock::time_point begin;
};

}  // namespace

LinearMeter::LinearMeter() {
  DROVER_CHECK(meter == nullptr);
  meter = this;
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&Begin, &End).needsInputs(true).scopes({at::RecordScope::USER_SCOPE}));
}

LinearMeter::~LinearMeter() {
  at::removeCallback(handle_);
  meter = nullptr;
}

// No context for what is none.
std::unique_ptr<at::ObserverContext> LinearMeter::Begin(const at::RecordFunction& product) {
  if (std::string_view(product.name()) != model::ops::cpu_path::kLinearProduct) return nullptr;
  auto begun = std::make_unique<Product>();
  begun->flops = 2.0;
  for (const c10::IValue& size : product.inputs()) begun->flops *= static_cast<double>(size.toInt());
  begun->begin = Clock::now();
  return begun;
}

void LinearMeter::End(const at::RecordFunction&, at::ObserverContext* context) {
  if (context == nullptr) return;
  const auto* const product = static_cast<const Product*>(context);
  meter->seconds_ += std::chrono::duration<double>(Clock::now() - product->begin).count();
  meter->flops_ += product->flops;
}

}  // namespace drover::model_tool
