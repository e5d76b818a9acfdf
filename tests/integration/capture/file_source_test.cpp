/// Files in the place of a camera: real containers and codecs, made by the ffmpeg program in a folder of the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "nestbox/av/av_log.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/thread.h"
#include "recording_sink.h"
#include "support/source_dir.h"

namespace nestbox {
namespace {

using namespace nestbox::test;
using std::chrono::milliseconds;
using testing::HasSubstr;

class FileSourceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { install_av_log_bridge(); }
  void SetUp() override {
    if (!have_ffmpeg()) GTEST_SKIP() << "the program ffmpeg is not installed; it makes the clips";
  }
  /// A clip made from a lavfi source; ends the test when ffmpeg cannot make it.
  std::string clip(const std::string& name, const std::string& source, const std::string& options = "") {
    const auto path = (folder_ / name).string();
    if (!ffmpeg("-f lavfi -i \"" + source + "\" " + options + " " + path))
      ADD_FAILURE() << "ffmpeg cannot make " << name;
    return path;
  }
  /// The first picture that the stage shows of a file, looked at.
  void look_at_first(CaptureStage::Setup setup, const std::function<void(const Frame&)>& look) {
    std::atomic<bool> looked{false};
    const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
      if (frame.content == Content::kLive && !looked.load()) look(frame);
      looked.store(looked.load() || frame.content == Content::kLive);
    });
    RunningStage stage(std::move(setup), {sink});
    EXPECT_TRUE(eventually([&] { return looked.load(); })) << stage->status().last_error;
  }
  /// What status says of a file that cannot be shown.
  std::string error_of(const std::filesystem::path& path) {
    const auto sink = std::make_shared<RecordingSink>();
    RunningStage stage(small_setup("file:" + path.string()), {sink});
    EXPECT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
    const auto status = stage->status();
    EXPECT_EQ(status.state, CameraState::kAbsent);
    EXPECT_EQ(sink->count(Content::kLive), 0u);
    return status.last_error;
  }
  TemporaryFolder folder_;
};

TEST_F(FileSourceTest, IsPacedByItsStampsAndEndsInASlate) {
  const auto path = clip("a.mp4", "testsrc2=size=320x180:rate=25:duration=1", "-pix_fmt yuv420p");
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 1; }));
  const auto status = stage->status();
  EXPECT_EQ(status.state, CameraState::kAbsent);
  EXPECT_EQ(status.last_error, "the file has ended");
  // A machine that is busy elsewhere may pass over pictures, as a camera would; then they are counted.
  EXPECT_GT(status.frames, 5u);
  EXPECT_LE(status.frames + status.frames_lost, 25u);
  EXPECT_GE(status.frames + status.frames_lost, 20u);
  EXPECT_EQ(status.rebuilds, 0u);
  const auto seen = sink->seen();
  std::vector<std::chrono::nanoseconds> latencies;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GT(seen[i].sequence, seen[i - 1].sequence);
    EXPECT_GT(seen[i].captured_at, seen[i - 1].captured_at);
    if (seen[i].content != Content::kLive) break;
    EXPECT_EQ(seen[i].captured_at - seen[i - 1].captured_at,
              milliseconds(40) * (seen[i].sequence - seen[i - 1].sequence));
    EXPECT_GE(seen[i].offered_at, seen[i].captured_at);  // published at its time, not before
    latencies.push_back(seen[i].offered_at - seen[i].captured_at);
  }
  std::sort(latencies.begin(), latencies.end());
  std::cout << "from due to offered, median: " << latencies.at(latencies.size() / 2).count() / 1000 << " us\n";
  EXPECT_LT(latencies.at(latencies.size() / 2), milliseconds(20));
  EXPECT_EQ(seen[0].width, 320);
  EXPECT_EQ(seen[0].analysis_width, 160);
  EXPECT_EQ(seen[0].analysis_height, 90);
}

/// As the encoder does: an inbox of two, one in hand, slow.
class SlowConsumer : public FrameSink {
 public:
  SlowConsumer() : thread_("slow", [this] { run(); }) {}
  ~SlowConsumer() override {
    queue_.close();
    thread_.join();
  }
  void offer(FrameLease lease) noexcept override {
    if (queue_.offer(std::move(lease))) ++dropped_;
  }
  std::atomic<int> dropped_{0}, taken_{0};

