#include "nestbox/image/paint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "unit/image/test_picture.h"

namespace nestbox {
namespace {

constexpr std::uint8_t kUntouched = 200;

/// Which samples a polygon touches, by plain means: points all over each sample, and points all along each side.
class Oracle {
 public:
  Oracle(const std::vector<Polygon>& polygons, int width, int height)
      : width_(width), height_(height), touched_(static_cast<std::size_t>(width * height)) {
    for (const Polygon& polygon : polygons) {
      mark_inside(polygon);
      for (std::size_t i = 0; i < polygon.size(); ++i) mark_side(polygon[i], polygon[(i + 1) % polygon.size()]);
    }
  }

  bool touched(int column, int row) const {
    if (column < 0 || row < 0 || column >= width_ || row >= height_) return false;
    return touched_[static_cast<std::size_t>(row * width_ + column)];
  }
  bool near_touched(int column, int row) const {
    for (int y = row - 1; y <= row + 1; ++y) {
      for (int x = column - 1; x <= column + 1; ++x) {
        if (touched(x, y)) return true;
      }
    }
    return false;
  }

 private:
  /// Turns of the outline as seen from the point, by the sum of the angles between neighbouring corners.
  int winding(const Polygon& polygon, double x, double y) const {
    double sum = 0;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const Point a = polygon[i], b = polygon[(i + 1) % polygon.size()];
      const double ax = a.x * width_ - x, ay = a.y * height_ - y, bx = b.x * width_ - x, by = b.y * height_ - y;
      sum += std::atan2(ax * by - ay * bx, ax * bx + ay * by);
    }
    return static_cast<int>(std::lround(sum / (2 * 3.14159265358979)));
  }
  void mark_inside(const Polygon& polygon) {
    constexpr int kSteps = 4;
    for (int row = 0; row < height_; ++row) {
      for (int column = 0; column < width_; ++column) {
        for (int i = 0; i < kSteps * kSteps && !touched(column, row); ++i) {
          // Off any grid, so that no point lies upon a side.
          const double x = column + (i % kSteps + 0.413) / kSteps, y = row + (i / kSteps + 0.377) / kSteps;
          if (winding(polygon, x, y) != 0) mark(column, row);
        }
      }
    }
  }
  void mark_side(const Point& a, const Point& b) {
    constexpr int kSteps = 2000;
    for (int i = 0; i <= kSteps; ++i) {
      const double t = static_cast<double>(i) / kSteps;
      const double x = (a.x + (b.x - a.x) * t) * width_, y = (a.y + (b.y - a.y) * t) * height_;
      // A point between two samples touches both.
      for (const double column : {std::floor(x), std::ceil(x) - 1}) {
        for (const double row : {std::floor(y), std::ceil(y) - 1}) {
          mark(static_cast<int>(column), static_cast<int>(row));
        }
      }
    }
  }
  void mark(int column, int row) {
    if (column >= 0 && row >= 0 && column < width_ && row < height_)
      touched_[static_cast<std::size_t>(row * width_ + column)] = true;
  }

  int width_, height_;
  std::vector<bool> touched_;
};

void expect_covered(const std::vector<Polygon>& polygons, int width, int height, PixelFormat format) {
  const Oracle oracle(polygons, width, height);
  const PrivacyMask mask(polygons, width, height);
  TestPicture picture(width, height, format, kUntouched, 40, 210);
  mask.black_out(picture.image());
  EXPECT_TRUE(picture.guards_hold());
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const int y = picture.luma(column, row);
      ASSERT_TRUE(y == 16 || y == kUntouched);
      if (oracle.touched(column, row)) {
        ASSERT_EQ(y, 16) << column << ' ' << row;
      }
      if (y == 16) {
        ASSERT_TRUE(oracle.near_touched(column, row)) << column << ' ' << row;
      }
      const int left = column & ~1, top = row & ~1;
      const bool any_of_four = picture.luma(left, top) == 16 || picture.luma(left + 1, top) == 16 ||
                               picture.luma(left, top + 1) == 16 || picture.luma(left + 1, top + 1) == 16;
      ASSERT_EQ(picture.u(column, row), any_of_four ? 128 : 40) << column << ' ' << row;
      ASSERT_EQ(picture.v(column, row), any_of_four ? 128 : 210) << column << ' ' << row;
    }
  }
}

