#include "analysis_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "nestbox/av/png.h"
#include "nestbox/image/text.h"
#include "nestbox/media/limited_range.h"
#include "nestbox/media/picture_memory.h"

namespace nestbox::cli {
namespace {

struct Colour {
  int y, u, v;
};
constexpr Colour kGround{28, 130, 127}, kPaper{22, 129, 127}, kEventBand{70, 108, 100}, kRule{60, 128, 128};
constexpr Colour kScore{200, 100, 140}, kThreshold{130, 90, 190}, kLight{215, 128, 128};
constexpr Colour kHot{130, 60, 215};

constexpr int kWidth = 1280, kMargin = 24, kLine = 22;
constexpr int kMapWidth = 640, kMapHeightMax = 720, kGraphHeight = 220, kAxisHeight = 52;

/// All numbers of a box are even: chroma has half the samples.
struct Box {
  int left = 0, top = 0, width = 0, height = 0;
  int right() const { return left + width; }
  int bottom() const { return top + height; }
};
int even(double value) {
  return static_cast<int>(value / 2) * 2;
}

class Canvas {
 public:
  Canvas(int width, int height) : memory_(1, {width, height, 2, 2}) {}

  const MutableImage& picture() const { return memory_.main(0); }

  void fill(const Box& box, const Colour& colour) {
    for (int y = box.top; y < box.bottom(); ++y) {
      for (int x = box.left; x < box.right(); ++x) put(x, y, colour);
    }
  }
  /// Outside of the picture nothing is put.
  void put(int x, int y, const Colour& colour) {
    const auto& to = picture();
    if (x < 0 || y < 0 || x >= to.width || y >= to.height) return;
    sample(to.y, x, y) = static_cast<std::uint8_t>(colour.y);
    sample(to.u, x / 2, y / 2) = static_cast<std::uint8_t>(colour.u);
    sample(to.v, x / 2, y / 2) = static_cast<std::uint8_t>(colour.v);
  }
  MutableImage part(const Box& box) const {
    const auto cut = [&](const MutablePlane& plane, int scale) {
      return MutablePlane{&sample(plane, box.left / scale, box.top / scale), box.width / scale, box.height / scale,
                          plane.stride};
    };
    const auto& all = picture();
    return {all.format, box.width, box.height, cut(all.y, 1), cut(all.u, 2), cut(all.v, 2)};
  }

 private:
  static std::uint8_t& sample(const MutablePlane& plane, int x, int y) {
    return plane.data[static_cast<std::ptrdiff_t>(y) * plane.stride + x];
  }
  PictureMemory memory_;
};

/// Score over time. Scores run from a tenth of the threshold to the whole picture: the scale is logarithmic.
class Graph {
 public:
  Graph(Canvas& canvas, const Box& box, const Analysis& analysis) : canvas_(canvas), box_(box), analysis_(analysis) {
    double least = kWhole;
    for (const auto& sample : analysis.samples) least = std::min(least, static_cast<double>(sample.threshold));
    floor_ = std::clamp(least / 10, 0.001, kWhole / 10);
  }

  void draw() {
    canvas_.fill(box_, kPaper);
    for (const auto& event : analysis_.events) {
      const int left = column(event.start_s), right = std::max(left + 2, column(event.end_s));
      canvas_.fill({left, box_.top, std::min(right, box_.right()) - left, box_.height}, kEventBand);
    }
    for (double score = 1; score < kWhole; score *= 10) canvas_.fill({box_.left, row(score), box_.width, 1}, kRule);
    draw_curves();
  }
  int column(double time_s) const {
    const double share = std::clamp(time_s / analysis_.duration_s, 0.0, 1.0);
    return box_.left + static_cast<int>(share * (box_.width - 1));
  }

 private:
  static constexpr double kWhole = 100;  // per cent of the picture

  int row(double score) const {
    const double share = std::log(std::max(score, floor_) / floor_) / std::log(kWhole / floor_);
    return box_.bottom() - 1 - static_cast<int>(std::min(1.0, share) * (box_.height - 1));
  }

  /// Each column shows the highest score of its time.
  void draw_curves() {
    std::vector<float> highest(static_cast<std::size_t>(box_.width), 0), threshold = highest;
    for (const auto& sample : analysis_.samples) {
      const auto at = static_cast<std::size_t>(column(sample.time_s) - box_.left);
      highest[at] = std::max(highest[at], sample.score);
      threshold[at] = sample.threshold;
    }
    float last_threshold = 0;
    for (std::size_t at = 0; at < highest.size(); ++at) {
      const int x = box_.left + static_cast<int>(at);
      if (threshold[at] <= 0 && at > 0) highest[at] = highest[at - 1];  // no picture in its time
      if (highest[at] > 0) {
        for (int y = row(static_cast<double>(highest[at])); y < box_.bottom(); ++y) canvas_.put(x, y, kScore);
      }
      if (threshold[at] > 0) last_threshold = threshold[at];
      if (last_threshold > 0 && at % 8 < 6) canvas_.put(x, row(static_cast<double>(last_threshold)), kThreshold);
    }
  }