 private:
  void run() {
    while (auto lease = queue_.pop()) {
      std::this_thread::sleep_for(milliseconds(2));
      lease->reset();
      ++taken_;
    }
  }
  BoundedQueue<FrameLease> queue_{2};
  NamedThread thread_;
};

TEST_F(FileSourceTest, AtFastPaceNoPictureIsLostAndTimeIsMediaTime) {
  const auto path = clip("long.mp4", "testsrc2=size=320x180:rate=25:duration=12", "-pix_fmt yuv420p");
  const auto sink = std::make_shared<RecordingSink>();
  const auto slow = std::make_shared<SlowConsumer>();
  const auto began = BootClock::now();
  RunningStage stage(small_setup("file:" + path + "?pace=fast"), {sink, slow});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 1; }));
  EXPECT_LT(BootClock::now() - began, std::chrono::seconds(11));
  EXPECT_EQ(sink->count(Content::kLive), 300u);
  EXPECT_EQ(slow->dropped_.load(), 0);
  const auto seen = sink->seen();
  EXPECT_EQ(seen[299].captured_at - seen[0].captured_at, milliseconds(299 * 40));
  // The clip ran ahead of the clock; the slate goes on from its end all the same.
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GT(seen[i].captured_at, seen[i - 1].captured_at);
}

TEST_F(FileSourceTest, ALoopGoesOnGrowing) {
  const auto path = clip("short.mp4", "testsrc2=size=320x180:rate=25:duration=0.4", "-pix_fmt yuv420p");
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path + "?loop=1&pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count() > 100; }));
  const auto seen = sink->seen();
  for (std::size_t i = 1; i < seen.size(); ++i)
    ASSERT_EQ(seen[i].captured_at - seen[i - 1].captured_at, milliseconds(40));
  EXPECT_EQ(stage->status().state, CameraState::kRunning);
  EXPECT_EQ(stage->status().source, "file:" + path);
}

TEST_F(FileSourceTest, RawStreamsThatCannotBeSoughtInLoopToo) {
  const auto path = clip("raw.h264", "testsrc2=size=320x180:rate=25:duration=0.4", "-pix_fmt yuv420p -bf 2");
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path + "?loop=1&pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count() > 30; }));
  EXPECT_EQ(sink->count(Content::kSlate), 0u);
}

TEST_F(FileSourceTest, AFileThatIsTooFastIsThinnedEvenly) {
  const auto path = clip("fast.mp4", "testsrc2=size=320x180:rate=60:duration=2", "-pix_fmt yuv420p");
  auto setup = small_setup("file:" + path + "?pace=fast");
  setup.camera.framerate = 20;
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  EXPECT_EQ(sink->count(Content::kLive), 40u);
  EXPECT_EQ(stage->status().frames_lost, 0u);
}

TEST_F(FileSourceTest, AnotherShapeGetsBlackBarsAndNothingIsStretched) {
  const auto path = clip("square.mp4", "color=white:size=240x240:rate=10:duration=0.5", "-pix_fmt yuv420p");
  look_at_first(small_setup("file:" + path), [](const Frame& frame) {
    EXPECT_EQ(sample(frame.main.y, 40, 90), 16);  // 320 x 180: the square is 180 wide, from 70 to 250
    EXPECT_EQ(sample(frame.main.y, 66, 90), 16);
    EXPECT_NEAR(sample(frame.main.y, 76, 90), 235, 2);
    EXPECT_NEAR(sample(frame.main.y, 160, 2), 235, 2);
    EXPECT_NEAR(sample(frame.main.y, 244, 177), 235, 2);
    EXPECT_EQ(sample(frame.main.y, 256, 90), 16);
    EXPECT_EQ(sample(frame.main.u, 10, 45), 128);
    EXPECT_EQ(sample(frame.analysis, 10, 45), 16);
    EXPECT_NEAR(sample(frame.analysis, 80, 45), 235, 2);
  });
}

TEST_F(FileSourceTest, WideSamplesAreHonoured) {
  const auto path = clip("wide.mp4", "color=white:size=160x180:rate=10:duration=0.5,setsar=2/1", "-pix_fmt yuv420p");
  look_at_first(small_setup("file:" + path), [](const Frame& frame) {
    EXPECT_NEAR(sample(frame.main.y, 4, 90), 235, 2);
    EXPECT_NEAR(sample(frame.main.y, 315, 90), 235, 2);
  });
}

