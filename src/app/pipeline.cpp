#include "pipeline.h"

namespace nestbox {
namespace {

std::vector<std::shared_ptr<FrameSink>> all_sinks(std::shared_ptr<FrameSink> encode,
                                                  std::vector<std::shared_ptr<FrameSink>> extra) {
  extra.insert(extra.begin(), std::move(encode));
  return extra;
}

}  // namespace

Pipeline::Pipeline(const Names& names, const CaptureStage::Setup& capture, const EncodeStage::Setup& encode,
                   std::vector<std::shared_ptr<FrameSink>> extra_sinks)
    : names_(names),
      encode_(std::make_shared<EncodeStage>(names.encode, encode)),
      capture_(names.capture, capture, all_sinks(encode_, std::move(extra_sinks))) {}

void Pipeline::start() {
  encode_->start();
  capture_.start();
}

void Pipeline::request_stop() noexcept {
  capture_.request_stop();
  encode_->request_stop();
}

std::vector<std::string> Pipeline::join_until(BootTime deadline) {
  std::vector<std::string> hung;
  join_or_abandon(capture_, names_.capture, deadline, hung);
  join_or_abandon(*encode_, names_.encode, deadline, hung);
  return hung;
}

}  // namespace nestbox
