/// What the capture thread makes of a camera: its buffers lent out, its faults survived.
#include "capture/libcamera_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/capture_worker.h"
#include "capture/hold_budget.h"
#include "fake_camera.h"
#include "recording_sink.h"

namespace nestbox::capture {
namespace {

using namespace nestbox::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

class LibcameraSourceTest : public testing::Test {
 protected:
  LibcameraSourceTest() {
    setup_ = small_setup("auto");
    setup_.camera.framerate = 100;
  }
  void TearDown() override {
    stop();
    EXPECT_EQ(camera_->wrong_use.load(), 0);
    EXPECT_EQ(camera_->opened.load(), camera_->released.load());
  }
  void run(std::vector<std::shared_ptr<FrameSink>> sinks) {
    worker_.emplace("capture", setup_, std::move(sinks), [camera = camera_](const CaptureSetup& wanted) {
      return Result<std::unique_ptr<FrameSource>>(std::make_unique<LibcameraSource>("", wanted.camera, [camera] {
        return Result<std::shared_ptr<CameraBackend>>(std::make_shared<FakeBackend>(camera));
      }));
    });
    worker_->start();
  }
  void stop() {
    if (!worker_) return;
    worker_->request_stop();
    ASSERT_TRUE(worker_->join_until(BootClock::now() + seconds(30)));
    worker_.reset();
  }
  bool comes_to(CameraState state) {
    return eventually([&] { return worker_->status().state == state; }, seconds(60));
  }
  bool shows_more(const RecordingSink& sink) {
    const auto before = sink.count(Content::kLive);
    return eventually([&] { return sink.count(Content::kLive) > before + 5; }, seconds(60));
  }

  CaptureSetup setup_;
  std::shared_ptr<FakeCamera> camera_ = std::make_shared<FakeCamera>();
  std::optional<CaptureWorker> worker_;
};

/// Every sample of a picture as the fake camera painted it, in both pictures alike; 0 when they are not.
int value_of(const Frame& frame) {
  const int value = sample(frame.main.y, 0, 0);
  const bool whole = sample(frame.main.y, frame.main.width - 1, frame.main.height - 1) == value &&
                     sample(frame.analysis, 0, 0) == value &&
                     sample(frame.analysis, frame.analysis.width - 1, frame.analysis.height - 1) == value;
  return whole ? value : 0;
}

TEST_F(LibcameraSourceTest, ALensWithAMotorIsSaidWhileTheCameraIsThere) {
  camera_->abilities.controls[CameraControl::kLensPosition] = {0, 15, {}};
  run({});
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  const auto lens = worker_->status().lens;
  ASSERT_TRUE(lens);
  EXPECT_EQ(lens->min, 0);
  EXPECT_EQ(lens->max, 15);
  camera_->unplug = true;
  ASSERT_TRUE(comes_to(CameraState::kAbsent));
  EXPECT_FALSE(worker_->status().lens);
  camera_->present = true;
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  EXPECT_TRUE(worker_->status().lens);
}

TEST_F(LibcameraSourceTest, ALensWithoutAMotorIsNone) {
  run({});
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  EXPECT_FALSE(worker_->status().lens);
}

TEST_F(LibcameraSourceTest, PicturesAreTheCamerasOwnBuffersWithWhatItSaysOfThem) {
  std::atomic<int> mixed{0}, bare{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content != Content::kLive) return;
    if (value_of(frame) == 0 || frame.main.format != PixelFormat::kNv12) ++mixed;
    const bool told = frame.exposure == milliseconds(8) && frame.gain == 2.5F && frame.lux == 320.0F &&
                      frame.focus_measure == 1234 && frame.lens_position == 6.5F && frame.main_dmabuf_fd >= 0;
    if (!told) ++bare;
  });
  run({sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 50; }));
  EXPECT_EQ(mixed.load(), 0);
  EXPECT_EQ(bare.load(), 0);
  EXPECT_EQ(worker_->status().source, "libcamera:one");
  const auto seen = sink->seen();
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GT(seen[i].captured_at, seen[i - 1].captured_at);
}

TEST_F(LibcameraSourceTest, ASecondStreamIsTheAnalysisPicture) {
  camera_->analysis_stream = true;
  std::atomic<int> mixed{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content == Content::kLive && value_of(frame) == 0) ++mixed;
  });
  run({sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 30; }));
  EXPECT_EQ(mixed.load(), 0);
  EXPECT_EQ(sink->seen().back().analysis_width, 160);
}

