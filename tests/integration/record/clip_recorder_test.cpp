#include "nestbox/record/clip_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

#include <fstream>

#include "nestbox/base/file.h"
#include "record/mp4_fragments.h"
#include "stream.h"
#include "support/temporary_folder.h"

namespace nestbox::test {
namespace {

constexpr WallTime kNoon = WallTime(std::chrono::seconds(1'795'262'400));  // 2026-11-21T12:00:00Z

class ClipRecorderTest : public testing::Test {
 protected:
  void SetUp() override { recorder.start(); }
  void TearDown() override {
    recorder.request_stop();
    EXPECT_TRUE(recorder.join_until(BootClock::now() + kPatience));
  }
  ClipOrder order(const Stream& stream, nanoseconds from, const char* name = "clip.mp4") const {
    return {folder.path() / "visits" / name, stream.at(from), kNoon};
  }
  void expect_only_whole_files(std::size_t count) const {
    const auto files = files_in(folder.path());
    EXPECT_EQ(files.size(), count);
    for (const auto& file : files) {
      EXPECT_EQ(file.extension(), ".mp4");
      EXPECT_TRUE(plays(file));
    }
  }

  TemporaryFolder folder;
  ClipRecorder recorder{{5s}};
};

/// Where each fragment ends, by what is whole when the file is cut behind it.
std::vector<nanoseconds> fragment_ends(const std::filesystem::path& file) {
  const auto bytes = *read_file(file, std::size_t{1} << 30U);
  const FileDescriptor copy(::open((file.string() + ".copy").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
  std::vector<nanoseconds> ends;
  std::size_t written = 0;
  for (auto mark = bytes.find("moof"); mark != std::string::npos; mark = bytes.find("moof", mark + 1)) {
    const auto until =
        bytes.find("moof", mark + 1) == std::string::npos ? bytes.size() : bytes.find("moof", mark + 1) - 4;
    const auto part = until - written;
    EXPECT_EQ(::write(copy.get(), bytes.data() + written, part), static_cast<ssize_t>(part));
    written = until;
    ends.push_back(record::find_fragments(copy.get()).duration);
  }
  std::filesystem::remove(file.string() + ".copy");
  return ends;
}

TEST_F(ClipRecorderTest, BeginsBeforeAndEndsAfterAsOrdered) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  Outcome outcome;
  ASSERT_TRUE(recorder.open(stream.info));
  feed(recorder, stream, 0s, 10s);
  const auto clip = recorder.begin(order(stream, 6'500ms), outcome.taker());
  feed(recorder, stream, 10s, 14s);
  recorder.end(clip, stream.at(15'300ms));
  feed(recorder, stream, 14s, 20s);

  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->file, folder.path() / "visits/clip.mp4");
  EXPECT_EQ(result->begin, stream.at(6s)) << "the last keyframe at or before the moment that was ordered";
  EXPECT_GE(result->end, stream.at(15'300ms));
  EXPECT_LE(result->end, stream.at(15'800ms)) << "one fragment later at most";
  EXPECT_EQ(result->cut_short, "");
  EXPECT_EQ(result->bytes, std::filesystem::file_size(result->file));
  EXPECT_NEAR(duration_s(result->file), to_seconds(result->end - result->begin), 0.001);
  EXPECT_NEAR(duration_s(result->file, "a"), duration_s(result->file), 0.1) << "with its sound";
  EXPECT_THAT(
      printed_by("ffprobe -v error -show_entries format_tags=creation_time -of csv=p=0 " + result->file.string()),
      testing::StartsWith("2026-11-21T11:59:59"))
      << "half a second before the moment that was ordered";
  expect_only_whole_files(1);
  EXPECT_EQ(recorder.status().clips, 0);
  EXPECT_EQ(outcome.count(), 1);
  const FileDescriptor file(::open(result->file.c_str(), O_RDONLY | O_CLOEXEC));
  const auto fragments = record::find_fragments(file.get());
  ASSERT_TRUE(fragments.length_room);
  const auto bytes = *read_file(result->file, std::size_t{1} << 28U);
  EXPECT_EQ(bytes.substr(fragments.length_room->at, 20),
            record::length_box(*fragments.length_room, result->end - result->begin))
      << "its header says its length";
}

TEST_F(ClipRecorderTest, IsCutWhenItsEndIsPast) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  Outcome outcome;
  ASSERT_TRUE(recorder.open(stream.info));
  feed(recorder, stream, 0s, 4s);
  const auto clip = recorder.begin(order(stream, 1s), outcome.taker());
  feed(recorder, stream, 4s, 12s);
  recorder.end(clip, stream.at(5s));
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(result->end, stream.at(5s));
  EXPECT_LE(result->end, stream.at(5'500ms));
  EXPECT_NEAR(duration_s(result->file), to_seconds(result->end - result->begin), 0.001);
  expect_only_whole_files(1);
}

TEST_F(ClipRecorderTest, FragmentsAreShortWhateverTheKeyframeInterval) {
  for (const int framerate : {5, 25, 30, 60}) {
    StreamShape shape;
    shape.framerate = framerate;
    shape.gop = 4s;
    shape.length = 10s;
    const auto stream = make_stream(shape);
    Outcome outcome;
    ASSERT_TRUE(recorder.open(stream.info));
    const auto clip = recorder.begin(order(stream, 0s, "short.mp4"), outcome.taker());
    feed(recorder, stream, 0s, 10s);
    recorder.end(clip, stream.at(9'500ms));
    const auto result = outcome.wait();
    ASSERT_TRUE(result) << result.error().message;
    auto before = nanoseconds::zero();
    const auto ends = fragment_ends(result->file);
    EXPECT_GE(ends.size(), 19U);
    for (const auto end : ends) {
      EXPECT_LE(end - before, 501ms) << framerate << " pictures a second";
      before = end;
    }
  }
}

TEST_F(ClipRecorderTest, WritesSeveralClipsAtOnce) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  Outcome first, second;
  ASSERT_TRUE(recorder.open(stream.info));
  feed(recorder, stream, 0s, 5s);
  const auto one = recorder.begin(order(stream, 3s, "one.mp4"), first.taker());
  feed(recorder, stream, 5s, 8s);
  const auto two = recorder.begin(order(stream, 6s, "two.mp4"), second.taker());
  recorder.end(one, stream.at(11s));
  feed(recorder, stream, 8s, 18s);
  recorder.end(two, stream.at(15s));
  const auto a = first.wait(), b = second.wait();
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(a->begin, stream.at(3s));
  EXPECT_GE(a->end, stream.at(11s));
  EXPECT_EQ(b->begin, stream.at(6s));
  EXPECT_GE(b->end, stream.at(15s));
  expect_only_whole_files(2);
}

TEST_F(ClipRecorderTest, EndsWithTheStreamWhenItsFormatChanges) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  StreamShape other_shape;
  other_shape.width = 320;
  const auto other = make_stream(other_shape, stream.at(10s));
  Outcome before, after;
  ASSERT_TRUE(recorder.open(stream.info));
  recorder.begin(order(stream, 2s), before.taker());
  feed(recorder, stream, 0s, 10s);
  recorder.close();
  ASSERT_TRUE(recorder.open(other.info));
  const auto result = before.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->end, stream.at(10s)) << "with all that came";
  EXPECT_THAT(result->cut_short, testing::HasSubstr("format"));

  feed(recorder, other, 0s, 3s);
  const auto clip = recorder.begin(order(stream, 8s), after.taker());
  feed(recorder, other, 3s, 8s);
  recorder.end(clip, other.at(5s));
  const auto next = after.wait();
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->begin, other.at(0s)) << "what was before has another format";
  EXPECT_EQ(next->file.filename(), "clip-2.mp4") << "a file that exists is never overwritten";
  expect_only_whole_files(2);
}

TEST_F(ClipRecorderTest, GoesOnWhenTheSameStreamIsOpenedAgain) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  Outcome outcome;
  ASSERT_TRUE(recorder.open(stream.info));
  const auto clip = recorder.begin(order(stream, 0s), outcome.taker());
  feed(recorder, stream, 0s, 5s);
  recorder.close();
  ASSERT_TRUE(recorder.open(stream.info));
  feed(recorder, stream, 8s, 14s);  // at a keyframe, as the hub sees to
  recorder.end(clip, stream.at(12s));
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GE(result->end, stream.at(12s));
  EXPECT_EQ(result->cut_short, "");
  expect_only_whole_files(1);
}

TEST_F(ClipRecorderTest, EndsWhenNoMorePacketsCome) {
  StreamShape shape;
  shape.length = 3s;
  const auto stream = make_stream(shape, BootClock::now() - 3s);
  Outcome outcome;
  ASSERT_TRUE(recorder.open(stream.info));
  const auto clip = recorder.begin(order(stream, 0s), outcome.taker());
  feed(recorder, stream, 0s, 3s);
  recorder.end(clip, stream.at(4s));
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->end, stream.at(3s));
  EXPECT_EQ(result->cut_short, "no more pictures came");
}

TEST_F(ClipRecorderTest, WithoutAPictureThereIsNoClip) {
  Outcome outcome;
  const auto clip = recorder.begin({folder.path() / "clip.mp4", BootClock::now(), kNoon}, outcome.taker());
  recorder.end(clip, BootClock::now());
  const auto result = outcome.wait();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("no picture came"));
  EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST_F(ClipRecorderTest, AStopMakesEveryClipWhole) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const auto stream = make_stream();
  Outcome one, two, late;
  ASSERT_TRUE(recorder.open(stream.info));
  recorder.begin(order(stream, 0s, "one.mp4"), one.taker());
  feed(recorder, stream, 0s, 3'100ms);
  const auto ended = recorder.begin(order(stream, 2s, "two.mp4"), two.taker());
  recorder.end(ended, stream.at(10s));
  recorder.request_stop();
  ASSERT_TRUE(recorder.join_until(BootClock::now() + kPatience));
  EXPECT_EQ(one.wait()->end, stream.at(3'120ms)) << "all that came";
  EXPECT_EQ(two.wait()->cut_short, "recording was stopped");
  recorder.begin(order(stream, 0s, "late.mp4"), late.taker());
  EXPECT_FALSE(late.wait());
  expect_only_whole_files(2);
}

TEST_F(ClipRecorderTest, ALongerPreRollCountsFromNowOn) {
  const auto stream = make_stream();
  Outcome outcome;
  recorder.apply({12s});
  ASSERT_TRUE(recorder.open(stream.info));
  feed(recorder, stream, 0s, 15s);
  const auto clip = recorder.begin(order(stream, 4s), outcome.taker());
  recorder.end(clip, stream.at(10s));
  const auto result = outcome.wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->begin, stream.at(4s));
}

}  // namespace
}  // namespace nestbox::test
