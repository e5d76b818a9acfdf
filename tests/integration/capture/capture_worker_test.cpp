/// The capture thread with sources that misbehave, and the promises it makes to those who hold its pictures.
#include "capture/capture_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "capture/hold_budget.h"
#include "capture/picture_pool.h"
#include "recording_sink.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// Counts every allocation of our own in this program; FFmpeg's go through malloc and are its own affair. Not inlined,
// or g++ sees free() beside operator new and takes it for a mistake.
#define NESTBOX_NOT_INLINED __attribute__((noinline))
NESTBOX_NOT_INLINED void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
NESTBOX_NOT_INLINED void* operator new[](std::size_t size) {
  return ::operator new(size);
}
NESTBOX_NOT_INLINED void operator delete(void* memory) noexcept {
  std::free(memory);
}
NESTBOX_NOT_INLINED void operator delete[](void* memory) noexcept {
  std::free(memory);
}
NESTBOX_NOT_INLINED void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
NESTBOX_NOT_INLINED void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace nestbox::capture {
namespace {

using namespace nestbox::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// What a test makes its source do, from its own thread.
struct Script {
  std::atomic<bool> silent{false};
  std::atomic<bool> fails_to_start{false};
  std::atomic<bool> fails{false};
  std::atomic<int> starts{0}, stops{0};
  std::atomic<int> out{0};
  std::size_t slots = slots_needed();
};

/// 100 pictures a second, every sample of a picture the same.
class ScriptedSource : public FrameSource {
 public:
  ScriptedSource(std::shared_ptr<Script> script, const CameraOptions& options)
      : script_(std::move(script)), options_(options) {}
  Result<SourceFormat> start() override {
    ++script_->starts;
    if (script_->fails_to_start) return fail(ErrorKind::kUnavailable, "the camera is asleep");
    pool_.emplace(script_->slots, *picture_shape(options_));
    script_->out = 0;
    return pool_->format(milliseconds(10), Content::kLive);
  }
  Result<std::optional<FilledSlot>> poll(BootTime now) override {
    if (script_->fails) return fail(ErrorKind::kUnavailable, "the cable is out");
    if (script_->silent) return std::nullopt;
    const auto slot = pool_->take();
    if (!slot) return std::nullopt;
    ++script_->out;
    next_ = std::max(next_ + milliseconds(10), now);
    FilledSlot filled;
    filled.slot = *slot;
    filled.sequence = sequence_++;
    filled.captured_at = filled.due = next_;
    filled.main = pool_->main(*slot);
    filled.analysis = pool_->analysis(*slot);
    std::memset(filled.main.y.data, static_cast<int>(filled.sequence % 200),
                static_cast<std::size_t>(filled.main.y.stride * filled.main.y.height));
    std::memset(filled.analysis.data, 77, static_cast<std::size_t>(filled.analysis.stride * filled.analysis.height));
    return filled;
  }
  BootTime next_due() const override { return script_->silent || pool_->empty() ? BootTime::max() : BootTime::min(); }
  bool wants_slot() const override { return pool_->empty(); }
  void give_back(SlotIndex slot) override {
    pool_->give_back(slot);  // asserts that the slot is out: a slot of another ring would abort
    --script_->out;
  }
  Adjusted adjust(const CameraOptions& options) override {
    return options.width == options_.width ? Adjusted::kTaken : Adjusted::kNeedsRestart;
  }
  void stop() override {
    ++script_->stops;
    pool_.reset();
  }
  std::string name() const override { return "scripted"; }
  std::vector<std::string> notes() const override { return {}; }
  std::uint64_t notes_revision() const override { return 0; }

 private:
  const std::shared_ptr<Script> script_;
  const CameraOptions options_;
  std::optional<PicturePool> pool_;
  std::uint64_t sequence_ = 0;
  BootTime next_{};
};

class CaptureWorkerTest : public testing::Test {
 protected:
  void TearDown() override { stop(); }
  void run(CaptureSetup setup, std::vector<std::shared_ptr<FrameSink>> sinks) {
    worker_.emplace("capture", std::move(setup), std::move(sinks), [script = script_](const CaptureSetup& wanted) {
      return Result<std::unique_ptr<FrameSource>>(std::make_unique<ScriptedSource>(script, wanted.camera));
    });
    worker_->start();
  }
  void stop() {
    if (!worker_) return;
    worker_->request_stop();
    ASSERT_TRUE(worker_->join_until(BootClock::now() + seconds(20)));
    worker_.reset();
  }
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::optional<CaptureWorker> worker_;
};

TEST_F(CaptureWorkerTest, TooFewBuffersAreRefusedWithTheSum) {
  script_->slots = 4;
  const auto sink = std::make_shared<RecordingSink>();
  run(small_setup("x"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  EXPECT_EQ(
      worker_->status().last_error,
      "the source has 4 buffers, 9 are needed: encode, waiting 2 + encode, in hand 1 + vision 2 + picture on request "
      "1 + capture 3");
  EXPECT_EQ(script_->starts.load(), script_->stops.load());
}

TEST_F(CaptureWorkerTest, ASilentSourceIsReplacedByASlateAndStartedAgain) {
  const auto sink = std::make_shared<RecordingSink>();
  run(small_setup("x"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 3; }));
  const auto silenced_at = BootClock::now();
  script_->silent = true;
  ASSERT_TRUE(eventually([&] { return worker_->status().state == CameraState::kStalled; }));
  EXPECT_GE(BootClock::now() - silenced_at, milliseconds(1900));
  EXPECT_LT(BootClock::now() - silenced_at, seconds(4));
  EXPECT_THAT(worker_->status().last_error, HasSubstr("no picture for 2"));
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kSlate) > 0; }));
  script_->silent = false;
  const auto before = sink->count(Content::kLive);
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > before + 3; }));
  const auto status = worker_->status();
  EXPECT_EQ(status.state, CameraState::kRunning);
  EXPECT_EQ(status.rebuilds, 1u);
  EXPECT_EQ(status.last_error, "");
  const auto seen = sink->seen();
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].sequence, seen[i - 1].sequence + 1);
    EXPECT_GT(seen[i].captured_at, seen[i - 1].captured_at);
  }
}

