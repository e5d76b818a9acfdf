#include "nestbox/image/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "nestbox/image/paint.h"
#include "support/source_dir.h"
#include "unit/image/test_picture.h"

namespace nestbox {
namespace {

using testing::HasSubstr;

constexpr char kStamp[] = "Kestrel box 3  2026-11-20 12:53:18";

std::unique_ptr<TextPainter> painter(int line_height) {
  auto created = TextPainter::create(line_height);
  EXPECT_TRUE(created) << created.error().message;
  return std::move(*created);
}

/// Columns and rows at which two pictures differ.
TouchedArea difference(const TestPicture& a, const TestPicture& b) {
  int left = a.image().width, top = a.image().height, right = 0, bottom = 0;
  for (int row = 0; row < a.image().height; ++row) {
    for (int column = 0; column < a.image().width; ++column) {
      if (a.luma(column, row) == b.luma(column, row) && a.u(column, row) == b.u(column, row) &&
          a.v(column, row) == b.v(column, row)) {
        continue;
      }
      left = std::min(left, column);
      top = std::min(top, row);
      right = std::max(right, column + 1);
      bottom = std::max(bottom, row + 1);
    }
  }
  if (right == 0) return {};
  return {left, top, right - left, bottom - top};
}

bool covers(const TouchedArea& outer, const TouchedArea& inner) {
  return outer.left <= inner.left && outer.top <= inner.top && outer.left + outer.width >= inner.left + inner.width &&
         outer.top + outer.height >= inner.top + inner.height;
}

int count_luma(const TestPicture& picture, const TouchedArea& area, int low, int high) {
  int count = 0;
  for (int row = area.top; row < area.top + area.height; ++row) {
    for (int column = area.left; column < area.left + area.width; ++column) {
      const int y = picture.luma(column, row);
      count += y >= low && y <= high ? 1 : 0;
    }
  }
  return count;
}

struct Ground {
  const char* name;
  std::uint8_t y, u, v;
};
constexpr Ground kGrounds[] = {
    {"black", 16, 128, 128}, {"white", 235, 128, 128},      {"grey", 128, 128, 128},
    {"green", 140, 60, 70},  {"superwhite", 255, 128, 128},
};

TEST(TextPainter, WhiteLettersWithADarkEdgeOnEveryGround) {
  for (const Ground& ground : kGrounds) {
    for (const auto& [width, height] : {std::pair(320, 240), {640, 480}, {1280, 720}, {1920, 1080}}) {
      for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kNv12}) {
        SCOPED_TRACE(testing::Message() << ground.name << ' ' << width << 'x' << height);
        TestPicture picture(width, height, format, ground.y, ground.u, ground.v);
        const auto text = painter(line_height_for(24, height));
        const TouchedArea area = text->draw(picture.image(), kStamp, Corner::kBottomLeft);
        ASSERT_GT(area.width, 0);
        EXPECT_TRUE(picture.guards_hold());
        picture.keep(std::string("stamp-") + ground.name + "-" + std::to_string(height));
        // White and dark in plenty: a letter alone would be lost on white, its edge alone on black.
        const int samples = area.width * area.height;
        EXPECT_GT(count_luma(picture, area, 225, 240), samples / 25) << "white";
        EXPECT_GT(count_luma(picture, area, 14, 40), samples / 25) << "dark";
      }
    }
  }
}

