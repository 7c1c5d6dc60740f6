// What the linear layers take of a pass on the CPU.
#pragma once

#include <ATen/record_function.h>

#include <memory>

namespace drover::model_tool {

// While one is alive, adds up the matrix products of linear layers (model/ops.h: Linear, AddLinear, Logits) that its thread
// runs on the CPU: the seconds inside them, the threads of the pool at work, and their floating-point operations (two an
// element of the weight and row). At most one a thread; made and destroyed by the thread that it watches.
class LinearMeter {
 public:
  LinearMeter();
  ~LinearMeter();
  LinearMeter(const LinearMeter&) = delete;
  LinearMeter& operator=(const LinearMeter&) = delete;

  double seconds() const { return seconds_; }
  double flops() const { return flops_; }

 private:
  static std::unique_ptr<at::ObserverContext> Begin(const at::RecordFunction& product);
  static void End(const at::RecordFunction& product, at::ObserverContext* context);

  at::CallbackHandle handle_;
  double seconds_ = 0.0;
  double flops_ = 0.0;
};

}  // namespace drover::model_tool
