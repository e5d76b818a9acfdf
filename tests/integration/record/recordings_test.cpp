#include "nestbox/record/recordings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "nestbox/av/fragment_muxer.h"
#include "nestbox/base/file.h"
#include "record/mp4_fragments.h"
#include "stream.h"
#include "support/temporary_folder.h"

namespace nestbox::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kMadeAt = WallTime(std::chrono::seconds(1'795'262'400));

struct MadeClip {
  std::string bytes;
  std::vector<std::size_t> whole_at;  ///< the header's end, then each fragment's
};

MadeClip make_clip(nanoseconds length = 2s) {
  StreamShape shape;
  shape.width = 64;
  shape.height = 48;
  shape.length = length;
  const auto stream = make_stream(shape);
  auto muxer = FragmentMuxer::create(stream.info, 400ms, kMadeAt);
  MadeClip clip;
  const auto add = [&](const std::string& piece) {
    clip.bytes += piece;
    if (!piece.empty()) clip.whole_at.push_back(clip.bytes.size());
  };
  for (const auto& packet : stream.packets) add(*(*muxer)->push(packet));
  add(*(*muxer)->finish());
  return clip;
}

/// A file without a name.
class Scratch {
 public:
  explicit Scratch(const std::string& bytes) : fd_(::memfd_create("clip", MFD_CLOEXEC)) { write(0, bytes); }
  void write(std::size_t at, const std::string& bytes) const {
    EXPECT_EQ(::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)),
              static_cast<ssize_t>(bytes.size()));
  }
  void cut(std::size_t size) const { EXPECT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(size)), 0); }
  int fd() const { return fd_.get(); }

 private:
  const FileDescriptor fd_;
};

void write_file(const fs::path& file, std::string_view bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST(Mp4Fragments, TellsWhatIsWholeWhereverTheFileIsCut) {
  const auto clip = make_clip();
  const Scratch file(clip.bytes);
  const auto whole = record::find_fragments(file.fd());
  ASSERT_EQ(whole.whole_bytes, clip.bytes.size());
  EXPECT_EQ(whole.created_at, kMadeAt);
  EXPECT_NEAR(to_seconds(whole.duration), 2.0, 0.03);
  ASSERT_GE(clip.whole_at.size(), 5U);
  for (auto size = clip.bytes.size(); size-- > 0;) {
    file.cut(size);
    const auto found = record::find_fragments(file.fd());
    int fragments = -1;
    std::size_t whole_bytes = 0;
    for (const auto end : clip.whole_at) {
      if (end > size) break;
      if (++fragments > 0) whole_bytes = end;
    }
    ASSERT_EQ(found.fragments, std::max(fragments, 0)) << "cut to " << size;
    ASSERT_EQ(found.whole_bytes, whole_bytes) << "cut to " << size;
  }
}

TEST(Mp4Fragments, TheHeaderHasRoomForTheLength) {
  const auto clip = make_clip();
  auto header = clip.bytes.substr(0, clip.whole_at[0]);
  const auto room = record::make_length_room(header);
  ASSERT_TRUE(room);
  EXPECT_EQ(header.size(), clip.whole_at[0] + 20);
  EXPECT_EQ(header.substr(room->at, 8), std::string("\0\0\0\x14"
                                                    "free",
                                                    8));
  EXPECT_EQ(header.substr(room->at - 4, 4), "mvex");
  EXPECT_EQ(record::length_box({room->at, 1000}, 2500ms),
            std::string("\0\0\0\x14mehd\1\0\0\0\0\0\0\0\0\0\x09\xC4", 20));
  const Scratch file(header + clip.bytes.substr(clip.whole_at[0]));
  const auto found = record::find_fragments(file.fd());
  EXPECT_EQ(found.whole_bytes, clip.bytes.size() + 20);
  ASSERT_TRUE(found.length_room);
  EXPECT_EQ(found.length_room->at, room->at);
  EXPECT_FALSE(record::find_fragments(Scratch(clip.bytes).fd()).length_room);
  for (std::size_t size = 0; size < clip.whole_at[0]; ++size) {
    auto cut = clip.bytes.substr(0, size);
    EXPECT_FALSE(record::make_length_room(cut));
    EXPECT_EQ(cut.size(), size);
  }
}

TEST(Mp4Fragments, BearsWhateverBytesThereAre) {
  const auto clip = make_clip(1s);
  std::minstd_rand random(1);
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = clip.bytes;
    for (auto flips = random() % 8 + 1; flips > 0; --flips) {
      // Half of them in the header and the first index, where they do most.
      const auto within = random() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 2048) : bytes.size();
      bytes[random() % within] = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
    }
    const Scratch file(bytes);
    const auto found = record::find_fragments(file.fd());
    ASSERT_LE(found.whole_bytes, bytes.size());
    ASSERT_LE(found.fragments, static_cast<int>(bytes.size() / 16));
    ASSERT_GE(found.duration, nanoseconds::zero());
  }
}

TEST(Mp4Fragments, ZeroesAfterAPowerCutAreNoFragment) {
  const auto clip = make_clip();
  const Scratch file(clip.bytes);
  const auto last = clip.whole_at[clip.whole_at.size() - 2];
  file.write(last, std::string(clip.bytes.size() - last, '\0'));
  EXPECT_EQ(record::find_fragments(file.fd()).whole_bytes, last);
}