TEST_F(LibcameraSourceTest, WhatACameraDoesNotSayIsUnknown) {
  camera_->says_exposure = false;
  std::atomic<int> told{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.exposure || frame.gain || frame.lux || frame.focus_measure || frame.lens_position) ++told;
  });
  run({sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 10; }));
  EXPECT_EQ(told.load(), 0);
}

TEST_F(LibcameraSourceTest, WithTooFewBuffersToLendEachPictureIsCopiedOnceAndThisIsSaid) {
  camera_->requests = 4;
  std::atomic<int> mixed{0};
  const auto hoarder = std::make_shared<RecordingSink>(3, [&](const Frame& frame) {
    if (frame.content == Content::kLive && value_of(frame) == 0) ++mixed;
  });
  run({hoarder});
  ASSERT_TRUE(eventually([&] { return hoarder->count(Content::kLive) > 30; }));
  EXPECT_EQ(mixed.load(), 0);
  EXPECT_THAT(worker_->status().notes,
              Contains(HasSubstr(fmt::format("it has 4 buffers, {} are needed to lend them out", slots_needed()))));
}

TEST_F(LibcameraSourceTest, RgbIsConvertedAndThisIsSaid) {
  camera_->pixels = CameraPixels::kBgr24;
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 10; }));
  EXPECT_THAT(worker_->status().notes, Contains(HasSubstr("it gives FAKE; each picture is converted once")));
}

/// Whether a picture of one grey is that everywhere, in the analysis picture and without colour too.
bool is_one_grey(const Frame& frame) {
  const int value = sample(frame.main.y, 0, 0);
  const auto is = [](int one, int other) { return std::abs(one - other) <= 2; };
  return is(sample(frame.main.y, frame.main.width - 1, frame.main.height - 1), value) &&
         is(sample(frame.main.y, frame.main.width / 2, frame.main.height / 2), value) &&
         is(sample(frame.analysis, 0, 0), value) &&
         is(sample(frame.analysis, frame.analysis.width - 1, frame.analysis.height - 1), value) &&
         is(sample(frame.main.u, 0, 0), 128) && is(sample(frame.main.u, 4, 4), 128);
}

/// As USB cameras give them.
class ConvertedPictures : public LibcameraSourceTest, public testing::WithParamInterface<CameraPixels> {};

TEST_P(ConvertedPictures, ComeWholeInTheirColours) {
  camera_->pixels = GetParam();
  std::atomic<int> odd{0}, greys{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&, before = -1](const Frame& frame) mutable {
    if (frame.content != Content::kLive) return;
    if (!is_one_grey(frame)) ++odd;
    const int value = sample(frame.main.y, 0, 0);
    if (value != before) ++greys;
    before = value;
  });
  run({sink});
  ASSERT_TRUE(eventually([&] { return greys > 10; }));
  EXPECT_EQ(odd, 0);
  EXPECT_THAT(worker_->status().notes, Contains(HasSubstr("each picture is converted once")));
}

INSTANTIATE_TEST_SUITE_P(OfUsbCameras, ConvertedPictures, testing::Values(CameraPixels::kYuyv, CameraPixels::kMjpeg),
                         [](const auto& pixels) { return pixels.param == CameraPixels::kYuyv ? "Yuyv" : "Mjpeg"; });

TEST_F(LibcameraSourceTest, RubbishInPlaceOfAJpegIsNoPictureAndTheNextOnesAre) {
  camera_->pixels = CameraPixels::kMjpeg;
  std::atomic<int> odd{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content == Content::kLive && !is_one_grey(frame)) ++odd;
  });
  run({sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 10; }));
  camera_->rubbish_next = 5;
  ASSERT_TRUE(eventually([&] { return camera_->rubbish_next == 0; }));
  EXPECT_TRUE(shows_more(*sink));
  EXPECT_EQ(odd, 0);
  EXPECT_EQ(worker_->status().rebuilds, 0U);
}

TEST_F(LibcameraSourceTest, NoMoreRequestsAreQueuedThanTheCameraTakes) {
  camera_->in_flight = 4;
  const auto sink = std::make_shared<RecordingSink>(3);
  run({sink});
  EXPECT_TRUE(eventually([&] { return sink->count(Content::kLive) > 50; }));  // TearDown looks for wrong use
}

TEST_F(LibcameraSourceTest, ABusyCameraIsSaidToBeBusyAndTriedAgain) {
  camera_->busy = true;
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(comes_to(CameraState::kBusy));
  EXPECT_EQ(worker_->status().last_error, "camera one is in use by another program");
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  camera_->busy = false;
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  EXPECT_TRUE(shows_more(*sink));
}

