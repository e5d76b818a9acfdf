/// The real libcamera, with cameras of its own making: version 0.4 and later have them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include "capture/camera_access.h"
#include "capture/camera_module.h"
#include "capture/capture_worker.h"
#include "capture/hold_budget.h"
#include "capture/libcamera_source.h"
#include "integration/capture/recording_sink.h"
#include "nestbox/image/jpeg.h"
#include "nestbox/media/picture_memory.h"
#include "support/source_dir.h"

namespace nestbox::capture {
namespace {

using namespace nestbox::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr int kWidth = 1280, kHeight = 720;
constexpr int kPictures = 8, kFramesEach = 4;  // libcamera shows each picture of a folder for four frames
constexpr int kDarkest = 32, kStep = 24;

std::vector<std::filesystem::path> descriptors() {
  std::vector<std::filesystem::path> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) open.push_back(entry.path());
  return open;
}

/// Which recorded picture a plane shows; -1 when it is not of one piece.
int number_of(const PlaneView& luma) {
  const auto value = mean_at(luma, 0.5, 0.5);
  for (const double y : {0.05, 0.95}) {
    for (const double x : {0.05, 0.95}) {
      if (std::abs(mean_at(luma, x, y) - value) > 6) return -1;
    }
  }
  const double limited = value * 219 / 255 + 16;  // a JPEG's luma has the full range, and libcamera leaves it so
  return static_cast<int>(std::lround((limited - kDarkest) / kStep));
}

/// A picture as 16 x 9 means of its luma: enough to tell pictures of one clip apart.
using Sketch = std::array<double, 16 * 9>;

Sketch sketch_of(const PlaneView& luma) {
  Sketch sums{};
  for (int row = 0; row < luma.height; ++row) {
    for (int x = 0; x < luma.width; ++x)
      sums[static_cast<std::size_t>(row * 9 / luma.height * 16 + x * 16 / luma.width)] +=
          luma.data[row * luma.stride + x];
  }
  const double area = static_cast<double>(luma.width) * luma.height / static_cast<double>(sums.size());
  for (auto& sum : sums) sum /= area;
  return sums;
}

double difference(const Sketch& one, const Sketch& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += std::abs(one[i] - other[i]);
  return sum / static_cast<double>(one.size());
}

/// Pictures of a real clip, two seconds from each other, and what each of them looks like.
class Footage {
 public:
  /// Errors: kNotFound where the clip or FFmpeg's program is not there.
  static Result<Footage> make(const std::filesystem::path& folder) {
    const auto clip = std::filesystem::path(NESTBOX_SOURCE_DIR) / "../shared/data/motion/bottles.mp4";
    if (!std::filesystem::exists(clip)) return fail(ErrorKind::kNotFound, clip.string() + " is not there");
    std::filesystem::create_directory(folder);
    if (!ffmpeg(fmt::format("-i {} -vf fps=1/2,scale={}:{} -frames:v {} -pix_fmt yuvj420p -start_number 0 {}/%d.jpg",
                            clip.string(), kWidth, kHeight, kPictures, folder.string())))
      return fail(ErrorKind::kNotFound, "ffmpeg cannot read " + clip.string());
    Footage footage;
    for (int i = 0; i < kPictures; ++i) {
      const auto raw = folder.parent_path() / "picture.raw";
      if (!ffmpeg(fmt::format("-i {}/{}.jpg -vf format=gray -f rawvideo {}", folder.string(), i, raw.string())))
        return fail(ErrorKind::kNotFound, "ffmpeg cannot read its own picture");
      std::ifstream in(raw, std::ios::binary);
      std::string bytes((std::istreambuf_iterator<char>(in)), {});
      bytes.resize(static_cast<std::size_t>(kWidth) * kHeight);
      footage.sketches_.push_back(
          sketch_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), kWidth, kHeight, kWidth}));
    }
    return footage;
  }
  /// Which picture it is: much nearer than any two of them are to each other (2.7); -1 for none, or parts of two.
  int number_of(const PlaneView& luma) const {
    const auto sketch = sketch_of(luma);
    for (int i = 0; i < kPictures; ++i) {
      if (difference(sketch, sketches_[static_cast<std::size_t>(i)]) < 1) return i;
    }
    return -1;
  }

 private:
  std::vector<Sketch> sketches_;
};

