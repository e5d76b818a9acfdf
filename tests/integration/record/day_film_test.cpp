#include "nestbox/record/day_film.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "nestbox/av/fragment_muxer.h"
#include "nestbox/base/file.h"
#include "stream.h"
#include "support/temporary_folder.h"

namespace nestbox::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class DayFilmTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  }

  fs::path make_clip(const std::string& name, StreamShape shape) const {
    const auto stream = make_stream(shape);
    auto muxer = FragmentMuxer::create(stream.info, 400ms);
    const auto file = folder.path() / name;
    std::ofstream out(file, std::ios::binary);
    for (const auto& packet : stream.packets) out << *(*muxer)->push(packet);
    out << *(*muxer)->finish();
    return file;
  }
  FilmOrder order(std::vector<FilmMoment> moments) const {
    FilmOrder made;
    made.file = folder.path() / "film.mp4";
    made.title = "kestrel\n21 November 2026\n3 visits";
    made.moments = std::move(moments);
    return made;
  }
  std::string probe(const std::string& what) const {
    return printed_by("ffprobe -v error " + what + " -of csv=p=0 " + (folder.path() / "film.mp4").string());
  }

  TemporaryFolder folder;
};

StreamShape wide(int shade = 0) {
  StreamShape shape;
  shape.width = 640;
  shape.height = 360;
  shape.length = 12s;
  shape.gop = 2s;
  shape.shade = shade;
  return shape;
}

TEST_F(DayFilmTest, JoinsTheBestMomentsWithCardsAndChapters) {
  const auto one = make_clip("one.mp4", wide()), two = make_clip("two.mp4", wide(30)),
             three = make_clip("three.mp4", wide(60));
  const auto film =
      make_day_film(order({{one, 6s, 1, "07:42", 1}, {two, 1s, 1, "11:05", 2}, {three, 11s, 1, "16:20", 3}}));
  ASSERT_TRUE(film) << film.error().message;
  EXPECT_EQ(film->moments, 3);
  EXPECT_TRUE(film->left_out.empty());
  EXPECT_TRUE(plays(film->file));
  // Title 2 s; cards of 1.2 s; 2 to 8 s of the first, 0 to 6 s of the second, 8 to 12 s of the third clip.
  EXPECT_NEAR(to_seconds(film->duration), 2 + 3 * 1.2 + 6 + 6 + 4, 0.1);
  EXPECT_NEAR(duration_s(film->file), to_seconds(film->duration), 0.05);
  EXPECT_NEAR(duration_s(film->file, "a"), to_seconds(film->duration), 0.1) << "sound all along";
  EXPECT_EQ(
      probe("-show_entries chapter=start_time:chapter_tags=title"),
      "0.000000,kestrel\n2.000000,\"07:42, visit 1\"\n9.200000,\"11:05, visit 2\"\n16.400000,\"16:20, visit 3\"\n");
  EXPECT_EQ(probe("-select_streams v -show_entries stream=codec_name,width,height,profile").substr(0, 5), "h264,");
  const auto bytes = *read_file(film->file, std::size_t{1} << 28U);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat")) << "its index is in front";
  EXPECT_FALSE(fs::exists(folder.path() / "film.mp4.part"));
}

TEST_F(DayFilmTest, CopiesThePacketsOfTheClips) {
  const auto clip = make_clip("one.mp4", wide());
  ASSERT_TRUE(make_day_film(order({{clip, 6s, 1, "07:42", 1}})));
  const auto pictures = [](const fs::path& file, const std::string& from) {
    return printed_by("ffmpeg -v error -i " + file.string() + " -an -vf trim=start=" + from +
                      ":duration=5.5 -f framemd5 - | grep -v '#' | awk '{print $NF}'");
  };
  const auto shown = pictures(folder.path() / "film.mp4", "3.2");
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 138) << "5.5 s at 25 pictures a second";
  EXPECT_EQ(shown, pictures(clip, "2")) << "each decodes to the very same picture";
}

TEST_F(DayFilmTest, PlaysWithTheHeadersInItsIndexAlone) {
  const auto clip = make_clip("one.mp4", wide());
  const auto film = make_day_film(order({{clip, 6s, 1, "07:42", 1}, {clip, 10s, 1, "08:42", 2}}));
  ASSERT_TRUE(film) << film.error().message;
  const auto stripped = folder.path() / "stripped.mp4";
  EXPECT_EQ(printed_by("ffmpeg -v error -i " + film->file.string() +
                       " -map 0:v -c copy -bsf:v 'filter_units=remove_types=7|8' " + stripped.string()),
            "");
  const auto sum = [](const fs::path& file) {
    return printed_by("ffmpeg -v error -i " + file.string() + " -map 0:v -f md5 -");
  };
  EXPECT_TRUE(plays(stripped)) << "as players do that ignore the headers beside the keyframes";
  EXPECT_EQ(sum(stripped), sum(film->file));
}

