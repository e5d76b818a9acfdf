#pragma once
/// Lines in and out: the kernel's GPIO chips, or a simulated one.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/options/lines.h"

namespace nestbox {

/// A line's level has changed and stayed so for its debounce.
struct LineChange {
  std::string name;     ///< "pir"
  bool active = false;  ///< not the voltage: InputLine::active is taken into account
  BootTime at{};        ///< of the first edge, as the kernel stamped it
};

struct LineStatus {
  enum class State : std::uint8_t { kOk, kBusy, kAbsent };
  std::string name;
  std::optional<bool> active;  ///< nothing while the line is not held
  State state = State::kAbsent;
  std::string holder;  ///< who has it while it is busy: "w1-gpio"
  std::string where;   ///< "GPIO17 of pinctrl-rp1 (gpiochip0)"; as far as it is known
  std::string last_error;
};

/// Requests lines and holds them. One that is busy or absent is tried again, the others work meanwhile. Chips are found
/// by their label, for a kernel may renumber them. Outputs keep the level that they were last given over apply().
///
/// Thread-bound; nothing blocks for longer than a system call. Not copied, not moved. An output of which it lets go, by
/// apply() or at its end, is made inactive first.
class Lines {
 public:
  struct Input {
    std::string name;  ///< unique among inputs and outputs: "pir"
    InputLine line;
    bool operator==(const Input&) const = default;
  };
  struct Output {
    std::string name;
    OutputLine line;
    bool operator==(const Output&) const = default;
  };
  /// Lines called "none" are left out.
  struct Setup {
    std::string chip = "auto";
    std::vector<Input> inputs;
    std::vector<Output> outputs;
    bool operator==(const Setup&) const = default;
  };

  /// `changed` is called from within apply(), read() and tick(): also for the level at which an input is found, at
  /// first and when it comes back after a fault, so an input whose `changed` has not come is not known. It must not
  /// call back.
  explicit Lines(std::function<void(const LineChange&)> changed);
  ~Lines();

  /// What stays as it was goes on undisturbed.
  void apply(const Setup& setup, BootTime now);
  /// To be watched for reading, then read(). The same one for the whole life, whichever lines there are.
  int descriptor() const;
  void read(BootTime now);
  /// To be called when next_deadline() has passed: levels that have become stable, lines to be tried again.
  void tick(BootTime now);
  std::optional<BootTime> next_deadline() const;

  enum class Level : bool { kInactive, kActive };
  /// Of an output that is not held: when it is. Unknown names do nothing.
  void set(std::string_view output, Level level);
  std::vector<LineStatus> status() const;

  /// With chip "sim" alone: drives an input, by its name, as if somebody had wired it; reads any line. Active, not
  /// voltage. Errors: kInvalidArgument without a simulated chip, kNotFound for a name that is not there, with those
  /// that are.
  Result<void> simulate(std::string_view input, Level level, BootTime now);
  Result<Level> simulated(std::string_view name) const;

 private:
  class Bank;
  std::unique_ptr<Bank> bank_;
};

/// Makes these outputs inactive, then lets go of them: for the moment after a daemon that could not do so itself.
/// Errors: the first line that could not be had; the others are done all the same.
Result<void> make_inactive(const std::string& chip, const std::vector<Lines::Output>& outputs);

}  // namespace nestbox