class RandomPolygons {
 public:
  explicit RandomPolygons(unsigned seed) : random_(seed) {}
  Polygon next() {
    Polygon polygon(3 + random_() % 6);
    for (Point& point : polygon) point = {coordinate(), coordinate()};
    return polygon;
  }

 private:
  /// Anywhere, upon the edges of the picture, and upon round fractions, where sides meet borders of samples.
  double coordinate() {
    switch (random_() % 6) {
      case 0:
        return 0;
      case 1:
        return 1;
      case 2:
        return static_cast<double>(random_() % 11) / 10;
      default:
        return std::uniform_real_distribution<double>(0, 1)(random_);
    }
  }
  std::mt19937 random_;
};

TEST(PrivacyMask, CoversWhateverAPolygonTouchesAndLittleMore) {
  RandomPolygons polygons(20);
  for (int i = 0; i < 150; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(
        expect_covered({polygons.next()}, 40, 30, i % 2 == 0 ? PixelFormat::kI420 : PixelFormat::kNv12));
  }
}

TEST(PrivacyMask, CoversSeveralPolygonsThatOverlap) {
  RandomPolygons polygons(21);
  for (int i = 0; i < 30; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(
        expect_covered({polygons.next(), polygons.next(), polygons.next()}, 34, 26, PixelFormat::kI420));
  }
}

TEST(PrivacyMask, CoversSliversThinnerThanASample) {
  std::mt19937 random(22);
  std::uniform_real_distribution<double> anywhere(0, 1);
  for (int i = 0; i < 60; ++i) {
    const double x = anywhere(random), y = anywhere(random);
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(
        expect_covered({{{x, y}, {anywhere(random), anywhere(random)}, {x + 1e-7, y}}}, 40, 30, PixelFormat::kI420));
    ASSERT_NO_FATAL_FAILURE(expect_covered({{{x, y}, {x, y}, {x, y}}}, 40, 30, PixelFormat::kI420));
  }
}

TEST(PrivacyMask, AStarHasNoHoleInItsMiddle) {
  Polygon star;
  for (int i = 0; i < 5; ++i) {
    const double angle = i * 2 * 2 * 3.14159265358979 / 5;
    star.push_back({0.5 + 0.4 * std::sin(angle), 0.5 - 0.4 * std::cos(angle)});
  }
  ASSERT_NO_FATAL_FAILURE(expect_covered({star}, 64, 64, PixelFormat::kI420));
  TestPicture picture(64, 64, PixelFormat::kI420, kUntouched);
  PrivacyMask({star}, 64, 64).black_out(picture.image());
  EXPECT_EQ(picture.luma(32, 32), 16);
}

TEST(PrivacyMask, APolygonToTheEdgeCoversTheEdge) {
  for (const auto& [width, height] : {std::pair(320, 180), {1280, 720}, {1920, 1080}, {322, 182}}) {
    TestPicture picture(width, height, PixelFormat::kI420, kUntouched, 40, 210);
    PrivacyMask({{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, width, height).black_out(picture.image());
    EXPECT_TRUE(picture.guards_hold());
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        ASSERT_EQ(picture.luma(column, row), 16);
        ASSERT_EQ(picture.u(column, row), 128);
        ASSERT_EQ(picture.v(column, row), 128);
      }
    }
  }
}

/// The same polygon at both sizes hides the same part of the world.
TEST(PrivacyMask, TheAnalysisPictureIsCoveredToo) {
  const std::vector<Polygon> polygons = {{{0.1, 0.2}, {0.333, 0.25}, {0.29, 0.71}}};
  TestPicture main(1280, 720, PixelFormat::kI420, kUntouched), analysis(320, 180, PixelFormat::kI420, kUntouched);
  PrivacyMask(polygons, 1280, 720).black_out(main.image());
  PrivacyMask(polygons, 320, 180).black_out(analysis.image().y);
  const Oracle touched(polygons, 320, 180);
  for (int row = 0; row < 180; ++row) {
    for (int column = 0; column < 320; ++column) {
      if (touched.touched(column, row)) {
        ASSERT_EQ(analysis.luma(column, row), 16);
      }
    }
  }
  int only_main = 0;
  for (int row = 0; row < 720; ++row) {
    for (int column = 0; column < 1280; ++column) {
      only_main += main.luma(column, row) == 16 && analysis.luma(column / 4, row / 4) != 16 ? 1 : 0;
    }
  }
  // The main mask may reach one of its own samples further; never more than that line around the triangle.
  EXPECT_LT(only_main, 1280);
}