TEST_F(LibcameraSourceTest, ASilentCameraIsSetUpAnewAndLateLeasesStayReadable) {
  const auto holder = std::make_shared<RecordingSink>(2);
  run({holder});
  ASSERT_TRUE(shows_more(*holder));
  camera_->silent = true;
  auto late = holder->take_held();
  std::vector<std::uint64_t> before;
  for (const auto& lease : late) before.push_back(checksum_of(*lease));
  ASSERT_TRUE(comes_to(CameraState::kStalled));
  camera_->silent = false;
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  ASSERT_TRUE(shows_more(*holder));
  EXPECT_EQ(worker_->status().rebuilds, 1u);
  EXPECT_EQ(camera_->opened.load(), 2);
  for (std::size_t i = 0; i < late.size(); ++i) EXPECT_EQ(checksum_of(*late[i]), before[i]);
}

TEST_F(LibcameraSourceTest, ACameraThatRefusesItsRequestsIsSetUpAnew) {
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(shows_more(*sink));
  camera_->refuses_requests = true;
  ASSERT_TRUE(comes_to(CameraState::kAbsent));
  EXPECT_EQ(worker_->status().last_error, "queue a request: no");
  camera_->refuses_requests = false;
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  EXPECT_TRUE(shows_more(*sink));
}

TEST_F(LibcameraSourceTest, RequestsThatAreCancelledOrDamagedGoBackAndAreNoPictures) {
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(shows_more(*sink));
  camera_->cancel_next = 5;
  ASSERT_TRUE(eventually([&] { return camera_->cancel_next == 0; }));
  camera_->damage_next = 3;
  ASSERT_TRUE(eventually([&] { return camera_->damage_next == 0; }));
  ASSERT_TRUE(shows_more(*sink));
  EXPECT_EQ(worker_->status().rebuilds, 0u);
  EXPECT_GE(worker_->status().frames_lost, 3u);
}

TEST_F(LibcameraSourceTest, PicturesThatTheDriverLostAreCounted) {
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(shows_more(*sink));
  camera_->skip_next = 7;
  EXPECT_TRUE(eventually([&] { return worker_->status().frames_lost >= 7; }));
}

TEST_F(LibcameraSourceTest, AnUnpluggedCameraIsAbsentUntilItIsBack) {
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(shows_more(*sink));
  camera_->unplug = true;
  ASSERT_TRUE(comes_to(CameraState::kAbsent));
  ASSERT_TRUE(eventually(
      [&] { return worker_->status().last_error.find("no camera found (fake library)") != std::string::npos; }));
  camera_->present = true;
  ASSERT_TRUE(comes_to(CameraState::kRunning));
  EXPECT_TRUE(shows_more(*sink));
}

TEST_F(LibcameraSourceTest, LiveChangesGoWithTheNextRequestAndNothingElseDoes) {
  camera_->abilities.controls = {{CameraControl::kBrightness, {-1, 1, {}}},
                                 {CameraControl::kShutter, {100, 1'000'000, {}}},
                                 {CameraControl::kFrameDuration, {5000, 1'000'000, {}}}};
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(shows_more(*sink));
  EXPECT_THAT(camera_->take_sent(), Contains(ControlSetting{CameraControl::kFrameDuration, 10'000, {}}));
  setup_.camera.brightness = 0.5;
  setup_.camera.shutter = milliseconds(4);
  worker_->apply(setup_);
  std::vector<ControlSetting> sent;
  ASSERT_TRUE(eventually([&] {
    const auto more = camera_->take_sent();
    sent.insert(sent.end(), more.begin(), more.end());
    return sent.size() >= 2;
  }));
  EXPECT_THAT(sent, testing::UnorderedElementsAre(ControlSetting{CameraControl::kBrightness, 0.5, {}},
                                                  ControlSetting{CameraControl::kShutter, 4000, {}}));
  EXPECT_EQ(camera_->opened.load(), 1);
  setup_.camera.width = 640;
  setup_.camera.height = 360;
  worker_->apply(setup_);
  EXPECT_TRUE(eventually([&] { return camera_->opened == 2; }));
  EXPECT_TRUE(eventually([&] { return sink->seen().back().width == 640; }));
}

TEST_F(LibcameraSourceTest, ACameraThatFailsAgainAndAgainAsksForAFreshStartSlow) {
  camera_->silent = true;
  const auto sink = std::make_shared<RecordingSink>();
  run({sink});
  ASSERT_TRUE(eventually([&] { return worker_->status().needs_fresh_start; }, seconds(110)));
  EXPECT_EQ(worker_->status().rebuilds, RebuildLimit::kRebuilds + 1);
}

}  // namespace
}  // namespace nestbox::capture