/// The white of a letter never meets the ground: on the way from one to the other there is something dark, in each row
/// and in each column.
TEST(TextPainter, AnEdgePartsEveryLetterFromItsGround) {
  for (const int line_height : {12, 24, 36, 72}) {
    // On the brightest and on the darkest ground: what differs between them is ground that shows through.
    TestPicture bright(640, 160, PixelFormat::kI420, 255), dark(640, 160, PixelFormat::kI420, 0);
    const auto text = painter(line_height);
    text->draw(bright.image(), "Bird 0123 äß", Corner::kTopLeft);
    text->draw(dark.image(), "Bird 0123 äß", Corner::kTopLeft);
    int letters = 0;
    const auto walk = [&](int length, const auto& column, const auto& row) {
      int darkest = 255;
      for (int i = 0; i < length; ++i) {
        const int y = bright.luma(column(i), row(i)), shows_through = y - dark.luma(column(i), row(i));
        darkest = shows_through == 255 ? 255 : std::min(darkest, y);
        if (shows_through > 0 || y < 230) continue;
        ++letters;
        EXPECT_LT(darkest, 128) << "less than half as bright";
      }
    };
    for (int at = 0; at < 160; ++at)
      walk(
          640, [](int i) { return i; }, [at](int) { return at; });
    for (int at = 0; at < 640; ++at)
      walk(
          160, [at](int) { return at; }, [](int i) { return i; });
    EXPECT_GT(letters, 100);
  }
}

TEST(TextPainter, ChromaUnderTheLettersIsNeutral) {
  for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kNv12}) {
    TestPicture picture(640, 120, format, 90, 40, 210);
    const TouchedArea area = painter(36)->draw(picture.image(), "MMM", Corner::kTopLeft);
    int letters = 0;
    for (int row = area.top; row < area.top + area.height; ++row) {
      for (int column = area.left; column < area.left + area.width; ++column) {
        if (picture.luma(column, row) != 235) continue;
        ++letters;
        EXPECT_EQ(picture.u(column, row), 128);
        EXPECT_EQ(picture.v(column, row), 128);
      }
    }
    EXPECT_GT(letters, 100);
    EXPECT_EQ(picture.u(600, 100), 40);
    EXPECT_EQ(picture.v(600, 100), 210);
  }
}

TEST(TextPainter, BothFormatsGetTheSamePicture) {
  TestPicture planar(640, 120, PixelFormat::kI420, 90, 40, 210), paired(640, 120, PixelFormat::kNv12, 90, 40, 210);
  painter(36)->draw(planar.image(), kStamp, Corner::kTopRight);
  painter(36)->draw(paired.image(), kStamp, Corner::kTopRight);
  EXPECT_EQ(difference(planar, paired).width, 0);
}

TEST(TextPainter, EachCornerKeepsItsMarginAndTheAreaHoldsAllThatChanged) {
  const auto text = painter(24);
  const TestPicture ground(640, 360);
  struct Case {
    Corner corner;
    bool right, bottom;
  };
  for (const Case& c : {Case{Corner::kTopLeft, false, false}, Case{Corner::kTopRight, true, false},
                        Case{Corner::kBottomLeft, false, true}, Case{Corner::kBottomRight, true, true}}) {
    TestPicture picture(640, 360);
    const TouchedArea area = text->draw(picture.image(), "Box 3\n12:53", c.corner);
    const TouchedArea drawn = difference(picture, ground);
    EXPECT_TRUE(covers(area, drawn));
    EXPECT_GT(drawn.height, 30) << "two lines";
    EXPECT_EQ(c.right ? 640 - area.left - area.width : area.left, 12);
    EXPECT_EQ(c.bottom ? 360 - area.top - area.height : area.top, 12);
    EXPECT_EQ(area.left % 2 + area.top % 2 + area.width % 2 + area.height % 2, 0);
  }
}

TEST(TextPainter, CentredTextStandsInTheMiddle) {
  for (const char* words : {"Nobody is at home", "Nobody is at home\nback at dawn\nlook in tomorrow"}) {
    TestPicture picture(1280, 720, PixelFormat::kI420);
    const TestPicture ground(1280, 720);
    painter(48)->draw_centred(picture.image(), words);
    const TouchedArea drawn = difference(picture, ground);
    EXPECT_NEAR(drawn.left + drawn.width / 2, 640, 6);
    EXPECT_NEAR(drawn.top + drawn.height / 2, 360, 12);
  }
}

