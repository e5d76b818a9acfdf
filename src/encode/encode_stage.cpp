#include "nestbox/encode/encode_stage.h"

#include <utility>

#include "encode/v4l2_device.h"
#include "encode/worker.h"

namespace nestbox {

EncodeStage::EncodeStage(std::string thread_name, Setup setup, std::shared_ptr<CodecDevices> devices)
    : worker_(std::make_unique<Worker>(std::move(thread_name), std::move(setup),
                                       devices ? std::move(devices) : system_codec_devices())) {}

EncodeStage::~EncodeStage() {
  if (worker_->abandoned()) {
    static_cast<void>(worker_.release());  // its thread may still use it
    return;
  }
  worker_->request_stop();
  worker_->join();
}

void EncodeStage::start() {
  worker_->start();
}
void EncodeStage::offer(FrameLease frame) noexcept {
  worker_->offer(std::move(frame));
}
void EncodeStage::apply(Setup setup) {
  worker_->apply(std::move(setup));
}
void EncodeStage::set_bitrate(std::int64_t bitrate_bps) noexcept {
  worker_->set_bitrate(bitrate_bps);
}
PacketHub& EncodeStage::hub() noexcept {
  return worker_->hub();
}
void EncodeStage::request_stop() noexcept {
  worker_->request_stop();
}
bool EncodeStage::join_until(BootTime deadline) {
  return worker_->join_until(deadline);
}
void EncodeStage::abandon() {
  worker_->abandon();
}
EncodeStatus EncodeStage::status() const {
  return worker_->status();
}
const Heartbeat& EncodeStage::heartbeat() const {
  return worker_->heartbeat();
}

}  // namespace nestbox
