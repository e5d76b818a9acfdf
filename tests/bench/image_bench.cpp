/// What drawing onto a picture of 1280x720 costs, beside a copy of that picture (1.4 MB) made in the same run: each
/// round does the work and then the copy, and `of_copy` is the one time over the other.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "nestbox/image/jpeg.h"
#include "nestbox/image/paint.h"
#include "nestbox/image/sharpness.h"
#include "nestbox/image/text.h"
#include "nestbox/media/picture_memory.h"

namespace nestbox {
namespace {

constexpr int kWidth = 1280, kHeight = 720;

/// Two pictures: one to draw on, one for the copy.
class Bench {
 public:
  Bench() : memory_(2, {kWidth, kHeight, 320, 180}) {
    const MutableImage& image = picture();
    for (const MutablePlane& plane : {image.y, image.u, image.v}) {
      for (int row = 0; row < plane.height; ++row) {
        for (int column = 0; column < plane.width; ++column) {
          plane.data[row * plane.stride + column] = static_cast<std::uint8_t>(60 + (row + column / 2) % 120);
        }
      }
    }
  }
  const MutableImage& picture() const { return memory_.main(0); }

  template <class Work>
  void run(benchmark::State& state, const Work& work) const {
    using Clock = std::chrono::steady_clock;
    Clock::duration working{}, copying{};
    for ([[maybe_unused]] auto round : state) {
      const auto start = Clock::now();
      work();
      benchmark::ClobberMemory();
      const auto worked = Clock::now();
      copy();
      benchmark::ClobberMemory();
      const auto copied = Clock::now();
      working += worked - start;
      copying += copied - worked;
      state.SetIterationTime(std::chrono::duration<double>(worked - start).count());
    }
    state.counters["of_copy"] = std::chrono::duration<double>(working) / std::chrono::duration<double>(copying);
  }

  void copy() const {
    const MutableImage &from = memory_.main(0), &to = memory_.main(1);
    std::memcpy(to.y.data, from.y.data, static_cast<std::size_t>(from.y.stride * kHeight));
    std::memcpy(to.u.data, from.u.data, static_cast<std::size_t>(from.u.stride * kHeight / 2));
    std::memcpy(to.v.data, from.v.data, static_cast<std::size_t>(from.v.stride * kHeight / 2));
  }

 private:
  PictureMemory memory_;
};

void copy_of_the_picture(benchmark::State& state) {
  Bench bench;
  bench.run(state, [&] { bench.copy(); });
}

/// Frames after the first of a second: the text is composed already.
void text_same(benchmark::State& state) {
  Bench bench;
  auto painter = TextPainter::create(24);
  if (!painter) return state.SkipWithError(painter.error().message.c_str());
  bench.run(state,
            [&] { (*painter)->draw(bench.picture(), "Kestrel box 3  2026-11-20 12:53:18", Corner::kBottomLeft); });
}

/// The first frame of each second: composed anew from cached glyphs.
void text_changed(benchmark::State& state) {
  Bench bench;
  auto painter = TextPainter::create(24);
  if (!painter) return state.SkipWithError(painter.error().message.c_str());
  std::string text = "Kestrel box 3  2026-11-20 12:53:18";
  bench.run(state, [&] {
    text.back() = text.back() == '9' ? '0' : static_cast<char>(text.back() + 1);
    (*painter)->draw(bench.picture(), text, Corner::kBottomLeft);
  });
}

/// A neighbour's window and a path: a rectangle and a triangle, together a sixth of the picture.
void privacy(benchmark::State& state) {
  Bench bench;
  const PrivacyMask mask({{{0.7, 0}, {1, 0}, {1, 0.4}, {0.7, 0.4}}, {{0, 0.6}, {0.25, 1}, {0, 1}}}, kWidth, kHeight);
  bench.run(state, [&] { mask.black_out(bench.picture()); });
}

void slate(benchmark::State& state) {
  Bench bench;
  bench.run(state, [&] { paint_slate_background(bench.picture()); });
}

void jpeg_quality_80(benchmark::State& state) {
  Bench bench;
  bench.run(state, [&] { benchmark::DoNotOptimize(encode_jpeg(bench.picture(), 80)); });
}

BENCHMARK(copy_of_the_picture)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(text_same)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(text_changed)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(privacy)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(slate)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(jpeg_quality_80)->UseManualTime()->Unit(benchmark::kMicrosecond);

/// A look of `nestbox focus`, of which there are five a second while somebody looks.
void sharpness_of_the_middle(benchmark::State& state) {
  const Bench bench;
  bench.run(state, [&] { benchmark::DoNotOptimize(sharpness(centre_crop(bench.picture().y))); });
}
BENCHMARK(sharpness_of_the_middle)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace nestbox
