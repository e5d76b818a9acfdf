#pragma once
/// A camera behind the port that does what a test tells it.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "capture/camera_port.h"
#include "capture/hold_budget.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/file.h"
#include "nestbox/base/mutex.h"
#include "nestbox/image/jpeg.h"

namespace nestbox::test {

using namespace nestbox::capture;

/// What a test sets and reads, from its own thread, while the camera runs.
struct FakeCamera {
  std::atomic<bool> present{true}, busy{false}, silent{false}, refuses_requests{false}, unplug{false};
  std::atomic<int> cancel_next{0}, damage_next{0}, skip_next{0}, rubbish_next{0};
  std::atomic<int> opened{0}, released{0}, completed{0};
  std::atomic<std::size_t> requests{slots_needed()}, in_flight{slots_needed()};
  std::atomic<bool> analysis_stream{false};
  std::atomic<bool> says_exposure{true};
  std::atomic<int> wrong_use{0};  ///< a request that is queued twice, or above in_flight
  std::atomic<CameraPixels> pixels{CameraPixels::kNv12};

  void record(const ControlSettings& settings) EXCLUDES(mutex) {
    Lock lock(mutex);
    sent.insert(sent.end(), settings.begin(), settings.end());
  }
  std::vector<ControlSetting> take_sent() EXCLUDES(mutex) {
    Lock lock(mutex);
    return std::exchange(sent, {});
  }
  CameraAbilities abilities;

  Mutex mutex;
  std::vector<ControlSetting> sent GUARDED_BY(mutex);
};

/// 100 pictures a second: all luma of picture n is 16 + n % 200, in the main and in the analysis stream.
class FakeSession final : public CameraSession {
 public:
  explicit FakeSession(std::shared_ptr<FakeCamera> camera) : camera_(std::move(camera)) { ++camera_->opened; }
  ~FakeSession() override {
    stop();
    ++camera_->released;
  }

  Result<CameraPlan> configure(const CameraWish& wish) override {
    CameraPlan plan;
    plan.main = {camera_->pixels, "FAKE", wish.main.width, wish.main.height, wish.main.width};
    if (camera_->pixels == CameraPixels::kBgr24) plan.main.stride = 3 * wish.main.width;
    if (camera_->pixels == CameraPixels::kYuyv) plan.main.stride = 2 * wish.main.width;
    if (camera_->analysis_stream) {
      plan.analysis =
          StreamShape{CameraPixels::kI420, "FAKE", wish.analysis->width, wish.analysis->height, wish.analysis->width};
      analysis_bytes_ = bytes_of(*plan.analysis);
    }
    plan.matrix = ColourMatrix::kBt709;
    plan.requests = camera_->requests;
    plan.in_flight = std::min(camera_->in_flight.load(), plan.requests);
    main_bytes_ = bytes_of(plan.main);
    main_shape_ = plan.main;
    luma_bytes_ = static_cast<std::size_t>(plan.main.stride) * static_cast<std::size_t>(wish.main.height);
    in_flight_max_ = plan.in_flight;
    for (std::size_t i = 0; i < plan.requests; ++i) {
      main_.push_back(memory(main_bytes_));
      analysis_.push_back(memory(std::max<std::size_t>(analysis_bytes_, 4096)));
    }
    Lock lock(mutex_);
    is_queued_.assign(plan.requests, false);
    return plan;
  }
  CameraAbilities abilities() const override { return camera_->abilities; }
  std::vector<RequestBuffers> buffers() const override {
    std::vector<RequestBuffers> all;
    for (std::size_t i = 0; i < main_.size(); ++i) {
      RequestBuffers one;
      one.main = {{main_[i].get(), 0, main_bytes_}};
      if (analysis_bytes_ > 0) one.analysis = {{analysis_[i].get(), 0, analysis_bytes_}};
      all.push_back(std::move(one));
    }
    return all;
  }
  Result<void> start(const ControlSettings& settings, Completed on_completed) override {
    camera_->record(settings);
    on_completed_ = std::move(on_completed);
    running_ = true;
    thread_ = std::thread([this] { run(); });
    return {};
  }
  Result<void> queue(std::size_t request, const ControlSettings& settings) override {
    if (camera_->refuses_requests) return fail(ErrorKind::kUnavailable, "queue a request: no");
    Lock lock(mutex_);
    if (is_queued_.at(request) || queue_.size() >= in_flight_max_) ++camera_->wrong_use;
    is_queued_[request] = true;
    queue_.push_back(request);
    if (!settings.empty()) camera_->record(settings);
    return {};
  }
  void stop() override {
    running_ = false;
    if (thread_.joinable()) thread_.join();
    while (const auto request = next()) complete(*request, CompletedRequest::Status::kCancelled);
  }

