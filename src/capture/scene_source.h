#pragma once
/// A simulated nest box in the place of a camera. Its pictures are marked as simulated, always.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "colour.h"
#include "frame_source.h"
#include "picture_pool.h"
#include "scene_painter.h"
#include "scene_script.h"
#include "scene_truth.h"

namespace nestbox::capture {

/// Picture n is the same for the same seed, settings, lights and n. See docs/design/scene.md for what it shows and
/// when.
class SceneSource final : public FrameSource {
 public:
  /// `truth`: where the truth is written, after each visit and at the end; empty: nowhere.
  SceneSource(std::uint64_t seed, const CameraOptions& options, std::filesystem::path truth);
  ~SceneSource() override;

  Result<SourceFormat> start() override;
  Result<std::optional<FilledSlot>> poll(BootTime now) override;
  BootTime next_due() const override { return wants_slot() ? BootTime::max() : BootTime::min(); }
  bool wants_slot() const override { return pool_->empty(); }
  void give_back(SlotIndex slot) override { pool_->give_back(slot); }
  Adjusted adjust(const CameraOptions& options) override;
  void set_lights(const SceneLights& lights) override;
  void stop() override;
  std::string name() const override;
  std::vector<std::string> notes() const override;
  std::uint64_t notes_revision() const override { return 0; }

 private:
  double time_of(std::uint64_t index) const;
  SceneLight light_at(double time_s) const;
  double lux_of(const SceneMoment& moment) const;
  BootTime due_of(std::uint64_t index) const;
  /// What picture `index` shows. Indices grow; each one settles the exposure by one step.
  SceneMoment moment_at(std::uint64_t index);
  /// Passes over the pictures for which there was no buffer in time: a gap in the sequence.
  void skip_to(BootTime now);
  void step_exposure(const SceneLight& light, double blocked);
  void write_truth() const;
  void make_colours();

  const std::uint64_t seed_;
  CameraOptions options_;
  const std::filesystem::path truth_;
  std::optional<PicturePool> pool_;
  std::unique_ptr<ScenePainter> painter_;
  ColourAdjust colours_;
  std::vector<std::uint16_t> column_sums_;
  std::optional<VisitPlan> visits_;
  std::optional<SceneLights> lights_;  ///< the daemon's; without: the script's
  SceneSwitches switches_;
  std::optional<BootTime> zero_;  ///< when picture 0 is due
  std::uint64_t next_index_ = 0;
  double exposure_ = 1;  ///< as an exposure meter has settled so far
};

}  // namespace nestbox::capture