class VirtualCamera : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const auto pictures = *folder_ / "pictures";
    std::filesystem::create_directory(pictures);
    const PictureMemory memory(1, {kWidth, kHeight, 64, 36});
    for (int i = 0; i < kPictures; ++i) {
      const auto& luma = memory.main(0).y;
      std::memset(luma.data, kDarkest + i * kStep, static_cast<std::size_t>(luma.stride) * kHeight);
      std::ofstream(pictures / (std::to_string(i) + ".jpg"), std::ios::binary) << *encode_jpeg(memory.main(0), 90);
    }
    const auto list = *folder_ / "virtual.yaml";
    footage_.emplace(Footage::make(*folder_ / "footage"));
    std::ofstream yaml(list);
    yaml << "%YAML 1.1\n---\n"
         << "\"Recorded\":\n"
         << "  supported_formats:\n"
         << "  - {width: 1280, height: 720, frame_rates: [30, 120]}\n"
         << "  - {width: 320, height: 180, frame_rates: [30, 120]}\n"
         << "  frames: {path: \"" << pictures.string() << "/\"}\n"
         << "  model: \"recorded\"\n"
         << "\"Bars\":\n"
         << "  supported_formats:\n"
         << "  - {width: 1280, height: 720, frame_rates: [30, 120]}\n"
         << "  test_pattern: \"bars\"\n"
         << "  model: \"bars\"\n";
    if (footage_->has_value()) {
      yaml << "\"Footage\":\n  supported_formats:\n  - {width: 1280, height: 720, frame_rates: [30, 120]}\n"
           << "  - {width: 320, height: 180, frame_rates: [30, 120]}\n"
           << "  frames: {path: \"" << (*folder_ / "footage").string() << "/\"}\n  model: \"footage\"\n";
    }
    yaml.close();
    ::setenv("NESTBOX_VIRTUAL_CAMERAS", list.c_str(), 1);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  /// Both streams show one picture, whole, and from one picture to the next it goes forwards.
  void look(const std::function<int(const PlaneView&)>& number);

  void SetUp() override {
    setup_ = small_setup("libcamera:Recorded");
    setup_.camera.width = kWidth;
    setup_.camera.height = kHeight;
    setup_.camera.analysis_width = 320;
    setup_.camera.framerate = 120;
    auto found = access_.backend();
    if (!found) GTEST_SKIP() << found.error().message;
    for (const auto& camera : (*found)->cameras()) cameras_.insert(camera.id);
    if (cameras_.count("Recorded") == 0) GTEST_SKIP() << (*found)->name() << " has no virtual cameras";
  }

  LibcameraSource source(const std::string& id) {
    return LibcameraSource(id, setup_.camera, [this] { return access_.backend(); });
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static std::optional<Result<Footage>> footage_;
  CaptureSetup setup_;
  CameraAccess access_;
  std::set<std::string> cameras_;
};
std::unique_ptr<TemporaryFolder> VirtualCamera::folder_;
std::optional<Result<Footage>> VirtualCamera::footage_;

void VirtualCamera::look(const std::function<int(const PlaneView&)>& number_of_plane) {
  std::atomic<int> mixed{0};
  Mutex mutex;
  std::vector<int> numbers;
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content != Content::kLive) return;
    const int number = number_of_plane(frame.main.y);
    if (number < 0 || number != number_of_plane(frame.analysis)) ++mixed;
    Lock lock(mutex);
    numbers.push_back(number);
  });
  RunningStage stage(setup_, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 200; }, seconds(60)));
  const auto status = stage->status();
  stage.stop();
  EXPECT_EQ(mixed.load(), 0);
  EXPECT_THAT(status.notes, Not(Contains(HasSubstr("copied")))) << "the camera's own buffers are lent out";
  const auto seen = sink->seen();
  EXPECT_EQ(seen.back().analysis_width, 320);
  EXPECT_EQ(seen.back().width, kWidth);
  // Frames above the frame rate are left out, some in a row at most: from one picture to the next it goes forwards.
  constexpr int kForwardMax = kPictures / 2;
  Lock lock(mutex);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    ASSERT_LE((numbers[i] - numbers[i - 1] + kPictures) % kPictures, kForwardMax)
        << "picture " << numbers[i] << " after " << numbers[i - 1];
  }
  EXPECT_EQ(std::set<int>(numbers.begin(), numbers.end()).size(), static_cast<std::size_t>(kPictures));
}