TEST(PrivacyMask, AnOddAnalysisPictureWorks) {
  std::vector<std::uint8_t> samples(33 * 19, kUntouched);
  PrivacyMask({{{0.5, 0.5}, {1, 0.5}, {1, 1}, {0.5, 1}}}, 33, 19).black_out(MutablePlane{samples.data(), 33, 19, 33});
  EXPECT_EQ(samples[33 * 19 - 1], 16);
  EXPECT_EQ(samples[0], kUntouched);
}

TEST(PrivacyMask, NothingOfThePictureBelowSurvives) {
  std::mt19937 random(23);
  RandomPolygons polygons(24);
  const std::vector<Polygon> areas = {polygons.next(), polygons.next()};
  const PrivacyMask mask(areas, 160, 90);
  TestPicture shape(160, 90, PixelFormat::kI420, kUntouched), picture(160, 90);
  mask.black_out(shape.image());
  for (int row = 0; row < 90; ++row) {
    for (int column = 0; column < 160; ++column) {
      picture.luma(column, row) = static_cast<std::uint8_t>(random());
      picture.u(column, row) = static_cast<std::uint8_t>(random());
      picture.v(column, row) = static_cast<std::uint8_t>(random());
    }
  }
  mask.black_out(picture.image());
  int hidden = 0;
  for (int row = 0; row < 90; ++row) {
    for (int column = 0; column < 160; ++column) {
      if (shape.luma(column, row) != 16) continue;
      ++hidden;
      EXPECT_EQ(picture.luma(column, row), 16);
      EXPECT_EQ(picture.u(column, row), 128);
      EXPECT_EQ(picture.v(column, row), 128);
    }
  }
  EXPECT_GT(hidden, 1000);
  picture.keep("privacy");
}

TEST(PrivacyMask, WithoutPolygonsItDoesNothing) {
  EXPECT_TRUE(PrivacyMask().empty());
  EXPECT_TRUE(PrivacyMask({}, 320, 180).empty());
  TestPicture picture(320, 180, PixelFormat::kI420, kUntouched);
  PrivacyMask().black_out(picture.image());
  PrivacyMask({}, 320, 180).black_out(picture.image());
  EXPECT_EQ(picture.samples(), TestPicture(320, 180, PixelFormat::kI420, kUntouched).samples());
}

TEST(PrivacyMaskDeathTest, RefusesAPictureOfAnotherSize) {
  const PrivacyMask mask({{{0, 0}, {1, 0}, {1, 1}}}, 320, 180);
  TestPicture picture(640, 360);
  EXPECT_DEATH(mask.black_out(picture.image()), "width_");
}

TEST(Slate, IsCalmDarkAndCarriesText) {
  for (const auto& [width, height] : {std::pair(320, 240), {1280, 720}, {1920, 1080}}) {
    for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kNv12}) {
      TestPicture picture(width, height, format, 200, 1, 1);
      paint_slate_background(picture.image());
      EXPECT_TRUE(picture.guards_hold());
      for (int row = 0; row < height; ++row) {
        for (int column = 0; column < width; ++column) {
          ASSERT_GE(picture.luma(column, row), 24);
          ASSERT_LE(picture.luma(column, row), 54);
          if (column > 0) {
            ASSERT_LE(std::abs(picture.luma(column, row) - picture.luma(column - 1, row)), 1);
          }
          if (row > 0) {
            ASSERT_LE(std::abs(picture.luma(column, row) - picture.luma(column, row - 1)), 1);
          }
          ASSERT_NEAR(picture.u(column, row), 128, 8);
          ASSERT_NEAR(picture.v(column, row), 128, 8);
        }
      }
      EXPECT_GT(picture.luma(0, 0), picture.luma(0, height - 1) + 15);

      auto painter = TextPainter::create(line_height_for(40, height));
      ASSERT_TRUE(painter);
      (*painter)->draw_centred(picture.image(), "Grünspecht am Mühlbach\nNobody is at home just now");
      picture.keep("slate-" + std::to_string(height));
    }
  }
}

}  // namespace
}  // namespace nestbox