TEST_F(CaptureWorkerTest, AConsumerThatHoldsEverythingIsNoStall) {
  const auto hoarder = std::make_shared<RecordingSink>(100);
  run(small_setup("x"), {hoarder});
  ASSERT_TRUE(eventually([&] { return hoarder->count() == slots_needed(); }));
  std::this_thread::sleep_for(milliseconds(2600));  // longer than a stall would take to be called one
  EXPECT_EQ(hoarder->count(), slots_needed());
  EXPECT_EQ(worker_->status().state, CameraState::kRunning);
  EXPECT_EQ(worker_->status().rebuilds, 0u);
  hoarder->take_held();
  EXPECT_TRUE(eventually([&] { return hoarder->count() > slots_needed(); }));
}

TEST_F(CaptureWorkerTest, AFailingSourceIsTriedAtGrowingIntervals) {
  script_->fails_to_start = true;
  const auto sink = std::make_shared<RecordingSink>();
  const auto began = BootClock::now();
  run(small_setup("x"), {sink});
  ASSERT_TRUE(eventually([&] { return script_->starts.load() == 3; }));
  EXPECT_GE(BootClock::now() - began, milliseconds(2900));  // 1 s, then 2 s
  EXPECT_EQ(worker_->status().state, CameraState::kAbsent);
  EXPECT_EQ(worker_->status().last_error, "the camera is asleep");
  EXPECT_EQ(worker_->status().rebuilds, 0u);
  EXPECT_GT(sink->count(Content::kSlate), 3u);
}

TEST_F(CaptureWorkerTest, ASourceThatBreaksComesBack) {
  const auto sink = std::make_shared<RecordingSink>();
  run(small_setup("x"), {sink});
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > 3; }));
  script_->fails = true;
  ASSERT_TRUE(eventually([&] { return worker_->status().state == CameraState::kAbsent; }));
  EXPECT_EQ(worker_->status().last_error, "the cable is out");
  script_->fails = false;
  const auto before = sink->count(Content::kLive);
  ASSERT_TRUE(eventually([&] { return sink->count(Content::kLive) > before; }));
  EXPECT_EQ(worker_->status().rebuilds, 1u);
}

