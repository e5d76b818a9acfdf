#include "camera_access.h"

#include "camera_module.h"

namespace nestbox::capture {
namespace {

constexpr std::chrono::seconds kMadeAnewAfter{10};

}  // namespace

Result<std::shared_ptr<CameraBackend>> CameraAccess::backend() {
  if (!empty_) {
    if (auto used = in_use_.lock()) return used;
  }
  const auto now = BootClock::now();
  const bool only_waits = empty_.use_count() == 1;  // a camera may have come since, and a source have taken it
  if (only_waits && now - made_at_ >= kMadeAnewAfter) empty_.reset();
  if (!empty_) {
    if (make_ == nullptr) {
      const auto loaded = load_camera_module(camera_module_folder());
      if (!loaded) return tl::unexpected(loaded.error());
      make_ = *loaded;
    }
    empty_.reset(make_());
    made_at_ = now;
    if (!empty_) return fail(ErrorKind::kUnavailable, "libcamera does not start; its own words are in the journal");
  }
  in_use_ = empty_;
  auto backend = empty_;
  if (!backend->cameras().empty()) empty_.reset();
  return backend;
}

bool CameraAccess::has_camera() {
  const auto found = backend();
  return found && !(*found)->cameras().empty();
}

}  // namespace nestbox::capture