  Canvas& canvas_;
  const Box box_;
  const Analysis& analysis_;
  double floor_ = 0;
};

/// The first picture, grey, with cells the redder the longer it moved there.
void draw_heat(Canvas& canvas, const Box& box, const Analysis& analysis) {
  const auto& grid = analysis.grid;
  const double most = *std::max_element(analysis.moved_s.begin(), analysis.moved_s.end());
  for (int y = 0; y < box.height; ++y) {
    const int row = y * analysis.plane_height / box.height;
    for (int x = 0; x < box.width; ++x) {
      const int column = x * analysis.plane_width / box.width;
      const int luma = analysis.plane[static_cast<std::size_t>(row * analysis.plane_width + column)];
      const int cell_row = row / grid.cell_pixels, cell_column = column / grid.cell_pixels;
      double heat = 0;
      if (cell_row < grid.rows && cell_column < grid.columns && most > 0) {
        heat = (analysis.moved_s[static_cast<std::size_t>(cell_row * grid.columns + cell_column)] / most);
      }
      const auto mixed = [heat](int cold, int hot) { return cold + static_cast<int>(heat * (hot - cold)); };
      canvas.put(
          box.left + x, box.top + y,
          {mixed(luma * 3 / 4, (kHot.y + luma) / 2), mixed(kNeutralChroma, kHot.u), mixed(kNeutralChroma, kHot.v)});
    }
  }
}

/// 1, 2 or 5 times a power of ten: about ten ticks.
double tick_for(double duration_s) {
  double tick = 0.1;
  for (const double factor : {2.0, 2.5, 2.0}) {
    if (duration_s / tick > 10) tick *= factor;
  }
  while (duration_s / tick > 10) {
    for (const double factor : {2.0, 2.5, 2.0}) {
      if (duration_s / tick > 10) tick *= factor;
    }
  }
  return tick;
}

std::string event_list(const Analysis& analysis, int lines) {
  const auto& events = analysis.events;
  auto text =
      fmt::format("{} {} in {:.1f} s\n", events.size(), events.size() == 1 ? "event" : "events", analysis.duration_s);
  const auto shown = std::min(events.size(), static_cast<std::size_t>(std::max(0, lines - 2)));
  for (std::size_t n = 0; n < shown; ++n) {
    text += fmt::format("\n{:.1f} to {:.1f} s, {:.2f} % of the picture{}{}", events[n].start_s, events[n].end_s,
                        100 * events[n].area, events[n].zone.empty() ? "" : ", ", events[n].zone);
  }
  if (shown < events.size()) text += fmt::format("\nand {} more", events.size() - shown);
  return text;
}

void draw_axis(Canvas& canvas, TextPainter& painter, const Graph& graph, const Box& box, double duration_s) {
  const double tick = tick_for(duration_s);
  for (int n = 0; n * tick <= duration_s; ++n) {
    const int x = graph.column(n * tick);
    canvas.fill({x, box.top, 2, 8}, kLight);
    const int left = std::clamp(even(x) - kLine / 4 * 2, 0, kWidth - 120);
    painter.draw(canvas.part({left, box.top, 120, box.height}), fmt::format("{:g} s", n * tick), Corner::kTopLeft);
  }
}

}  // namespace

Result<std::string> draw_analysis(const Analysis& analysis) {
  auto painter = TextPainter::create(kLine);
  if (!painter) return tl::unexpected(painter.error());
  const double shape = static_cast<double>(analysis.plane_height) / analysis.plane_width;
  const int map_height = std::min(kMapHeightMax, even(kMapWidth * shape));
  const Box map{kMargin, kMargin, even(map_height / shape), map_height};
  const Box list{map.right(), kMargin / 2, kWidth - map.right() - kMargin, std::max(map_height, 8 * kLine)};
  const Box graph_box{kMargin, std::max(map.bottom(), list.bottom()) + 3 * kLine, kWidth - 2 * kMargin, kGraphHeight};
  const Box axis{kMargin, graph_box.bottom(), graph_box.width, kAxisHeight};

  Canvas canvas(kWidth, axis.bottom() + kMargin / 2);
  canvas.fill({0, 0, kWidth, canvas.picture().height}, kGround);
  draw_heat(canvas, map, analysis);
  (*painter)->draw(canvas.part(list), event_list(analysis, list.height / kLine - 2), Corner::kTopLeft);
  Graph graph(canvas, graph_box, analysis);
  graph.draw();
  const Box title{kMargin / 2, graph_box.top - 2 * kLine - 8, kWidth - kMargin, 3 * kLine};
  (*painter)->draw(canvas.part(title), "Score in per cent of the picture: rules at 1 and 10, dashed: the threshold",
                   Corner::kTopLeft);
  draw_axis(canvas, **painter, graph, axis, analysis.duration_s);
  return encode_png(canvas.picture());
}

}  // namespace nestbox::cli