TEST_F(DayFilmTest, TakesWhatIsWorthMostWhenThereIsNoRoomForAll) {
  std::vector<FilmMoment> moments;
  const auto clip = make_clip("one.mp4", wide());
  for (int n = 0; n < 20; ++n) moments.push_back({clip, 6s, n % 5 == 0 ? 2.0 : 1.0, "0" + std::to_string(n), n + 1});
  const auto film = make_day_film(order(moments));
  ASSERT_TRUE(film) << film.error().message;
  EXPECT_EQ(film->moments, 8);
  EXPECT_LE(film->duration, 60s);
  EXPECT_LE(duration_s(film->file), 60.01);
  const auto chapters = probe("-show_entries chapter_tags=title");
  for (const auto* best : {"visit 1\"", "visit 6\"", "visit 11\"", "visit 16\""})
    EXPECT_THAT(chapters, HasSubstr(best));
  EXPECT_TRUE(plays(film->file));
}

TEST_F(DayFilmTest, SaysWhichClipsCannotBeJoined) {
  auto other_size = wide(), other_headers = wide(), mute = wide();
  other_size.width = 320;
  other_headers.framerate = 20;
  mute.sound = false;
  const auto good = make_clip("good.mp4", wide()), silent = make_clip("silent.mp4", mute);
  const auto small = make_clip("small.mp4", other_size), slower = make_clip("slower.mp4", other_headers);
  std::ofstream(folder.path() / "broken.mp4") << "no clip";
  const auto film = make_day_film(order({{small, 6s, 9, "07:00", 1},
                                         {silent, 6s, 1, "08:00", 2},
                                         {folder.path() / "broken.mp4", 6s, 9, "09:00", 3},
                                         {good, 6s, 1, "10:00", 4},
                                         {slower, 6s, 9, "11:00", 5},
                                         {folder.path() / "gone.mp4", 6s, 9, "12:00", 6}}));
  ASSERT_TRUE(film) << film.error().message;
  EXPECT_EQ(film->moments, 2);
  ASSERT_EQ(film->left_out.size(), 4U);
  EXPECT_EQ(film->left_out[0].clip.filename(), "broken.mp4");
  EXPECT_THAT(film->left_out[1].why, HasSubstr("No such file"));
  EXPECT_EQ(film->left_out[2].why, "its picture is 320x360, the film's 640x360");
  EXPECT_THAT(film->left_out[3].why, HasSubstr("other settings"));
  EXPECT_TRUE(plays(film->file));
  EXPECT_NEAR(duration_s(film->file, "a"), to_seconds(film->duration), 0.1) << "silence where a clip has no sound";
}

TEST_F(DayFilmTest, ADayWithoutSoundIsAFilmWithoutSound) {
  auto mute = wide();
  mute.sound = false;
  const auto film = make_day_film(order({{make_clip("mute.mp4", mute), 6s, 1, "07:42", 1}}));
  ASSERT_TRUE(film) << film.error().message;
  EXPECT_TRUE(plays(film->file));
  EXPECT_EQ(probe("-select_streams a -show_entries stream=codec_name"), "");
}

TEST_F(DayFilmTest, WithoutAClipThereIsNoFilm) {
  EXPECT_EQ(make_day_film(order({})).error().kind, ErrorKind::kNotFound);
  const auto film = make_day_film(order({{folder.path() / "gone.mp4", 6s, 1, "07:42", 1}}));
  ASSERT_FALSE(film);
  EXPECT_THAT(film.error().message, HasSubstr("gone.mp4"));
  EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST_F(DayFilmTest, ReplacesTheFilmOfThisMorning) {
  const auto clip = make_clip("one.mp4", wide());
  std::ofstream(folder.path() / "film.mp4") << "this morning's";
  ASSERT_TRUE(make_day_film(order({{clip, 6s, 1, "07:42", 1}})));
  EXPECT_TRUE(plays(folder.path() / "film.mp4"));
}

TEST_F(DayFilmTest, AFilmThatCannotBeWrittenLeavesNothing) {
  const auto clip = make_clip("one.mp4", wide());
  auto elsewhere = order({{clip, 6s, 1, "07:42", 1}});
  elsewhere.file = folder.path() / "no such folder/film.mp4";
  EXPECT_EQ(make_day_film(elsewhere).error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(files_in(folder.path()), ElementsAre(clip));
}

}  // namespace
}  // namespace nestbox::test