 private:
  /// Of a 4:2:0 picture; enough for a packed one of as wide lines.
  static std::size_t bytes_of(const StreamShape& shape) {
    return static_cast<std::size_t>(shape.stride) * static_cast<std::size_t>(shape.height) * 3 / 2;
  }
  static FileDescriptor memory(std::size_t bytes) {
    FileDescriptor fd(::memfd_create("fake-camera", MFD_CLOEXEC));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) std::abort();
    return fd;
  }
  std::optional<std::size_t> next() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    const auto request = queue_.front();
    queue_.pop_front();
    is_queued_[request] = false;
    return request;
  }
  void paint(const FileDescriptor& fd, std::size_t bytes, std::uint8_t value) {
    void* const data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    std::memset(data, value, bytes);
    ::munmap(data, bytes);
  }
  /// As a USB camera gives it: luma and chroma by turns.
  void paint_yuyv(const FileDescriptor& fd, std::uint8_t value) {
    std::string picture(luma_bytes_, static_cast<char>(128));
    for (std::size_t i = 0; i < picture.size(); i += 2) picture[i] = static_cast<char>(value);
    write(fd, picture);
  }
  std::size_t paint_jpeg(const FileDescriptor& fd, std::uint8_t value) {
    const auto width = static_cast<std::size_t>(main_shape_.width),
               height = static_cast<std::size_t>(main_shape_.height);
    std::vector<std::uint8_t> luma(width * height, value), chroma(width * height / 4, 128);
    const PlaneView half{chroma.data(), main_shape_.width / 2, main_shape_.height / 2, main_shape_.width / 2};
    const PlaneView whole{luma.data(), main_shape_.width, main_shape_.height, main_shape_.width};
    const auto jpeg = encode_jpeg({PixelFormat::kI420, whole.width, whole.height, whole, half, half}, 95);
    const auto picture = camera_->rubbish_next > 0 && camera_->rubbish_next-- > 0 ? std::string(2000, '\x5a') : *jpeg;
    write(fd, picture);
    return picture.size();
  }
  static void write(const FileDescriptor& fd, const std::string& bytes) {
    if (::pwrite(fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  /// How many bytes a compressed picture has.
  std::size_t paint_main(std::size_t request, std::uint8_t value) {
    if (main_shape_.pixels == CameraPixels::kMjpeg) return paint_jpeg(main_[request], value);
    if (main_shape_.pixels == CameraPixels::kYuyv) {
      paint_yuyv(main_[request], value);
    } else {
      paint(main_[request], luma_bytes_, value);
    }
    return 0;
  }
  void complete(std::size_t request, CompletedRequest::Status status, std::size_t bytes_used = 0) {
    CompletedRequest done;
    done.bytes_used = bytes_used;
    done.request = request;
    done.status = status;
    done.sequence = sequence_;
    done.sensor_stamp = BootClock::now().time_since_epoch().count();
    if (camera_->says_exposure) {
      done.exposure_us = 8000;
      done.gain = 2.5F;
      done.lux = 320.0F;
      done.focus_measure = 1234;
      done.lens_position = 6.5F;
    }
    ++camera_->completed;
    on_completed_(done);
  }
  void run() {
    while (running_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (camera_->unplug.exchange(false)) {
        camera_->present = false;
        CompletedRequest gone;
        gone.status = CompletedRequest::Status::kUnplugged;
        on_completed_(gone);
      }
      if (camera_->silent || !camera_->present) continue;
      const auto request = next();
      if (!request) continue;
      ++sequence_;
      if (camera_->skip_next > 0) sequence_ += static_cast<std::uint32_t>(camera_->skip_next.exchange(0));
      const auto value = static_cast<std::uint8_t>(16 + sequence_ % 200);
      const auto bytes_used = paint_main(*request, value);
      if (analysis_bytes_ > 0) paint(analysis_[*request], analysis_bytes_, value);
      auto status = CompletedRequest::Status::kPicture;
      if (camera_->cancel_next > 0 && camera_->cancel_next-- > 0) status = CompletedRequest::Status::kCancelled;
      if (camera_->damage_next > 0 && camera_->damage_next-- > 0) status = CompletedRequest::Status::kDamaged;
      complete(*request, status, bytes_used);
    }
  }

  const std::shared_ptr<FakeCamera> camera_;
  StreamShape main_shape_{};
  std::vector<FileDescriptor> main_, analysis_;
  std::size_t main_bytes_ = 0, luma_bytes_ = 0, analysis_bytes_ = 0, in_flight_max_ = 0;
  Completed on_completed_;
  std::atomic<bool> running_{false};
  std::thread thread_;
  std::uint32_t sequence_ = 0;
  Mutex mutex_;
  std::deque<std::size_t> queue_ GUARDED_BY(mutex_);
  std::vector<bool> is_queued_ GUARDED_BY(mutex_);
};

class FakeBackend final : public CameraBackend {
 public:
  explicit FakeBackend(std::shared_ptr<FakeCamera> camera) : camera_(std::move(camera)) {}
  std::string name() const override { return "fake library"; }
  std::vector<CameraInfo> cameras() override {
    if (!camera_->present) return {};
    return {{"one", "imx708", CameraLocation::kExternal}};
  }
  Result<std::unique_ptr<CameraSession>> open(const std::string& id) override {
    if (camera_->busy) return fail(ErrorKind::kBusy, "camera " + id + " is in use by another program");
    return std::make_unique<FakeSession>(camera_);
  }

 private:
  const std::shared_ptr<FakeCamera> camera_;
};

}  // namespace nestbox::test