TEST(AdoptClips, MakesWholeWhatACrashLeft) {
  if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TemporaryFolder folder;
  const auto clip = make_clip();
  const auto day = folder.path() / "visits/2026/11/21";
  write_file(day / "a.mp4.part", clip.bytes.substr(0, clip.whole_at[3] + 100));
  write_file(day / "b.mp4.part", clip.bytes.substr(0, clip.whole_at[0] + 100));
  write_file(day / "c.mp4.part", "");
  write_file(day / "d.mp4", clip.bytes);
  write_file(day / "e.mp4", clip.bytes);
  write_file(day / "e.mp4.part", clip.bytes);
  write_file(day / "f.jpg", "a photograph");
  write_file(day / "f.jpg.12-1.new", "half a phot");
  write_file(day / "g.mp4", "not one of ours");
  const auto found = adopt_clips(folder.path(), {"visits/2026/11/21/e.mp4"});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[0].file, "visits/2026/11/21/a.mp4");
  EXPECT_EQ((*found)[0].begin, kMadeAt);
  EXPECT_NEAR(to_seconds((*found)[0].duration), 1.2, 0.05);
  EXPECT_EQ((*found)[1].file, "visits/2026/11/21/d.mp4");
  EXPECT_NEAR(to_seconds((*found)[1].duration), 2.0, 0.05);
  EXPECT_EQ((*found)[2].file, "visits/2026/11/21/e-2.mp4") << "nothing is overwritten";
  std::vector<std::string> names;
  for (const auto& file : files_in(folder.path())) names.push_back(file.filename());
  EXPECT_THAT(names, ElementsAre("a.mp4", "d.mp4", "e-2.mp4", "e.mp4", "f.jpg", "g.mp4"));
  EXPECT_EQ(fs::file_size(day / "a.mp4"), clip.whole_at[3]);
  EXPECT_TRUE(plays(day / "a.mp4"));
  EXPECT_TRUE(plays(day / "e-2.mp4"));
}

TEST(AdoptClips, AHouseWithoutRecordingsHasNone) {
  const TemporaryFolder folder;
  const auto found = adopt_clips(folder.path(), {});
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, IsEmpty());
}

TEST(AdoptClips, SaysWhichFolderCannotBeRead) {
  const TemporaryFolder folder;
  write_file(folder.path() / "visits", "a file");
  const auto found = adopt_clips(folder.path(), {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(found.error().message, testing::HasSubstr("visits: not a directory"));
}

TEST(AdoptClips, DoesNotFollowALink) {
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere.path() / "precious.mp4.part", "no clip");
  fs::create_directories(folder.path() / "visits");
  fs::create_symlink(elsewhere.path() / "precious.mp4.part", folder.path() / "visits/a.mp4.part");
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "visits/2026");
  ASSERT_TRUE(adopt_clips(folder.path(), {}));
  EXPECT_TRUE(fs::exists(elsewhere.path() / "precious.mp4.part"));
}

TEST(DeleteRecording, TakesTheFoldersThatItLeavesEmpty) {
  const TemporaryFolder folder;
  write_file(folder.path() / "visits/2026/11/21/a.mp4", "a");
  write_file(folder.path() / "visits/2026/11/21/b.mp4", "b");
  write_file(folder.path() / "visits/2026/10/31/c.mp4", "c");
  EXPECT_TRUE(delete_recording(folder.path(), "visits/2026/11/21/a.mp4"));
  EXPECT_TRUE(fs::exists(folder.path() / "visits/2026/11/21/b.mp4"));
  EXPECT_TRUE(delete_recording(folder.path(), "visits/2026/11/21/b.mp4"));
  EXPECT_FALSE(fs::exists(folder.path() / "visits/2026/11"));
  EXPECT_TRUE(delete_recording(folder.path(), "visits/2026/11/21/b.mp4")) << "what is gone is no error";
  EXPECT_TRUE(delete_recording(folder.path(), "visits/2026/10/31/c.mp4"));
  EXPECT_TRUE(fs::exists(folder.path() / "visits"));
  EXPECT_FALSE(fs::exists(folder.path() / "visits/2026"));
}

TEST(DeleteRecording, StaysInsideOfTheStateFolder) {
  const TemporaryFolder folder;
  write_file(folder.path() / "precious", "x");
  fs::create_directories(folder.path() / "state");
  for (const auto& file : {fs::path("../precious"), folder.path() / "precious", fs::path()}) {
    EXPECT_FALSE(delete_recording(folder.path() / "state", file));
  }
  EXPECT_TRUE(fs::exists(folder.path() / "precious"));
}

TEST(ClipPath, IsLocalTime) {
  EXPECT_EQ(clip_path("kestrel", kMadeAt, *TimeZone::find("Europe/Berlin")),
            "visits/2026/11/21/kestrel_2026-11-21_13-00-00.mp4");
  EXPECT_EQ(clip_path("tit", kMadeAt, *TimeZone::find("Pacific/Auckland")),
            "visits/2026/11/22/tit_2026-11-22_01-00-00.mp4");
}

}  // namespace
}  // namespace nestbox::test
