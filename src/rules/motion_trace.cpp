#include "nestbox/rules/motion_trace.h"

#include <algorithm>

#include "cell_sums.h"

namespace nestbox {
namespace {

constexpr std::uint64_t kMark = 0x6e62'7472;  // begins each chunk: "nbtr"
constexpr int kEdgeMax = 4096;
constexpr std::uint64_t kPlanesMax = 10'000;
constexpr int kPixelsOfCell = kCellPixels * kCellPixels;

// LEB128 (DWARF 5, 7.6), and zigzag for what may be negative.
void append_number(std::string& bytes, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) bytes.push_back(static_cast<char>(number | 0x80U));
  bytes.push_back(static_cast<char>(number));
}
std::uint64_t zigzag(int number) {
  return number < 0 ? 2 * static_cast<std::uint64_t>(-number) - 1 : 2 * static_cast<std::uint64_t>(number);
}
int unzigzag(std::uint64_t number) {
  const int half = static_cast<int>(number / 2);
  return number % 2 == 1 ? -half - 1 : half;
}

struct Cells {
  int columns, rows;
  std::size_t count() const { return static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows); }
};
Cells cells_of(int width, int height) {
  return {width / kCellPixels, height / kCellPixels};
}

void sum_cells(const MotionPlane& plane, std::vector<std::uint16_t>& sums) {
  const auto cells = cells_of(plane.width, plane.height);
  for (int row = 0; row < cells.rows; ++row) {
    sum_cell_row(plane.data + static_cast<std::ptrdiff_t>(row) * kCellPixels * plane.stride, plane.stride,
                 cells.columns, sums.data() + static_cast<std::ptrdiff_t>(row) * cells.columns);
  }
}

/// Samples that add up to `sum`, as even as whole numbers can be.
void fill_cell(std::uint8_t* corner, int stride, int sum) {
  const int level = sum / kPixelsOfCell;
  int more = sum % kPixelsOfCell;
  for (int y = 0; y < kCellPixels; ++y) {
    for (int x = 0; x < kCellPixels; ++x, --more) {
      corner[static_cast<std::ptrdiff_t>(y) * stride + x] = static_cast<std::uint8_t>(level + (more > 0 ? 1 : 0));
    }
  }
}

}  // namespace

MotionTraceChunk::MotionTraceChunk(const MotionPlane& first)
    : width_(first.width), height_(first.height), begin_(first.captured_at), end_(first.captured_at) {
  const auto count = cells_of(width_, height_).count();
  last_.assign(count, 0);
  sums_.assign(count, 0);
  append(first);
}

bool MotionTraceChunk::add(const MotionPlane& plane) {
  if (plane.width != width_ || plane.height != height_) return false;
  append(plane);
  return true;
}

void MotionTraceChunk::append(const MotionPlane& plane) {
  sum_cells(plane, sums_);
  append_number(bytes_, static_cast<std::uint64_t>(std::max<BootClock::rep>(0, (plane.captured_at - end_).count())));
  end_ = std::max(end_, plane.captured_at);
  for (std::size_t c = 0; c < sums_.size(); ++c) append_number(bytes_, zigzag(sums_[c] - last_[c]));
  last_.swap(sums_);
  ++planes_;
}

std::string MotionTraceChunk::encoded() const {
  std::string encoded;
  append_number(encoded, kMark);
  append_number(encoded, static_cast<std::uint64_t>(width_));
  append_number(encoded, static_cast<std::uint64_t>(height_));
  append_number(encoded, planes_);
  append_number(encoded, static_cast<std::uint64_t>(begin_.time_since_epoch().count()));
  return encoded + bytes_;
}

std::optional<std::uint64_t> MotionTraceReader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && at_ < trace_.size(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(trace_[at_++]);
    number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

bool MotionTraceReader::read_chunk_head() {
  const auto mark = number(), width = number(), height = number(), planes = number(), begin = number();
  if (!mark || !width || !height || !planes || !begin || *mark != kMark || *planes > kPlanesMax) return false;
  if (*width < kCellPixels || *width > kEdgeMax || *height < kCellPixels || *height > kEdgeMax) return false;
  width_ = static_cast<int>(*width), height_ = static_cast<int>(*height);
  planes_left_ = *planes;
  time_ = BootTime(BootClock::duration(static_cast<BootClock::rep>(*begin)));
  const auto cells = cells_of(width_, height_);
  sums_.assign(cells.count(), 0);
  samples_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), 0);
  return true;
}

bool MotionTraceReader::read_plane() {
  const auto later = number();
  if (!later) return false;
  time_ += BootClock::duration(static_cast<BootClock::rep>(*later));
  const auto cells = cells_of(width_, height_);
  for (std::size_t c = 0; c < cells.count(); ++c) {
    const auto change = number();
    constexpr std::uint64_t kChangeMax = 2 * kPixelsOfCell * 255;
    if (!change || *change > kChangeMax) return false;
    const int sum = sums_[c] + unzigzag(*change);
    if (sum < 0 || sum > kPixelsOfCell * 255) return false;
    sums_[c] = static_cast<std::uint16_t>(sum);
    const auto column = static_cast<int>(c) % cells.columns, row = static_cast<int>(c) / cells.columns;
    fill_cell(samples_.data() + static_cast<std::ptrdiff_t>(row) * kCellPixels * width_ + column * kCellPixels, width_,
              sum);
  }
  return true;
}

Result<std::optional<MotionPlane>> MotionTraceReader::next() {
  const auto refuse = [this] {
    at_ = trace_.size();
    planes_left_ = 0;
    return fail(ErrorKind::kInvalidArgument, "is no trace of motion, or a damaged one");
  };
  while (planes_left_ == 0) {
    if (at_ == trace_.size()) return std::nullopt;
    if (!read_chunk_head()) return refuse();
  }
  if (!read_plane()) return refuse();
  --planes_left_;
  return MotionPlane{samples_.data(), width_, height_, width_, time_};
}

}  // namespace nestbox