TEST(TextPainter, ALongLineIsCutAndKeepsItsMargin) {
  const auto text = painter(24);
  for (const auto& [width, height] : {std::pair(320, 240), {1280, 720}}) {
    for (const Corner corner : {Corner::kBottomLeft, Corner::kBottomRight}) {
      TestPicture picture(width, height);
      const TestPicture ground(width, height);
      const TouchedArea area = text->draw(picture.image(), "W" + std::string(500, 'W') + "i", corner);
      const TouchedArea drawn = difference(picture, ground);
      EXPECT_TRUE(picture.guards_hold());
      EXPECT_TRUE(covers(area, drawn));
      EXPECT_GE(drawn.left, 12);
      EXPECT_LE(drawn.left + drawn.width, width - 12);
      EXPECT_GT(drawn.width, width - 24 - 60) << "as much as fits is shown";
    }
  }
}

TEST(TextPainter, ACutLineEndsInAnEllipsis) {
  const auto text = painter(24);
  TestPicture cut(200, 64), whole(200, 64);
  const std::string long_name = "Kestrels of the old mill";
  text->draw(cut.image(), long_name, Corner::kTopLeft);
  bool found = false;
  for (std::size_t length = 1; length < long_name.size() && !found; ++length) {
    TestPicture expected(200, 64);
    text->draw(expected.image(), long_name.substr(0, length) + "…", Corner::kTopLeft);
    found = difference(cut, expected).width == 0;
  }
  EXPECT_TRUE(found);
}

TEST(TextPainter, LinesThatDoNotFitAreLeftOut) {
  const auto text = painter(24);
  std::string many = "line";
  for (int i = 0; i < 100; ++i) many += "\nline";
  TestPicture picture(320, 240);
  const TouchedArea area = text->draw(picture.image(), many, Corner::kTopLeft);
  EXPECT_TRUE(picture.guards_hold());
  EXPECT_LE(area.top + area.height, 240 - 12);
  EXPECT_GT(area.height, 240 - 24 - 30);
}

TEST(TextPainter, APictureTooSmallForAnyTextIsLeftAlone) {
  const auto text = painter(24);
  for (const auto& [width, height] : {std::pair(16, 16), {26, 200}, {400, 26}, {2, 2}}) {
    TestPicture picture(width, height);
    const TestPicture ground(width, height);
    EXPECT_EQ(text->draw(picture.image(), kStamp, Corner::kBottomRight).width, 0);
    EXPECT_EQ(text->draw_centred(picture.image(), kStamp).width, 0);
    EXPECT_EQ(difference(picture, ground).width, 0);
    EXPECT_TRUE(picture.guards_hold());
  }
}

TEST(TextPainter, EmptyTextAndBlanksTouchLittle) {
  const auto text = painter(24);
  TestPicture picture(320, 240);
  const TestPicture ground(320, 240);
  EXPECT_EQ(text->draw(picture.image(), "", Corner::kTopLeft).width, 0);
  EXPECT_EQ(text->draw(picture.image(), "\n\n", Corner::kTopLeft).width, 0);
  text->draw(picture.image(), "   ", Corner::kTopLeft);
  EXPECT_EQ(difference(picture, ground).width, 0);
}

TEST(TextPainter, LettersBeyondAsciiHaveTheirOwnShapes) {
  const auto text = painter(36);
  const auto drawn = [&](std::string_view words) {
    TestPicture picture(320, 96);
    EXPECT_GT(text->draw(picture.image(), words, Corner::kTopLeft).width, 0);
    return picture.samples();
  };
  const std::vector<std::uint8_t> missing = drawn("\uFFFD");
  for (const auto& [special, plain] :
       {std::pair("ä", "a"), {"Ö", "O"}, {"ß", "B"}, {"é", "e"}, {"ł", "l"}, {"Я", "R"}}) {
    EXPECT_NE(drawn(special), drawn(plain)) << special;
    EXPECT_NE(drawn(special), missing) << special;
  }
  EXPECT_EQ(drawn("🐦"), missing);
  EXPECT_EQ(drawn("\xFF"), missing);
  EXPECT_EQ(drawn("\xC3"), missing) << "cut short";
  EXPECT_EQ(drawn("\xC0\xAF"), drawn("\uFFFD\uFFFD")) << "overlong";
  EXPECT_EQ(drawn("\xED\xA0\x80"), drawn("\uFFFD\uFFFD\uFFFD")) << "a surrogate";
  EXPECT_EQ(drawn("\uFEFFBox\r"), drawn("Box"));
}

