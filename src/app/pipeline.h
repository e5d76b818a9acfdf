#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nestbox/capture/capture_stage.h"
#include "nestbox/encode/encode_stage.h"

namespace nestbox {

/// One way of a frame, from a source to packets: the camera's, and beside it, while an output waits between visits, the
/// slate's. Stops from source to sink.
class Pipeline {
 public:
  struct Names {
    std::string capture, encode;  ///< of the threads
  };
  /// `extra_sinks` take raw frames beside the encoder.
  Pipeline(const Names& names, const CaptureStage::Setup& capture, const EncodeStage::Setup& encode,
           std::vector<std::shared_ptr<FrameSink>> extra_sinks = {});

  void start();
  void request_stop() noexcept;
  /// The names of the threads that still ran at `deadline`; they are abandoned.
  std::vector<std::string> join_until(BootTime deadline);

  CaptureStage& capture() noexcept { return capture_; }
  EncodeStage& encode() noexcept { return *encode_; }
  PacketHub& hub() noexcept { return encode_->hub(); }

 private:
  const Names names_;
  std::shared_ptr<EncodeStage> encode_;
  CaptureStage capture_;
};

/// Joins one stage or gives it up, adding its name to `hung`.
template <class Stage>
void join_or_abandon(Stage& stage, const std::string& name, BootTime deadline, std::vector<std::string>& hung) {
  if (stage.join_until(deadline)) return;
  stage.abandon();
  hung.push_back(name);
}

}  // namespace nestbox
