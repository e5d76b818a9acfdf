#pragma once
/// What this folder wants of a chip, whoever drives it: either libgpiod, or nobody (simulated_chips.h). All
/// thread-bound.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/options/lines.h"
#include "nestbox/rules/debouncer.h"

namespace nestbox::gpio {

struct ChipName {
  std::string device;  ///< "gpiochip0"
  std::string label;   ///< "pinctrl-bcm2711"
};

struct LineWish {
  enum class Direction : std::uint8_t { kInput, kOutput };
  unsigned offset = 0;
  Direction direction = Direction::kInput;
  ActiveLevel active = ActiveLevel::kHigh;
  LineBias bias = LineBias::kNone;  ///< of an input
  bool level = false;               ///< of an output, from its first moment
  std::string consumer;             ///< what others are told who ask for the holder
};

using Edge = Debouncer::Edge;

struct Edges {
  std::vector<Edge> edges;
  bool lost = false;  ///< some before, between or after these
};

/// A line while it is ours; destroying it lets go. Errors of all: kNotFound when the chip has gone, else kUnavailable.
class HeldLine {
 public:
  virtual ~HeldLine() = default;
  /// Becomes readable with edges, of an input alone; -1: there is nothing to wait for.
  virtual int descriptor() const = 0;
  virtual Result<bool> level() = 0;
  virtual Result<void> set(bool active) = 0;
  /// What has come until now, a batch of it; empty when there is no more. Does not block.
  virtual Result<Edges> read() = 0;
};

class Chip {
 public:
  virtual ~Chip() = default;
  virtual const ChipName& name() const = 0;
  virtual unsigned line_count() const = 0;
  virtual std::optional<unsigned> find(const std::string& line_name) = 0;
  /// "GPIO17"; empty where the line has no name.
  virtual std::string line_name(unsigned offset) = 0;
  /// Who has the line; empty when nobody has, or the holder gave no name.
  virtual std::string holder(unsigned offset) = 0;
  /// Errors: kBusy, kNotFound (the chip has gone), kUnavailable. The line may outlive this object.
  virtual Result<std::unique_ptr<HeldLine>> request(const LineWish& wish) = 0;
};

class ChipPort {
 public:
  virtual ~ChipPort() = default;
  /// Those that can be opened, by their number. `problem` is why one could not be.
  struct Listed {
    std::vector<ChipName> chips;
    std::string problem;
  };
  virtual Listed list() = 0;
  virtual Result<std::unique_ptr<Chip>> open(const std::string& device) = 0;
};

/// The kernel's chips, through libgpiod: src/gpio/chip_gpiod1.cpp or chip_gpiod2.cpp.
Result<std::unique_ptr<Chip>> open_with_gpiod(const std::string& device);

}  // namespace nestbox::gpio
