#pragma once
/// What the tests of the capture stage share: a sink that remembers, clips made on the spot, waiting for states.
#include <gtest/gtest.h>

#include <unistd.h>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/mutex.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/media/frame_ring.h"

namespace nestbox::test {

inline std::uint64_t checksum_of(const PlaneView& plane, std::uint64_t sum = 1469598103934665603ULL) {
  for (int y = 0; y < plane.height; ++y) {
    const auto* row = plane.data + static_cast<std::ptrdiff_t>(y) * plane.stride;
    for (int x = 0; x < plane.width; ++x) sum = (sum ^ row[x]) * 1099511628211ULL;
  }
  return sum;
}

inline std::uint64_t checksum_of(const Frame& frame) {
  auto sum = checksum_of(frame.main.y);
  sum = checksum_of(frame.main.u, sum);
  sum = checksum_of(frame.main.v, sum);
  return checksum_of(frame.analysis, sum);
}

inline int sample(const PlaneView& plane, int x, int y) {
  return plane.data[static_cast<std::ptrdiff_t>(y) * plane.stride + x];
}

/// Mean of a square of samples around a place given in shares of the plane.
inline double mean_at(const PlaneView& plane, double x, double y, int half = 4) {
  const int middle_x = static_cast<int>(x * plane.width), middle_y = static_cast<int>(y * plane.height);
  double sum = 0;
  int count = 0;
  for (int row = std::max(0, middle_y - half); row < std::min(plane.height, middle_y + half); ++row) {
    for (int column = std::max(0, middle_x - half); column < std::min(plane.width, middle_x + half); ++column) {
      sum += sample(plane, column, row);
      ++count;
    }
  }
  return sum / count;
}

struct Seen {
  std::uint64_t sequence = 0;
  BootTime captured_at{}, offered_at{};
  Content content = Content::kLive;
  int width = 0, height = 0, analysis_width = 0, analysis_height = 0;
};

/// Remembers every frame; holds the newest `holds` leases; looks at each with `look`, if there is one.
class RecordingSink : public FrameSink {
 public:
  using Look = std::function<void(const Frame&)>;
  explicit RecordingSink(std::size_t holds = 0, Look look = {}) : holds_(holds), look_(std::move(look)) {
    seen_.reserve(20000);
  }

  void offer(FrameLease lease) noexcept override {
    std::deque<FrameLease> leaving;
    Lock lock(mutex_);
    seen_.push_back({lease->sequence, lease->captured_at, BootClock::now(), lease->content, lease->main.width,
                     lease->main.height, lease->analysis.width, lease->analysis.height});
    if (look_) look_(*lease);
    if (holds_ == 0) return;
    held_.push_back(std::move(lease));
    while (held_.size() > holds_) {
      leaving.push_back(std::move(held_.front()));
      held_.pop_front();
    }
  }
  std::vector<Seen> seen() const {
    Lock lock(mutex_);
    return seen_;
  }
  std::size_t count() const {
    Lock lock(mutex_);
    return seen_.size();
  }
  std::size_t count(Content content) const {
    Lock lock(mutex_);
    std::size_t number = 0;
    for (const auto& frame : seen_) number += frame.content == content ? 1 : 0;
    return number;
  }
  std::deque<FrameLease> take_held() {
    Lock lock(mutex_);
    return std::exchange(held_, {});
  }

 private:
  const std::size_t holds_;
  const Look look_;
  mutable Mutex mutex_;
  std::vector<Seen> seen_;
  std::deque<FrameLease> held_;
};

/// Waits for a state of another thread; true when it came.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto deadline = BootClock::now() + at_most;
  while (!condition()) {
    if (BootClock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// A stage that is stopped and joined whatever happens in a test.
class RunningStage {
 public:
  RunningStage(CaptureStage::Setup setup, std::vector<std::shared_ptr<FrameSink>> sinks)
      : stage_("capture", std::move(setup), std::move(sinks)) {
    stage_.start();
  }
  ~RunningStage() { stop(); }
  void stop() {
    if (stopped_) return;
    stopped_ = true;
    stage_.request_stop();
    if (!stage_.join_until(BootClock::now() + std::chrono::seconds(20))) {
      ADD_FAILURE() << "the capture thread does not end";
      std::abort();
    }
  }
  CaptureStage* operator->() { return &stage_; }

 private:
  CaptureStage stage_;
  bool stopped_ = false;
};

inline CaptureStage::Setup small_setup(const std::string& source) {
  CaptureStage::Setup setup;
  setup.camera.source = source;
  setup.camera.width = 320;
  setup.camera.height = 180;
  setup.camera.analysis_width = 160;
  setup.box_name = "box";
  setup.overlay.enabled = false;
  return setup;
}

/// A folder of its own that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "nestbox-capture-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Runs the ffmpeg program; false when it fails.
inline bool ffmpeg(const std::string& arguments) {
  return std::system(("ffmpeg -v error -y -nostdin " + arguments + " 2>/dev/null").c_str()) == 0;
}
inline bool have_ffmpeg() {
  return std::system("ffmpeg -version >/dev/null 2>&1") == 0;
}

}  // namespace nestbox::test
