#pragma once
/// A hardware encoder that obeys the test: it hands out what it is given when it is told to, and fails on purpose. What
/// comes out looks like H.264 from afar.
#include <linux/videodev2.h>
#include <sys/eventfd.h>

#include <deque>
#include <set>

#include "dmabuf_camera.h"
#include "encode/m2m_device.h"

namespace nestbox::test {

inline const std::vector<std::uint8_t> kFakeHeaders{0, 0, 0, 1, 0x27, 0x64, 0, 0x28, 0, 0, 0, 1, 0x28, 0xee};

/// The driver, with all its devices. Thread-safe.
class FakeHardware : public CodecDevices, public std::enable_shared_from_this<FakeHardware> {
 public:
  enum class Pace { kAtOnce, kWhenTold };
  enum class Trouble { kNone, kSilence, kIoError, kGone };

  // What the test sets.
  void set_pace(Pace pace) {
    with([&](State& s) { s.pace = pace; });
  }
  /// Of all devices, from now on.
  void set_trouble(Trouble trouble) {
    with([&](State& s) { s.trouble = trouble; });
  }
  /// So many of the next calls of open() fail with `kind`.
  void fail_opening(int times, ErrorKind kind) {
    with([&](State& s) { s.openings_to_fail = times, s.opening_error = kind; });
  }
  enum class Shapes { kTaken, kRefused };
  void set_shapes(Shapes shapes) {
    with([&](State& s) { s.refuses_shapes = shapes == Shapes::kRefused; });
  }
  void want_stride(int stride) {
    with([&](State& s) { s.stride = stride; });
  }
  /// Another driver's memory, that is; its own is always good.
  void refuse_imports() {
    with([&](State& s) { s.refuses_imports = true; });
  }
  void remove_nodes() {
    with([&](State& s) { s.has_node = false; });
  }

  // What the test sees.
  int opened() const {
    return with([](State& s) { return s.opened; });
  }
  int alive() const {
    return with([](State& s) { return s.alive; });
  }
  /// Values that a control was set to, in order.
  std::vector<std::int64_t> told(std::uint32_t id) const {
    return with([&](State& s) {
      std::vector<std::int64_t> values;
      for (const auto& control : s.controls) {
        if (control.id == id) values.push_back(control.value);
      }
      return values;
    });
  }
  std::vector<int> fds() const {
    return with([](State& s) { return s.fds; });
  }

  std::vector<CodecNode> nodes() override {
    return with([](State& s) {
      std::vector<CodecNode> nodes;
      if (s.has_node) nodes.push_back({"/dev/video11", "fake", {V4L2_PIX_FMT_YUV420}, {V4L2_PIX_FMT_H264}});
      return nodes;
    });
  }
  Result<std::unique_ptr<M2mDevice>> open(const CodecNode& node) override;

 private:
  friend class FakeDevice;
  struct State {
    Pace pace = Pace::kAtOnce;
    Trouble trouble = Trouble::kNone;
    int openings_to_fail = 0;
    ErrorKind opening_error = ErrorKind::kUnavailable;
    bool refuses_shapes = false, refuses_imports = false, has_node = true;
    int stride = 0;  ///< 0: as the picture's
    int opened = 0, alive = 0;
    std::vector<M2mControl> controls;
    std::vector<int> fds;
  };
  template <class Function>
  std::invoke_result_t<Function, State&> with(Function function) const {
    Lock lock(mutex_);
    return function(state_);
  }
  mutable Mutex mutex_;
  mutable State state_ GUARDED_BY(mutex_);
};

/// Thread-bound: the encoder's, or the test's where it drives the encoder itself.
class FakeDevice : public M2mDevice {
 public:
  explicit FakeDevice(std::shared_ptr<FakeHardware> hardware) : hardware_(std::move(hardware)) {
    hardware_->with([](auto& s) { ++s.alive; });
  }
  ~FakeDevice() override {
    hardware_->with([](auto& s) { --s.alive; });
  }

  // What the test does in the driver's place.
  void return_picture(unsigned index) {
    returned_.push_back(index);
    signal();
  }
  void code(std::int64_t stamp_us, bool keyframe, std::vector<std::uint8_t> bytes, bool broken = false) {
    coded_.push_back({std::move(bytes), stamp_us, keyframe, broken});
    signal();
  }
  static std::vector<std::uint8_t> keyframe() {
    auto bytes = kFakeHeaders;
    bytes.insert(bytes.end(), {0, 0, 0, 1, 0x25, 0x88});
    return bytes;
  }
  static std::vector<std::uint8_t> picture() { return {0, 0, 0, 1, 0x21, 0x9a}; }

  struct Queued {
    unsigned index;
    std::int64_t stamp_us;
    bool keyframe;
  };
  const std::vector<Queued>& queued() const { return queued_; }
  const std::set<unsigned>& coded_held() const { return coded_held_; }
  std::vector<std::uint8_t>& memory(unsigned index) { return memory_.at(index); }

