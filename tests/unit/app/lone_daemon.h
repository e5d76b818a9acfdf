#pragma once
/// A daemon that has nothing: tests of commands give it what theirs act on.
#include <cstdlib>

#include "calls.h"

namespace nestbox {

class LoneDaemon : public DaemonCalls {
 public:
  void on_main(std::function<void()>) override { std::abort(); }
  StatusReport report() override { std::abort(); }
  CaptureStatus camera() override { std::abort(); }
  const TimeZone& time_zone() const override { std::abort(); }
  VisitStore& visits() override { std::abort(); }
  void make_film(WallTime, FilmMaker::Done) override { std::abort(); }
  void replay(const MotionOptions&, MotionArchive::Progress, MotionArchive::Done) override { std::abort(); }
  Settings& settings() override { std::abort(); }
  const std::string& state_error() const override { std::abort(); }
  void apply(const Change&) override { std::abort(); }
  LiveDirector& live() override { std::abort(); }
  Result<void> store_key(const std::string&, const Secret&) override { std::abort(); }
  void set_password(const Secret&, std::function<void(Result<void>)>) override { std::abort(); }
  void take_picture(std::function<void(Result<PictureTaker::Picture>)>) override { std::abort(); }
  void take_focus(std::function<void(Result<FocusFigure>)>) override { std::abort(); }
  LineKeeper& lines() override { std::abort(); }
  void examine(const Doctor::Wishes&, Doctor::Progress, Doctor::Done) override { std::abort(); }

 protected:
  /// Settings with a state folder of their own.
  static Settings load(const std::filesystem::path& state) {
    Sources sources;
    sources.set_options = {"paths.state=" + state.string()};
    return std::move(Settings::load(sources).value());
  }
};

}  // namespace nestbox