TEST_F(CaptureWorkerTest, WhatIsHeldIsNeverRewrittenAndLateLeasesStayReadable) {
  const auto holder = std::make_shared<RecordingSink>(3);
  std::vector<std::uint64_t> sums;
  std::mutex mutex;
  const auto noter = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    const std::lock_guard lock(mutex);
    sums.push_back(checksum_of(frame));
  });
  run(small_setup("x"), {noter, holder});
  ASSERT_TRUE(eventually([&] { return holder->count() > 20; }));
  auto held = holder->take_held();
  ASSERT_EQ(held.size(), 3u);
  ASSERT_TRUE(eventually([&] { return holder->count() > held.back()->sequence + 40; }));
  const auto check = [&] {
    const std::lock_guard lock(mutex);
    for (const auto& lease : held) EXPECT_EQ(checksum_of(*lease), sums[lease->sequence]);
  };
  check();
  const int out_before = script_->out.load();
  EXPECT_GE(out_before, 3);
  auto more = holder->take_held();
  more.clear();
  stop();
  check();  // the source is gone, its memory is not
  held.clear();
}

TEST_F(CaptureWorkerTest, EverySlotComesBack) {
  const auto holder = std::make_shared<RecordingSink>(4);
  run(small_setup("x"), {holder});
  ASSERT_TRUE(eventually([&] { return holder->count() > 30; }));
  script_->silent = true;
  EXPECT_TRUE(eventually([&] {
    holder->take_held();
    return script_->out.load() == 0;
  }));
}

TEST_F(CaptureWorkerTest, SlotsOfARingPastAreLetGo) {
  auto setup = small_setup("x");
  const auto holder = std::make_shared<RecordingSink>(6);
  run(setup, {holder});
  ASSERT_TRUE(eventually([&] { return holder->count() > 20; }));
  auto late = holder->take_held();
  for (const int width : {200, 240, 280}) {
    setup.camera.width = width;
    worker_->apply(setup);
    ASSERT_TRUE(eventually([&] { return holder->seen().back().width == width; }));
  }
  EXPECT_EQ(late.front()->main.width, 320);  // still readable
  late.clear();                              // give_back() would abort on any of these
  const auto before = holder->count();
  EXPECT_TRUE(eventually([&] { return holder->count() > before + 30; }));
  EXPECT_EQ(worker_->status().rebuilds, 0u);  // a change of settings is no failure
  EXPECT_EQ(holder->count(Content::kSlate), 0u);
}

TEST_F(CaptureWorkerTest, NothingIsAllocatedForAPicture) {
  auto setup = small_setup("x");
  setup.camera.width = 640;
  setup.camera.height = 360;
  setup.overlay.enabled = true;
  setup.overlay.text = "0123456789 {time}";  // so that every figure of the clock has been seen at once
  setup.privacy = {{{0, 0}, {0.2, 0}, {0.2, 1}}};
  /// Holds one lease, remembers nothing.
  struct Holder : FrameSink {
    void offer(FrameLease lease) noexcept override {
      held = std::move(lease);
      ++count;
    }
    FrameLease held;
    std::atomic<int> count{0};
  };
  for (const auto* source : {"scripted", "scene"}) {
    const auto holder = std::make_shared<Holder>();
    CaptureWorker worker("capture", setup, {holder, holder},
                         [&](const CaptureSetup& wanted) -> Result<std::unique_ptr<FrameSource>> {
                           if (std::string(source) == "scripted")
                             return std::make_unique<ScriptedSource>(script_, wanted.camera);
                           auto scene = wanted;
                           scene.camera.source = "scene:7";
                           return make_source_maker()(scene);
                         });
    worker.start();
    ASSERT_TRUE(eventually([&] { return holder->count > 30; })) << source;
    const auto before = allocations.load();
    const int from = holder->count;
    ASSERT_TRUE(eventually([&] { return holder->count > from + 100; }));
    const auto after = allocations.load();
    EXPECT_EQ(after - before, 0u) << source;
    worker.request_stop();
    ASSERT_TRUE(worker.join_until(BootClock::now() + seconds(20)));
  }
}

