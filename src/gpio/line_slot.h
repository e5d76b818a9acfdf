#pragma once
/// One line that the settings name, through all that can befall it.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chip_port.h"
#include "nestbox/gpio/lines.h"
#include "nestbox/rules/debouncer.h"
#include "nestbox/rules/line_address.h"

namespace nestbox::gpio {

/// All that the settings say about a line.
struct LineSpec {
  std::string name;
  std::string chip;  ///< that of the setup
  LineText line;
  LineWish::Direction direction = LineWish::Direction::kInput;
  ActiveLevel active = ActiveLevel::kHigh;
  LineBias bias = LineBias::kNone;
  std::chrono::milliseconds debounce{0};
  bool operator==(const LineSpec&) const = default;
};

/// Thread-bound.
class LineSlot {
 public:
  /// How often a line that is not ours is tried again, and one that is ours is looked at: some kernels do not wake who
  /// waits for edges when the chip goes (before Linux 6.6).
  static constexpr std::chrono::seconds kEvery{5};

  explicit LineSlot(LineSpec spec);
  /// An output becomes inactive first: a lamp that no setting names any more goes out.
  ~LineSlot();
  LineSlot(const LineSlot&) = delete;
  LineSlot& operator=(const LineSlot&) = delete;

  const LineSpec& spec() const noexcept { return spec_; }
  bool is_output() const noexcept { return spec_.direction == LineWish::Direction::kOutput; }
  bool held() const noexcept { return held_ != nullptr; }
  int descriptor() const { return held_ ? held_->descriptor() : -1; }  ///< -1: there is nothing to wait for
  std::optional<unsigned> offset() const { return held_ ? std::optional(offset_) : std::nullopt; }
  /// The chip's setting and the address; nothing for a text that names no line.
  std::string chip() const;

  void try_to_hold(ChipPort& port, BootTime now);
  void set(bool active);  ///< precondition (asserted): an output
  bool wanted() const noexcept { return wanted_; }

  /// All three append what has changed; without a line they do nothing.
  void read(BootTime now, std::vector<LineChange>& changes);
  void look(BootTime now, std::vector<LineChange>& changes);  ///< at the level, beside the edges
  void pass(BootTime now, std::vector<LineChange>& changes);

  /// When to try again or to look.
  std::optional<BootTime> due() const { return due_; }
  /// When a level will have been stable.
  std::optional<BootTime> settles() const { return held_ ? debouncer_.deadline() : std::nullopt; }
  LineStatus status() const;

  /// What the log has not been told: a failure once, and that it is over.
  struct Note {
    bool good = false;
    std::string text;
  };
  const std::optional<Note>& note() const noexcept { return note_; }
  std::optional<Note> take_note();

 private:
  Result<void> hold(ChipPort& port);
  void lose(const Error& error);
  bool read_edges(std::vector<LineChange>& changes);
  void append(const std::optional<Debouncer::Edge>& change, std::vector<LineChange>& changes) const;

  const LineSpec spec_;
  const Result<std::optional<LineAddress>> address_;
  std::unique_ptr<HeldLine> held_;
  unsigned offset_ = 0;
  Debouncer debouncer_;
  bool wanted_ = false;  // of an output
  bool lost_edges_ = false;
  std::optional<BootTime> due_;
  LineStatus::State state_ = LineStatus::State::kAbsent;
  std::string holder_, where_, last_error_;
  std::optional<Note> note_;
};

}  // namespace nestbox::gpio
