#pragma once
/// What the motion detector has seen, kept small: the sums of luma in cells of 8x8 pixels, which are all that it looks
/// at. A detector that is shown a trace reports to the last digit what it would have reported of the pictures.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/rules/motion_detector.h"

namespace nestbox {

/// A second or so of planes of one size, in a form that needs no other chunk to be read: about one byte a cell and
/// picture. Thread-bound.
class MotionTraceChunk {
 public:
  explicit MotionTraceChunk(const MotionPlane& first);
  /// False, and nothing added, when the plane has another size.
  bool add(const MotionPlane& plane);
  BootTime begin() const noexcept { return begin_; }
  BootTime end() const noexcept { return end_; }
  std::size_t bytes() const noexcept { return bytes_.size(); }
  /// As it stands in a file.
  std::string encoded() const;

 private:
  void append(const MotionPlane& plane);

  int width_ = 0, height_ = 0;
  BootTime begin_{}, end_{};
  std::uint32_t planes_ = 0;
  std::vector<std::uint16_t> last_, sums_;  ///< by cell
  std::string bytes_;
};

/// Reads chunks one after another, and shows planes whose cells have the very sums. Thread-bound.
class MotionTraceReader {
 public:
  explicit MotionTraceReader(std::string trace) : trace_(std::move(trace)) {}
  /// The next plane, good until the next call; nothing at the end. Errors: kInvalidArgument where the bytes make no
  /// sense; no plane comes after that.
  Result<std::optional<MotionPlane>> next();

 private:
  bool read_chunk_head();
  bool read_plane();
  std::optional<std::uint64_t> number();

  std::string trace_;
  std::size_t at_ = 0;
  int width_ = 0, height_ = 0;
  std::uint64_t planes_left_ = 0;
  BootTime time_{};
  std::vector<std::uint16_t> sums_;
  std::vector<std::uint8_t> samples_;
};

}  // namespace nestbox