struct Coding {
  const char* name;
  const char* options;
};
class Colours : public FileSourceTest, public testing::WithParamInterface<Coding> {};

TEST_P(Colours, AreBt709LimitedWhateverTheFileIs) {
  const auto path = clip("colour.mkv", "color=0xC86432:size=320x180:rate=10:duration=0.5", GetParam().options);
  look_at_first(small_setup("file:" + path), [](const Frame& frame) {
    // 200, 100, 50 of 255 by BT.709, limited range.
    const double red = 200 / 255.0, green = 100 / 255.0, blue = 50 / 255.0;
    const double luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    EXPECT_NEAR(mean_at(frame.main.y, 0.5, 0.5), 16 + 219 * luma, 2.5);
    EXPECT_NEAR(mean_at(frame.main.u, 0.5, 0.5), 128 + 224 * (blue - luma) / 1.8556, 2.5);
    EXPECT_NEAR(mean_at(frame.main.v, 0.5, 0.5), 128 + 224 * (red - luma) / 1.5748, 2.5);
    EXPECT_NEAR(mean_at(frame.analysis, 0.5, 0.5), 16 + 219 * luma, 2.5);
  });
}

INSTANTIATE_TEST_SUITE_P(
    File, Colours,
    testing::Values(
        Coding{"bt709", "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p -colorspace bt709 -c:v ffv1"},
        Coding{"bt601",
               "-vf scale=out_color_matrix=bt601:out_range=tv -pix_fmt yuv420p -colorspace smpte170m -c:v ffv1"},
        Coding{"silent_sd", "-vf scale=out_color_matrix=bt601:out_range=tv -pix_fmt yuv420p -c:v ffv1"},
        Coding{"full_range",
               "-vf scale=out_color_matrix=bt709:out_range=pc -pix_fmt yuv420p -color_range pc -colorspace bt709 -c:v "
               "ffv1"},
        Coding{"jpeg", "-vf scale=out_color_matrix=bt601:out_range=pc -pix_fmt yuvj420p -c:v mjpeg -q:v 2"},
        Coding{"rgb", "-pix_fmt bgr0 -c:v ffv1"}, Coding{"planar_rgb", "-pix_fmt gbrp -c:v ffv1"},
        Coding{"ten_bit_444",
               "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv444p10le -colorspace bt709 -c:v ffv1"},
        Coding{"four_two_two",
               "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv422p -colorspace bt709 -c:v ffv1"}),
    [](const auto& coding) { return coding.param.name; });

TEST_F(FileSourceTest, GreyFilesAndOddSizesAreShown) {
  const auto grey = clip("grey.mkv", "color=white:size=321x181:rate=10:duration=0.5", "-pix_fmt gray -c:v ffv1");
  look_at_first(small_setup("file:" + grey), [](const Frame& frame) {
    EXPECT_NEAR(mean_at(frame.main.y, 0.5, 0.5), 235, 2);
    EXPECT_NEAR(mean_at(frame.main.u, 0.5, 0.5), 128, 1);
  });
  const auto narrow = clip("narrow.mkv", "color=white:size=6x90:rate=10:duration=0.5", "-pix_fmt gray -c:v ffv1");
  look_at_first(small_setup("file:" + narrow), [](const Frame& frame) { EXPECT_EQ(frame.main.width, 320); });
}

/// Left half white, right half black.
constexpr auto kHalves =
    "color=white:size=160x180:rate=10:duration=0.5[w];color=black:size=160x180:rate=10:duration=0.5[b];[w][b]hstack";

TEST_F(FileSourceTest, FlipsAndTurnsByTheSettings) {
  const auto path = clip("halves.mp4", kHalves, "-pix_fmt yuv420p");
  auto setup = small_setup("file:" + path);
  const auto left_of = [&] {
    double left = 0;
    look_at_first(setup, [&](const Frame& frame) { left = mean_at(frame.main.y, 0.25, 0.5); });
    return left;
  };
  EXPECT_GT(left_of(), 200);
  setup.camera.hflip = true;
  EXPECT_LT(left_of(), 30);
  setup.camera.rotation = 180;
  EXPECT_GT(left_of(), 200);
  setup.camera.hflip = false;
  EXPECT_LT(left_of(), 30);
  setup.camera.vflip = true;
  EXPECT_LT(left_of(), 30);
}

