// A daemon that is killed while it records.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>

#include "nestbox/record/recordings.h"
#include "stream.h"
#include "support/temporary_folder.h"

namespace nestbox::test {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 10, kAtOnce = 5;  // 50 kills

/// Where a child tells how far it has come; it outlives the child.
class SharedTime {
 public:
  SharedTime()
      : ns_(new (::mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0)) std::atomic<std::int64_t>(-1)) {}
  ~SharedTime() { ::munmap(ns_, sizeof *ns_); }
  SharedTime(const SharedTime&) = delete;
  SharedTime& operator=(const SharedTime&) = delete;
  void tell(nanoseconds pushed) const { *ns_ = pushed.count(); }
  nanoseconds told() const { return nanoseconds(ns_->load()); }

 private:
  std::atomic<std::int64_t>* const ns_;
};

/// Records two clips from a stream in real time, for ever.
[[noreturn]] void record_until_killed(const fs::path& state, const Stream& stream, const SharedTime& pushed) {
  ClipRecorder recorder({5s});
  recorder.start();
  if (!recorder.open(stream.info)) ::_exit(1);
  recorder.begin({state / "visits/2026/11/21/one.mp4", stream.at(0s), WallTime(1'000'000s)}, [](const auto&) {});
  recorder.begin({state / "visits/2026/11/21/two.mp4", stream.at(0s), WallTime(1'000'000s)}, [](const auto&) {});
  for (const auto& packet : stream.packets) {
    std::this_thread::sleep_for(packet.pts - BootClock::now());
    recorder.push(packet);
    if (packet.track == Track::kVideo) pushed.tell(packet.pts - stream.start);
  }
  ::_exit(1);
}

struct Child {
  TemporaryFolder folder;
  SharedTime pushed;
  pid_t process = -1;
};

void expect_whole(const Child& child) {
  const auto pushed = child.pushed.told();
  ASSERT_GE(pushed, nanoseconds::zero()) << "it was killed while it recorded";
  const auto found = adopt_clips(child.folder.path(), {});
  ASSERT_TRUE(found) << found.error().message;
  for (const auto& file : files_in(child.folder.path())) EXPECT_EQ(file.extension(), ".mp4") << file;
  if (pushed >= 1s) {
    EXPECT_EQ(found->size(), 2U);
  }
  for (const auto& clip : *found) {
    EXPECT_GE(clip.duration, pushed - 1s) << "at most a second is lost";
    EXPECT_TRUE(plays(child.folder.path() / clip.file));
    EXPECT_NEAR(duration_s(child.folder.path() / clip.file), to_seconds(clip.duration), 0.1);
  }
}

TEST(RecordKilled, EveryClipPlaysToWithinASecondSlow) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  StreamShape shape;
  shape.length = 30s;
  shape.gop = 4s;
  const auto stream = make_stream(shape, BootTime{});
  std::minstd_rand random(7);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Child> children(kAtOnce);
    for (auto& child : children) {
      const auto live = moved(stream, BootClock::now().time_since_epoch());
      child.process = ::fork();
      ASSERT_GE(child.process, 0);
      if (child.process == 0) record_until_killed(child.folder.path(), live, child.pushed);
    }
    for (auto& child : children) {
      const auto moment = std::chrono::milliseconds(random() % 2'000 + 100);
      const auto deadline = BootClock::now() + kPatience;
      while (child.pushed.told() < moment && BootClock::now() < deadline) std::this_thread::sleep_for(1ms);
      ::kill(child.process, SIGKILL);
      int status = 0;
      ASSERT_EQ(::waitpid(child.process, &status, 0), child.process);
      ASSERT_TRUE(WIFSIGNALED(status));
    }
    for (const auto& child : children) expect_whole(child);
  }
}

}  // namespace
}  // namespace nestbox::test