TEST(TextPainter, TheSameTextAgainAndAnotherInBetweenLookTheSame) {
  const auto text = painter(24);
  const auto drawn = [&](TextPainter& by, const char* words, Corner corner) {
    TestPicture picture(640, 360);
    by.draw(picture.image(), words, corner);
    return picture.samples();
  };
  const auto first = drawn(*text, kStamp, Corner::kTopLeft);
  EXPECT_EQ(drawn(*text, kStamp, Corner::kTopLeft), first);
  EXPECT_NE(drawn(*text, "12:53:19", Corner::kTopLeft), first);
  EXPECT_NE(drawn(*text, kStamp, Corner::kTopRight), first);
  EXPECT_EQ(drawn(*text, kStamp, Corner::kTopLeft), first);
  EXPECT_EQ(drawn(*painter(24), kStamp, Corner::kTopLeft), first);
}

TEST(TextPainter, OnePainterServesPicturesOfDifferentSizes) {
  const auto text = painter(24);
  for (const auto& [width, height] : {std::pair(1280, 720), {320, 240}, {1920, 1080}, {1280, 720}}) {
    TestPicture picture(width, height);
    const TouchedArea area = text->draw(picture.image(), kStamp, Corner::kBottomRight);
    EXPECT_TRUE(picture.guards_hold());
    EXPECT_EQ(width - area.left - area.width, 12);
  }
}

/// More characters than the cache holds, and bytes that are anything.
TEST(TextPainter, AnyBytesStayInsideThePicture) {
  const auto text = painter(16);
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string words;
    for (int n = 0; n < 40; ++n) words += static_cast<char>(random() & 0xFF);
    TestPicture picture(320, 64);
    text->draw(picture.image(), words, static_cast<Corner>(random() % 4));
    ASSERT_TRUE(picture.guards_hold());
  }
  for (char32_t c = 0x21; c < 0x2000; ++c) {
    const char utf8[] = {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                         static_cast<char>(0x80 | (c & 0x3F)), 0};
    const char two[] = {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F)), 0};
    TestPicture picture(64, 48);
    text->draw(picture.image(), c < 0x800 ? two : utf8, Corner::kTopLeft);
    ASSERT_TRUE(picture.guards_hold()) << std::hex << static_cast<unsigned>(c);
  }
}

TEST(TextPainter, SaysWhatIsWrong) {
  const auto no_font = TextPainter::create(24, {"/nowhere/none.ttf"});
  ASSERT_FALSE(no_font);
  EXPECT_EQ(no_font.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(no_font.error().message, HasSubstr("fonts-dejavu-core"));

  const auto no_font_file = TextPainter::create(24, {std::filesystem::path(NESTBOX_SOURCE_DIR) / "LICENSE"});
  ASSERT_FALSE(no_font_file);
  EXPECT_EQ(no_font_file.error().kind, ErrorKind::kInternal);
  EXPECT_THAT(no_font_file.error().message, HasSubstr("LICENSE"));

  for (const int height : {0, -3, 5, 513}) {
    const auto wrong = TextPainter::create(height);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(wrong.error().message, HasSubstr("6 to 512"));
  }
}

TEST(TextPainter, TheFirstFontThatExistsIsUsed) {
  const auto fonts = known_fonts();
  ASSERT_TRUE(TextPainter::create(24, {"/nowhere/none.ttf", fonts.front()}));
}

TEST(LineHeight, FollowsThePictureAndStaysLegible) {
  EXPECT_EQ(line_height_for(24, 720), 24);
  EXPECT_EQ(line_height_for(24, 1080), 36);
  EXPECT_EQ(line_height_for(24, 480), 16);
  EXPECT_EQ(line_height_for(24, 240), 12);
}

}  // namespace
}  // namespace nestbox