TEST_F(FileSourceTest, HonoursTheRotationOfTheContainer) {
  const auto upright = clip("upright.mp4", kHalves, "-pix_fmt yuv420p");
  for (const int degrees : {90, 180, 270}) {
    const auto turned = (folder_ / "turned.mp4").string();
    // Counterclockwise, both in ffmpeg 6 and newer and, by another name, in ffmpeg 5.
    const auto counterclockwise = std::to_string(360 - degrees);
    const bool made = ffmpeg("-display_rotation " + counterclockwise + " -i " + upright + " -c copy " + turned) ||
                      ffmpeg("-i " + upright + " -c copy -metadata:s:v rotate=" + counterclockwise + " " + turned);
    ASSERT_TRUE(made);
    look_at_first(small_setup("file:" + turned), [&](const Frame& frame) {
      // The white half, which lay on the left, is on top after a quarter turn clockwise.
      const double top = mean_at(frame.main.y, 0.5, 0.2), bottom = mean_at(frame.main.y, 0.5, 0.8);
      const double left = mean_at(frame.main.y, 0.3, 0.5), right = mean_at(frame.main.y, 0.7, 0.5);
      if (degrees == 90) {
        EXPECT_TRUE(top > 200 && bottom < 30) << top << " " << bottom;
      }
      if (degrees == 180) {
        EXPECT_TRUE(left < 30 && right > 200) << left << " " << right;
      }
      if (degrees == 270) {
        EXPECT_TRUE(top < 30 && bottom > 200) << top << " " << bottom;
      }
      if (degrees != 180) {
        EXPECT_EQ(sample(frame.main.y, 20, 90), 16);  // upright now, with bars
      }
    });
  }
}

TEST_F(FileSourceTest, ShowsTheRegionOfInterestAlone) {
  const auto path = clip("halves.mp4", kHalves, "-pix_fmt yuv420p");
  auto setup = small_setup("file:" + path);
  setup.camera.roi = Rect{0.55, 0.25, 1.0, 0.7};
  look_at_first(setup, [](const Frame& frame) { EXPECT_LT(mean_at(frame.main.y, 0.2, 0.5), 30); });
}

TEST_F(FileSourceTest, SaysWhatIsWrongWithRubbish) {
  const auto write = [&](const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  };
  EXPECT_THAT(error_of(folder_ / "missing.mp4"), HasSubstr("no such file"));
  EXPECT_THAT(error_of(write("empty.mp4", "")), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of(folder_ / ""), HasSubstr("not a regular file"));
  EXPECT_THAT(error_of(write("text.mp4", "This is a letter, not a film.\n")), HasSubstr("text.mp4"));
  EXPECT_THAT(error_of(write("noise.bin", std::string(100000, '\x47'))), HasSubstr("noise.bin"));
  clip("sound.wav", "sine=duration=1");
  EXPECT_THAT(error_of(folder_ / "sound.wav"), HasSubstr("no video in this file"));
  const auto whole = clip("whole.mp4", "testsrc2=size=320x180:rate=25:duration=1", "-pix_fmt yuv420p");
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) / 2);
  EXPECT_THAT(error_of(whole), HasSubstr("whole.mp4"));  // its index was at the end
}

TEST_F(FileSourceTest, APlaylistCannotReachTheNetwork) {
  std::ofstream(folder_ / "list.m3u8")
      << "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n";
  EXPECT_THAT(error_of(folder_ / "list.m3u8"), HasSubstr("list.m3u8"));
}

TEST_F(FileSourceTest, ATruncatedStreamIsShownAsFarAsItGoes) {
  const auto path = clip("cut.ts", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt yuv420p");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path + "?pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  EXPECT_GT(sink->count(Content::kLive), 10u);
  EXPECT_EQ(stage->status().last_error, "the file has ended");
}

TEST_F(FileSourceTest, DamageInTheMiddleIsPassedOver) {
  const auto path = clip("damaged.ts", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt yuv420p -g 10");
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 3));
    file << std::string(4000, '\xA5');
  }
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path + "?pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  EXPECT_GT(sink->count(Content::kLive), 25u);
}