TEST_F(CaptureWorkerTest, PrivacyIsOnBothPicturesAndTextOnOneAlone) {
  auto setup = small_setup("x");
  setup.overlay.enabled = true;
  setup.overlay.text = "WWWWWWWW";
  setup.overlay.size = 80;
  setup.privacy = {{{0, 0}, {1, 0}, {1, 0.25}, {0, 0.25}}};
  std::atomic<bool> checked{false}, lifted{false};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    if (frame.content != Content::kLive) return;
    if (lifted) return;
    EXPECT_EQ(mean_at(frame.main.y, 0.5, 0.1), 16);
    EXPECT_EQ(mean_at(frame.analysis, 0.5, 0.1), 16);
    int brightest = 0, changed = 0;
    for (int y = frame.main.height * 3 / 4; y < frame.main.height; ++y) {
      for (int x = 0; x < frame.main.width / 2; ++x) brightest = std::max(brightest, sample(frame.main.y, x, y));
    }
    for (int y = frame.analysis.height / 2; y < frame.analysis.height; ++y) {
      for (int x = 0; x < frame.analysis.width; ++x) changed += sample(frame.analysis, x, y) != 77 ? 1 : 0;
    }
    EXPECT_GT(brightest, 220);
    EXPECT_EQ(changed, 0);
    checked = true;
  });
  run(setup, {sink});
  ASSERT_TRUE(eventually([&] { return checked.load(); }));
  lifted = true;
  setup.privacy.clear();
  worker_->apply(setup);
  const auto before = sink->count();
  ASSERT_TRUE(eventually([&] { return sink->count() > before + 5; }));
  EXPECT_EQ(script_->starts.load(), 1);  // no restart for that
}

TEST_F(CaptureWorkerTest, PrivacyTakesEffectOnThePictureThatWaits) {
  auto setup = small_setup("x");
  std::atomic<double> analysis{0};
  const auto sink =
      std::make_shared<RecordingSink>(0, [&](const Frame& frame) { analysis = mean_at(frame.analysis, 0.5, 0.5); });
  run(setup, {sink});
  ASSERT_TRUE(eventually([&] { return analysis.load() == 77; }));
  setup.privacy = {{{0.3, 0.3}, {0.7, 0.3}, {0.7, 0.7}, {0.3, 0.7}}};
  worker_->apply(setup);
  ASSERT_TRUE(eventually([&] { return analysis.load() == 16; }));
  EXPECT_EQ(script_->starts.load(), 1);
}

TEST(OverlayText, KnowsItsWords) {
  LocalTime time;
  time.year = 2026, time.month = 3, time.day = 9, time.hour = 7, time.minute = 5, time.second = 1;
  std::string text;
  expand_overlay_text("{name}  {time}", "owl", time, text);
  EXPECT_EQ(text, "owl  2026-03-09 07:05:01");
  expand_overlay_text("{date} {what} {", "owl", time, text);
  EXPECT_EQ(text, "2026-03-09 {what} {");
}

TEST(SlateStage, ShowsItsTextAndNothingElse) {
  auto setup = small_setup("scene:7");
  setup.slate = true;
  setup.slate_text = "MMMM\nMMMM";
  std::atomic<int> brightest{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    for (int x = 0; x < frame.main.width; ++x) {
      for (int y = 60; y < 120; ++y) brightest = std::max(brightest.load(), sample(frame.main.y, x, y));
    }
  });
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count() > 3; }));
  const auto seen = sink->seen();
  EXPECT_EQ(sink->count(Content::kSlate), seen.size());
  EXPECT_EQ(seen[2].captured_at - seen[1].captured_at, milliseconds(500));
  EXPECT_GT(brightest.load(), 200);
  EXPECT_EQ(stage->status().source, "slate");
  EXPECT_EQ(stage->status().state, CameraState::kRunning);
}

TEST(SlateStage, AbsurdSettingsAreAnErrorAndNoCrash) {
  for (const auto& [width, height] : {std::pair{321, 180}, std::pair{0, 0}, std::pair{100000, 100000}}) {
    auto setup = small_setup("scene");
    setup.camera.width = width;
    setup.camera.height = height;
    const auto sink = std::make_shared<RecordingSink>();
    RunningStage stage(setup, {sink});
    ASSERT_TRUE(eventually([&] { return !stage->status().last_error.empty(); }));
    EXPECT_THAT(stage->status().last_error, HasSubstr("even numbers from"));
    EXPECT_EQ(sink->count(), 0u);
  }
}

}  // namespace
}  // namespace nestbox::capture
