#include "learner/side_stream.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace drover::learner {
namespace {

c10::Stream StreamOfThisThread(torch::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

}  // namespace

SideStream::SideStream(torch::Device device) : device_(device) {
  if (device_.is_cpu()) return;
  stream_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

SideStream::Moment SideStream::Now() const {
  if (!stream_) return std::nullopt;
  Moment moment(std::in_place, device_.type());
  moment->record(StreamOfThisThread(device_));
  return moment;
}

void SideStream::Await(const Moment& moment) const {
  if (moment) moment->block(StreamOfThisThread(device_));
}

}  // namespace drover::learner