TEST_F(FileSourceTest, AResolutionThatChangesInMidStreamIsCarriedOn) {
  const auto one = clip("one.ts", "color=white:size=320x180:rate=25:duration=0.4", "-pix_fmt yuv420p");
  const auto two = clip("two.ts", "color=white:size=640x640:rate=25:duration=0.4", "-pix_fmt yuv420p");
  const auto both = folder_ / "both.ts";
  std::ofstream(both, std::ios::binary) << std::ifstream(one, std::ios::binary).rdbuf()
                                        << std::ifstream(two, std::ios::binary).rdbuf();
  std::atomic<int> with_bars{0}, without{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content == Content::kLive) ++(sample(frame.main.y, 20, 90) == 16 ? with_bars : without);
  });
  RunningStage stage(small_setup("file:" + both.string() + "?pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  EXPECT_GT(without.load(), 5);
  EXPECT_GT(with_bars.load(), 5);
}

TEST_F(FileSourceTest, AHostileSizeIsRefused) {
  const auto path = clip("huge.mkv", "color=white:size=8000x8000:rate=1:duration=1", "-pix_fmt gray -c:v ffv1");
  EXPECT_THAT(error_of(path), HasSubstr("huge.mkv"));
}

TEST_F(FileSourceTest, SettingsThatAFileCannotFollowAreSaid) {
  const auto path = clip("a.mp4", "testsrc2=size=320x180:rate=25:duration=5", "-pix_fmt yuv420p");
  auto setup = small_setup("file:" + path);
  setup.camera.shutter = milliseconds(10);
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count() > 0; }));
  EXPECT_THAT(stage->status().notes, testing::ElementsAre("camera.shutter: a file has no shutter; it has no effect"));
}

TEST_F(FileSourceTest, ColoursChangeWithoutARestart) {
  const auto path = clip("grey.mp4", "color=gray:size=320x180:rate=25:duration=0.4", "-pix_fmt yuv420p");
  auto setup = small_setup("file:" + path + "?loop=1");
  std::atomic<int> luma{0};
  const auto sink =
      std::make_shared<RecordingSink>(0, [&](const Frame& frame) { luma = sample(frame.main.y, 100, 100); });
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return luma.load() > 100 && luma.load() < 140; }));
  setup.camera.brightness = 0.6;
  stage->apply(setup);
  ASSERT_TRUE(eventually([&] { return luma.load() > 180; }));
  EXPECT_EQ(stage->status().rebuilds, 0u);
  EXPECT_EQ(sink->count(Content::kSlate), 0u);
  const auto seen = sink->seen();
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].captured_at - seen[i - 1].captured_at,
              milliseconds(40) * (seen[i].sequence - seen[i - 1].sequence));
  }
}

TEST_F(FileSourceTest, AMissingFileIsShownWhenItComes) {
  const auto path = (folder_ / "later.mp4").string();
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  const auto made = clip("other.mp4", "testsrc2=size=320x180:rate=25:duration=5", "-pix_fmt yuv420p");
  std::filesystem::rename(made, path);
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 0; }));
  EXPECT_EQ(stage->status().state, CameraState::kRunning);
  EXPECT_EQ(stage->status().last_error, "");
}

struct RealClip {
  const char* name;
  std::size_t frames;
};
class RealClips : public testing::TestWithParam<RealClip> {};

TEST_P(RealClips, AreShownWhole) {
  const auto path = std::filesystem::path(NESTBOX_SOURCE_DIR) / "../shared/data/motion" / GetParam().name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(small_setup("file:" + path.string() + "?pace=fast"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }, std::chrono::seconds(100)));
  EXPECT_EQ(sink->count(Content::kLive), GetParam().frames);
  EXPECT_EQ(stage->status().last_error, "the file has ended");
}

INSTANTIATE_TEST_SUITE_P(File, RealClips,
                         testing::Values(RealClip{"bottles.mp4", 1189}, RealClip{"cars_exposure.mp4", 377},
                                         RealClip{"synthetic_ir_night.mp4", 900}, RealClip{"tree.avi", 68}),
                         [](const auto& clip) { return std::string(clip.param.name).substr(0, 4); });

}  // namespace
}  // namespace nestbox
