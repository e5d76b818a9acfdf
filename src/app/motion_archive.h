#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "jobs.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/motion_segment.h"

namespace nestbox {

/// Traces of the latest events and near misses, in paths.state/motion: the oldest go when they take more than 24 MiB
/// (events) or 8 MiB (near misses). Files are written and read on the housekeeping thread alone.
class MotionArchive {
 public:
  explicit MotionArchive(Jobs& housekeeping) : housekeeping_(housekeeping) {}

  /// Thread-safe. A disk that refuses it is logged: a trace is no recording.
  void keep(const std::filesystem::path& state, MotionSegment segment);

  /// One segment under two settings.
  struct Trial {
    WallTime begin{};
    ReplayScore before, after;
  };
  struct Question {
    std::filesystem::path state;
    MotionOptions before, after;
    std::vector<std::pair<WallTime, WallTime>> nothing_there;  ///< visits of which the owner says so
  };
  using Progress = std::function<void(std::size_t done, std::size_t of)>;  ///< on the housekeeping thread
  using Done = std::function<void(Result<std::vector<Trial>>)>;            ///< there too, once
  /// Errors: kNotFound when nothing has been kept yet; kExhausted when too much waits.
  void replay(Question question, Progress progress, const Done& done);

 private:
  Jobs& housekeeping_;
};

}  // namespace nestbox
