// Disks that fill up, fail, hang and turn read-only under a clip.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>

#include "record/part_file.h"
#include "record/worker.h"
#include "stream.h"
#include "support/temporary_folder.h"

namespace nestbox::test {
namespace {

using State = RecordStatus::State;

/// What the disk is to do next. Shared by all files.
struct DiskScript {
  std::atomic<bool> append_hangs{false};
  std::atomic<int> append_error{0};
  std::atomic<int> sync_error_once{0};
  std::atomic<int> publish_error{0};
};

/// A real file on a disk that obeys a script.
class ScriptedFile final : public record::ClipFile {
 public:
  ScriptedFile(std::unique_ptr<record::ClipFile> file, std::shared_ptr<DiskScript> script)
      : file_(std::move(file)), script_(std::move(script)) {}
  int append(std::string_view bytes) override {
    while (script_->append_hangs) std::this_thread::sleep_for(1ms);
    if (script_->append_error == 0) return file_->append(bytes);
    EXPECT_EQ(file_->append(bytes.substr(0, bytes.size() / 2)), 0);  // some of it got through
    return script_->append_error;
  }
  int sync() override {
    const int error = script_->sync_error_once.exchange(0);
    return error != 0 ? error : file_->sync();
  }
  int overwrite(std::uint64_t at, std::string_view bytes) override { return file_->overwrite(at, bytes); }
  int cut(std::uint64_t size) override { return file_->cut(size); }
  int publish() override { return script_->publish_error != 0 ? script_->publish_error.load() : file_->publish(); }
  void discard() override { file_->discard(); }
  const std::filesystem::path& name() const override { return file_->name(); }

 private:
  const std::unique_ptr<record::ClipFile> file_;
  const std::shared_ptr<DiskScript> script_;
};

class RecordFaults : public testing::Test {
 protected:
  void SetUp() override {
    worker = std::make_shared<record::Worker>(ClipRecorder::Setup{5s}, [script = script](const auto& wanted) {
      auto opened = record::open_part_file(wanted);
      if (opened.file) opened.file = std::make_unique<ScriptedFile>(std::move(opened.file), script);
      return opened;
    });
    thread = NamedThread("record", [worker = worker] { worker->run(); });
    ASSERT_TRUE(worker->open(stream.info));
  }
  void TearDown() override {
    script->append_hangs = false;
    worker->request_stop();
    EXPECT_TRUE(thread.join_until(BootClock::now() + kPatience));
    thread = NamedThread();
  }
  record::ClipId begin(Outcome& outcome, const char* name = "clip.mp4") {
    return worker->begin({folder.path() / name, stream.at(0s), WallTime(1'000'000s)}, outcome.taker());
  }
  bool wait_for(State state) {
    const auto deadline = BootClock::now() + kPatience;
    while (worker->status().state != state) {
      if (BootClock::now() > deadline) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  void wait_until_taken() {
    while (worker->status().behind_s > 0) std::this_thread::sleep_for(1ms);
  }

  const std::shared_ptr<DiskScript> script = std::make_shared<DiskScript>();
  TemporaryFolder folder;
  Stream stream = make_stream();
  std::shared_ptr<record::Worker> worker;
  NamedThread thread;
};

TEST_F(RecordFaults, AFullDiskEndsTheClipWhereItCanBePlayed) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  Outcome outcome;
  begin(outcome);
  feed(*worker, stream, 0s, 5s);
  wait_until_taken();
  script->append_error = ENOSPC;
  feed(*worker, stream, 5s, 8s);
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(result->end, stream.at(4s));
  EXPECT_LE(result->end, stream.at(5'500ms));
  EXPECT_THAT(result->cut_short, testing::HasSubstr("no space left"));
  EXPECT_EQ(worker->status().state, State::kFull);
  EXPECT_TRUE(plays(result->file));
  EXPECT_EQ(files_in(folder.path()).size(), 1U);

  script->append_error = 0;
  EXPECT_TRUE(wait_for(State::kOk)) << "it is tried again without a clip";
  EXPECT_EQ(files_in(folder.path()).size(), 1U) << "and nothing is left of the trial";
}

TEST_F(RecordFaults, AFullDiskFromTheBeginningLeavesNothing) {
  script->append_error = ENOSPC;
  Outcome outcome;
  begin(outcome);
  feed(*worker, stream, 0s, 2s);
  const auto result = outcome.wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kExhausted);
  EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST_F(RecordFaults, AFailedSyncIsNeverRetriedAsSuccess) {
  Outcome outcome;
  begin(outcome);
  feed(*worker, stream, 0s, 2s);
  wait_until_taken();
  script->sync_error_once = EIO;
  const auto result = outcome.wait();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("sync"));
  EXPECT_THAT(result.error().message, testing::HasSubstr("input/output error"));
  EXPECT_THAT(worker->status().last_error, testing::HasSubstr("input/output error"));
  const auto files = files_in(folder.path());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].extension(), ".part") << "what is on the disk is seen at the next start";
}

TEST_F(RecordFaults, ALaterClipThatIsSyncedSaysThatTheDiskWorks) {
  Outcome bad, good;
  begin(bad);
  feed(*worker, stream, 0s, 2s);
  wait_until_taken();
  script->append_error = EIO;
  feed(*worker, stream, 2s, 4s);
  ASSERT_TRUE(bad.wait());
  EXPECT_EQ(worker->status().state, State::kFailed);
  script->append_error = 0;
  const auto clip = begin(good, "later.mp4");
  feed(*worker, stream, 4s, 6s);
  EXPECT_TRUE(wait_for(State::kOk));
  worker->end(clip, stream.at(5s));
  EXPECT_TRUE(good.wait());
}

TEST_F(RecordFaults, ANameThatIsRefusedIsAnError) {
  Outcome outcome;
  const auto clip = begin(outcome);
  script->publish_error = EROFS;
  feed(*worker, stream, 0s, 3s);
  worker->end(clip, stream.at(2s));
  const auto result = outcome.wait();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("read-only"));
  EXPECT_EQ(files_in(folder.path()).size(), 1U);
}

TEST_F(RecordFaults, ADiskThatHangsCostsWholeGopsNeverTheStream) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  Outcome outcome;
  const auto clip = begin(outcome);
  feed(*worker, stream, 0s, 3s);
  wait_until_taken();
  script->append_hangs = true;
  // A push that waited for the disk would wait for ever: it hangs until all are done.
  const auto push_all = [&](nanoseconds later) {
    for (const auto& packet : moved(stream, later).packets) {
      if (packet.pts >= stream.at(3s)) worker->push(packet);
    }
  };
  push_all(0s);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (int again = 1; again < 40; ++again) push_all(again * 20s);  // 13 minutes of it
  getrusage(RUSAGE_SELF, &after);
  if (kSlowdown == 1) {  // a sanitizer keeps what was freed
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 4096) << "kilobytes";
  }
  EXPECT_LE(worker->status().behind_s, 4.001);
  EXPECT_GT(worker->status().packets_dropped, 40'000U);
  EXPECT_EQ(worker->status().state, State::kSlow);
  EXPECT_EQ(worker->heartbeat().busy_for(BootClock::now()), std::nullopt) << "a disk's fault is not the thread's";

  script->append_hangs = false;
  wait_until_taken();  // or the first packets find the inbox full still
  feed(*worker, moved(stream, 800s), 0s, 10s);
  worker->end(clip, stream.at(805s));
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(result->end, stream.at(805s));
  EXPECT_TRUE(plays(result->file)) << "with a hole, at whose end there is a keyframe";
  EXPECT_TRUE(wait_for(State::kOk));
}

