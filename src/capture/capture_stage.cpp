#include "nestbox/capture/capture_stage.h"

#include <cstdlib>
#include <utility>

#include "camera_access.h"
#include "camera_module.h"
#include "capture_worker.h"
#include "file_source.h"
#include "libcamera_source.h"
#include "scene_source.h"
#include "slate_source.h"
#include "source_spec.h"

namespace nestbox {
namespace capture {
namespace {

/// One source for each kind of specification.
struct Maker {
  using Made = Result<std::unique_ptr<FrameSource>>;
  const CaptureSetup& setup;
  const std::shared_ptr<CameraAccess> access;

  Made camera(const std::string& id) const {
    return std::make_unique<LibcameraSource>(id, setup.camera, [a = access] { return a->backend(); });
  }
  Made scene(std::uint64_t seed) const { return std::make_unique<SceneSource>(seed, setup.camera, setup.scene_truth); }
  Made operator()(const AutoSpec&) const { return camera(""); }
  Made operator()(const LibcameraSpec& spec) const { return camera(spec.id); }
  Made operator()(const DemoSpec&) const { return access->has_camera() ? camera("") : scene(SceneSpec{}.seed); }
  Made operator()(const SceneSpec& spec) const { return scene(spec.seed); }
  Made operator()(const FileSpec& spec) const { return std::make_unique<FileSource>(spec, setup.camera); }
};

}  // namespace

SourceMaker make_source_maker() {
  return [access = std::make_shared<CameraAccess>()](const CaptureSetup& setup) -> Maker::Made {
    if (setup.slate) return std::make_unique<SlateSource>(setup.slate_text, setup.camera);
    const auto spec = parse_source_spec(setup.camera.source);
    if (!spec) return tl::unexpected(spec.error());
    return std::visit(Maker{setup, access}, *spec);
  };
}

}  // namespace capture

/// The stage's body lives in src/capture/capture_worker.h, where tests reach it with sources of their own.
class CaptureStage::Worker : public capture::CaptureWorker {
 public:
  using CaptureWorker::CaptureWorker;
};

void prepare_camera_library(const CameraOptions& options) {
  constexpr int kUnlessSet = 0;
  ::setenv("LIBCAMERA_LOG_LEVELS", "*:WARN", kUnlessSet);
  if (!options.tuning_file.empty()) ::setenv(capture::kTuningFileVariable, options.tuning_file.c_str(), 1);
}

CaptureStage::CaptureStage(std::string thread_name, Setup setup, std::vector<std::shared_ptr<FrameSink>> sinks)
    : worker_(std::make_unique<Worker>(std::move(thread_name), std::move(setup), std::move(sinks))) {}

CaptureStage::~CaptureStage() {
  // A thread that hangs still uses it; the process is about to end.
  if (worker_->abandoned()) static_cast<void>(worker_.release());
}

void CaptureStage::start() {
  worker_->start();
}
void CaptureStage::apply(Setup setup) {
  worker_->apply(std::move(setup));
}
void CaptureStage::set_lights(const SceneLights& lights) {
  worker_->set_lights(lights);
}
void CaptureStage::request_stop() noexcept {
  worker_->request_stop();
}
bool CaptureStage::join_until(BootTime deadline) {
  return worker_->join_until(deadline);
}

void CaptureStage::abandon() {
  worker_->abandon();
}

CaptureStatus CaptureStage::status() const {
  return worker_->status();
}
const Heartbeat& CaptureStage::heartbeat() const {
  return worker_->heartbeat();
}

}  // namespace nestbox