  Result<M2mLayout> configure(const M2mRequest& request) override {
    const auto [refuses, stride] = hardware_->with([&](auto& s) {
      s.controls.insert(s.controls.end(), request.controls.begin(), request.controls.end());
      return std::pair(s.refuses_shapes, s.stride);
    });
    if (refuses) return fail(ErrorKind::kInvalidArgument, "/dev/video11: takes no pictures of this size");
    layout_.stride = stride == 0 ? request.stride : stride;
    layout_.rows = request.height;
    layout_.bytes = static_cast<std::size_t>(layout_.stride) * static_cast<std::size_t>(layout_.rows) * 3 / 2;
    return layout_;
  }
  Result<void> start(PictureBuffers kind, unsigned pictures, unsigned /*coded*/) override {
    if (kind == PictureBuffers::kMapped) memory_.assign(pictures, std::vector<std::uint8_t>(layout_.bytes));
    return {};
  }
  std::span<std::uint8_t> mapped(unsigned index) override { return memory_.at(index); }

  Result<void> queue(unsigned index, int dmabuf_fd, std::int64_t stamp_us) override {
    if (auto error = trouble()) return tl::unexpected(*error);
    if (dmabuf_fd >= 0 && hardware_->with([](auto& s) { return s.refuses_imports; })) {
      return fail(ErrorKind::kInvalidArgument, "/dev/video11: take a picture: invalid argument");
    }
    const bool keyframe = std::exchange(force_keyframe_, false) || queued_.empty();
    queued_.push_back({index, stamp_us, keyframe});
    const auto [pace, trouble] = hardware_->with([&](auto& s) {
      s.fds.push_back(dmabuf_fd);
      return std::pair(s.pace, s.trouble);
    });
    if (pace == FakeHardware::Pace::kAtOnce && trouble != FakeHardware::Trouble::kSilence) {
      code(stamp_us, keyframe, keyframe ? FakeDevice::keyframe() : picture());
      return_picture(index);
    }
    return {};
  }
  Result<std::optional<unsigned>> take_back() override {
    if (auto error = trouble()) return tl::unexpected(*error);
    return next(returned_);
  }
  Result<std::optional<CodedBuffer>> take_coded() override {
    if (auto error = trouble()) return tl::unexpected(*error);
    auto coded = next(coded_);
    if (!coded) return std::nullopt;
    const auto index = next_index_++ % 4;
    coded_held_.insert(index);
    current_ = std::move(coded->bytes);
    return CodedBuffer{index, current_, coded->stamp_us, coded->keyframe, coded->broken};
  }
  Result<void> give_back(unsigned index) override {
    EXPECT_EQ(coded_held_.erase(index), 1U);
    std::fill(current_.begin(), current_.end(), 0xff);  // whoever still reads it will notice
    return {};
  }
  Result<void> set_control(const M2mControl& control) override {
    hardware_->with([&](auto& s) { s.controls.push_back(control); });
    if (control.id == V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME) force_keyframe_ = true;
    return {};
  }
  int descriptor() const override { return ready_.get(); }

 private:
  struct Coded {
    std::vector<std::uint8_t> bytes;
    std::int64_t stamp_us;
    bool keyframe, broken;
  };
  std::optional<Error> trouble() const {
    const auto trouble = hardware_->with([](auto& s) { return s.trouble; });
    if (trouble == FakeHardware::Trouble::kIoError) return Error{ErrorKind::kUnavailable, "/dev/video11: I/O error"};
    if (trouble == FakeHardware::Trouble::kGone) return Error{ErrorKind::kNotFound, "/dev/video11: no such device"};
    return std::nullopt;
  }
  void signal() { NESTBOX_ASSERT(::eventfd_write(ready_.get(), 1) == 0); }
  template <class T>
  std::optional<T> next(std::deque<T>& queue) {
    if (queue.empty()) {
      eventfd_t count = 0;
      if (returned_.empty() && coded_.empty()) static_cast<void>(::eventfd_read(ready_.get(), &count));
      return std::nullopt;
    }
    auto first = std::move(queue.front());
    queue.pop_front();
    return first;
  }

  const std::shared_ptr<FakeHardware> hardware_;
  const FileDescriptor ready_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  M2mLayout layout_;
  std::vector<std::vector<std::uint8_t>> memory_;
  std::vector<Queued> queued_;
  std::deque<unsigned> returned_;
  std::deque<Coded> coded_;
  std::set<unsigned> coded_held_;
  std::vector<std::uint8_t> current_;
  unsigned next_index_ = 0;
  bool force_keyframe_ = false;
};

inline Result<std::unique_ptr<M2mDevice>> FakeHardware::open(const CodecNode& /*node*/) {
  const auto failure = with([](State& s) -> std::optional<ErrorKind> {
    ++s.opened;
    if (s.openings_to_fail-- > 0) return s.opening_error;
    return std::nullopt;
  });
  if (failure) return fail(*failure, "open /dev/video11: device or resource busy");
  return std::make_unique<FakeDevice>(shared_from_this());
}

}  // namespace nestbox::test