/// A small disk of its own.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& at) : at_(at) {
    std::filesystem::create_directories(at);
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=8m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  bool make_read_only() const { return ::mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }
  bool make_writable() const { return ::mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT, "size=8m") == 0; }

 private:
  const std::filesystem::path at_;
  bool mounted_ = false;
};

TEST_F(RecordFaults, AnEightMegabyteDiskIsFilled) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto at = folder.path() / "disk";
  const SmallDisk disk(at);
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a disk: " << std::strerror(errno);
  const auto ballast = at / "ballast";
  std::ofstream(ballast) << std::string(std::size_t{7900} * 1024, 'x');
  Outcome first, second;
  begin(first, "disk/visits/first.mp4");
  feed(*worker, stream, 0s, 20s);
  const auto result = first.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->cut_short, testing::HasSubstr("no space left"));
  EXPECT_TRUE(plays(result->file));
  EXPECT_EQ(worker->status().state, State::kFull);

  std::filesystem::remove(ballast);  // as retention does
  EXPECT_TRUE(wait_for(State::kOk));
  const auto clip = worker->begin({at / "visits/second.mp4", stream.at(20s), WallTime(1'000'000s)}, second.taker());
  feed(*worker, moved(stream, 20s), 0s, 5s);
  worker->end(clip, stream.at(24s));
  EXPECT_TRUE(second.wait());
}

TEST_F(RecordFaults, ADiskThatTurnsReadOnlyIsSaidAndUsedAgainLater) {
  const auto at = folder.path() / "disk";
  const SmallDisk disk(at);
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a disk: " << std::strerror(errno);
  ASSERT_TRUE(disk.make_read_only());
  Outcome outcome, later;
  begin(outcome, "disk/visits/clip.mp4");
  feed(*worker, stream, 0s, 2s);
  const auto result = outcome.wait();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("read-only"));
  EXPECT_EQ(worker->status().state, State::kReadOnly);
  EXPECT_EQ(worker->status().packets_dropped, 0U);
  ASSERT_TRUE(disk.make_writable());
  EXPECT_TRUE(wait_for(State::kOk));
}

}  // namespace
}  // namespace nestbox::test
