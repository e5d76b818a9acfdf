#include "nestbox/rules/motion_trace.h"

#include <gmock/gmock.h>

#include "motion_planes.h"
#include "nestbox/rules/motion_segment.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using Change = MotionReport::Change;

/// A walk through a noisy picture, as a detector tells of it.
struct Told {
  std::vector<double> scores;
  std::vector<Change> changes;
  bool operator==(const Told&) const = default;
  void hear(const MotionReport& report) {
    scores.push_back(report.score);
    changes.push_back(report.change);
  }
};

TEST(MotionTrace, ADetectorSeesTheVerySameInIt) {
  MotionPlanes planes;
  MotionDetector live({}), again({});
  Told first, second;
  std::string trace;
  std::optional<MotionTraceChunk> chunk;
  for (int n = 0; n < 120; ++n) {
    planes.fill(n > 60 ? std::vector<Square>{{(n - 60) * 5.0, 80}} : std::vector<Square>{});
    first.hear(live.update(planes.plane()));
    if (n % 10 == 0 && chunk) trace += chunk->encoded(), chunk.reset();
    if (chunk)
      ASSERT_TRUE(chunk->add(planes.plane()));
    else
      chunk.emplace(planes.plane());
  }
  trace += chunk->encoded();
  MotionTraceReader reader(trace);
  while (true) {
    const auto plane = reader.next();
    ASSERT_TRUE(plane.has_value());
    if (!*plane) break;
    second.hear(again.update(**plane));
  }
  EXPECT_EQ(first, second);
  EXPECT_THAT(first.changes, testing::Contains(Change::kConfirmed));
  constexpr std::size_t kCells = 40 * 30;
  EXPECT_LT(trace.size(), 120 * kCells * 3 / 2);
}

TEST(MotionTrace, PlanesOfAnotherSizeWantAnotherChunk) {
  const std::vector<std::uint8_t> samples(64 * 64, 90);
  MotionTraceChunk chunk({samples.data(), 64, 48, 64, BootTime{1s}});
  EXPECT_FALSE(chunk.add({samples.data(), 64, 64, 64, BootTime{2s}}));
  EXPECT_EQ(chunk.end(), BootTime{1s});
}

TEST(MotionTrace, DamageIsSaidAndReadNoFurther) {
  MotionPlanes planes;
  planes.fill();
  MotionTraceChunk chunk(planes.plane());
  planes.fill();
  ASSERT_TRUE(chunk.add(planes.plane()));
  const auto whole = chunk.encoded();
  std::minstd_rand random(3);
  int refused = 0;
  for (int n = 0; n < 400; ++n) {
    auto damaged = whole;
    if (n % 2 == 0)
      damaged.resize(random() % whole.size());
    else
      damaged[random() % whole.size()] ^= static_cast<char>(1U << (random() % 8));
    MotionTraceReader reader(damaged);
    for (int planes_read = 0; planes_read < 3; ++planes_read) {
      const auto plane = reader.next();
      refused += plane ? 0 : 1;
      if (!plane) {
        EXPECT_FALSE(reader.next().value().has_value()) << "nothing comes after that";
      }
    }
  }
  EXPECT_GT(refused, 150);
}

/// Runs a detector and a segmenter over pictures.
class Keeping {
 public:
  explicit Keeping(MotionOptions options = {}) : detector_(std::move(options)) {}
  void see(const std::vector<Square>& squares = {}) {
    planes.fill(squares);
    if (auto segment = segmenter.see(planes.plane(), detector_.update(planes.plane()))) segments.push_back(*segment);
  }
  void quiet(double seconds) {
    for (int n = 0; n < 10 * seconds; ++n) see();
  }
  void walk(double seconds) {
    for (int n = 0; n < 10 * seconds; ++n) see({{n * 8.0, 80}});
  }
  void pace(double seconds) {
    for (int n = 0; n < 10 * seconds; ++n) see({{40 + 8.0 * std::abs(n % 40 - 20), 80}});
  }
  MotionPlanes planes;
  MotionSegmenter segmenter;
  std::vector<MotionSegment> segments;

 private:
  MotionDetector detector_;
};

TEST(MotionSegment, AnEventIsKeptWithWhatWasBeforeIt) {
  Keeping box;
  box.quiet(30);
  EXPECT_TRUE(box.segments.empty());
  box.walk(4);
  box.quiet(10);
  ASSERT_EQ(box.segments.size(), 1U);
  const auto& segment = box.segments[0];
  ASSERT_EQ(segment.events.size(), 1U);
  EXPECT_NEAR(to_seconds(segment.events[0].begin - segment.begin), 8, 1.5);
  EXPECT_NEAR(to_seconds(segment.end - segment.events[0].end), 3.2, 1) << "its end is known after a gap";
}

TEST(MotionSegment, TwoEventsSoonAfterEachOtherAreCountedOnceEach) {
  Keeping box;
  box.quiet(10);
  box.walk(4);
  box.quiet(6);
  box.walk(4);
  box.quiet(10);
  ASSERT_EQ(box.segments.size(), 2U);
  EXPECT_LE(box.segments[1].begin, box.segments[0].end) << "to learn the picture by";
  for (const auto& segment : box.segments) {
    const auto found = replay(segment, {});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->size(), 1U);
    const auto result = score(segment.events, *found);
    EXPECT_EQ(result.caught, 1);
    EXPECT_EQ(result.missed + result.wrong, 0);
  }
}

TEST(MotionSegment, ALongEventIsCutOffOnceAndBounded) {
  Keeping box;
  box.quiet(10);
  box.pace(200);
  box.quiet(20);
  ASSERT_EQ(box.segments.size(), 1U);
  EXPECT_LE(to_seconds(box.segments[0].end - box.segments[0].begin), 70);
  EXPECT_EQ(box.segments[0].events.size(), 1U);
}

TEST(MotionSegment, OtherSettingsFindOtherEvents) {
  MotionOptions strict;
  strict.min_area = 0.10;
  Keeping box(strict);  // the animal covers 2 %
  box.quiet(10);
  box.walk(4);
  box.quiet(10);
  ASSERT_EQ(box.segments.size(), 0U) << "far too small to be even a near miss";
  strict.min_area = 0.03;
  Keeping near(strict);
  near.quiet(10);
  near.walk(4);
  near.quiet(10);
  ASSERT_EQ(near.segments.size(), 1U);
  EXPECT_TRUE(near.segments[0].events.empty());
  EXPECT_EQ(near.segments[0].near.size(), 1U);
  EXPECT_TRUE(replay(near.segments[0], strict)->empty());
  EXPECT_EQ(replay(near.segments[0], {})->size(), 1U);
}

TEST(MotionSegment, AFileReadsAsItWasWritten) {
  MotionSegment segment{BootTime{5s},
                        BootTime{20s},
                        BootTime{6s},
                        WallTime{100s},
                        {{BootTime{7s}, BootTime{8s}}},
                        {{BootTime{9s}, BootTime{10s}}},
                        "\n\nbytes\n"};
  const auto file = encode(segment);
  const auto again = decode_segment(file);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(encode(*again), file);
  EXPECT_EQ(again->trace, segment.trace);
  EXPECT_EQ(again->events.size(), 1U);
  for (const auto* const bad : {"", "nestbox-trace 2\n", "nestbox-trace 1\nbegin 5\n",
                                "nestbox-trace 1\nbegin 5 6\ncounts 1 2\nlate 3 4\n\n"}) {
    EXPECT_FALSE(decode_segment(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace nestbox