TEST_F(VirtualCamera, RecordedPicturesComeWholeAndInOrderInBothStreams) {
  look([](const PlaneView& luma) { return number_of(luma); });
}

TEST_F(VirtualCamera, RecordedFootageComesWholeAndInOrderInBothStreams) {
  if (!footage_->has_value()) GTEST_SKIP() << footage_->error().message;
  setup_.camera.source = "libcamera:Footage";
  look([](const PlaneView& luma) { return (*footage_)->number_of(luma); });
}

TEST_F(VirtualCamera, WhatIsHeldIsNotRewrittenAndStaysReadable) {
  std::vector<std::uint64_t> sums;
  const auto holder = std::make_shared<RecordingSink>(4);
  {
    RunningStage stage(setup_, {holder});
    ASSERT_TRUE(eventually([&] { return holder->count(Content::kLive) > 20; }, seconds(60)));
    auto held = holder->take_held();
    for (const auto& lease : held) sums.push_back(checksum_of(*lease));
    const auto before = holder->count();
    ASSERT_TRUE(eventually([&] { return holder->count() > before + 60; }, seconds(60)));
    for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(checksum_of(*held[i]), sums[i]);
    holder->take_held();
    stage.stop();
    for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(checksum_of(*held[i]), sums[i]);
  }
}

TEST_F(VirtualCamera, ASizeThatTheCameraDoesNotHaveIsAdjustedAndThisIsSaid) {
  setup_.camera.source = "libcamera:Bars";
  setup_.camera.width = 640;
  setup_.camera.height = 480;
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(setup_, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 10; }, seconds(60)));
  EXPECT_EQ(sink->seen().back().width, kWidth);
  EXPECT_THAT(stage->status().notes, Contains("camera.width, camera.height: 640 x 480 is asked for; this camera gives "
                                              "1280 x 720"));
}

TEST_F(VirtualCamera, ACameraThatIsNotThereIsNamedWithThoseThatAre) {
  auto camera = source("Elsewhere");
  const auto started = camera.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(started.error().message, HasSubstr("camera Elsewhere is not there; there are: "));
  EXPECT_THAT(started.error().message, HasSubstr("Recorded"));
}

TEST_F(VirtualCamera, TwoHundredStartsLeaveNothingBehindSlow) {
  constexpr int kStarts = 200, kPicturesEach = 12;  // more than there are buffers: each comes back and is used again
  const auto start_and_stop = [&] {
    auto camera = source("Bars");
    const auto format = camera.start();
    ASSERT_TRUE(format) << format.error().message;
    EXPECT_GE(format->slots, slots_needed());
    int pictures = 0;
    const auto deadline = BootClock::now() + seconds(20);
    while (pictures < kPicturesEach && BootClock::now() < deadline) {
      auto filled = camera.poll(BootClock::now());
      ASSERT_TRUE(filled) << filled.error().message;
      if (!*filled) continue;
      camera.painted((*filled)->slot);
      camera.give_back((*filled)->slot);
      ++pictures;
    }
    ASSERT_EQ(pictures, kPicturesEach);
    camera.stop();
  };
  ASSERT_NO_FATAL_FAILURE(start_and_stop());
  const auto open_before = descriptors().size();
  for (int i = 1; i < kStarts; ++i) ASSERT_NO_FATAL_FAILURE(start_and_stop()) << i;
  EXPECT_EQ(descriptors().size(), open_before);
}

}  // namespace
}  // namespace nestbox::capture
