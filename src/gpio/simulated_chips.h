#pragma once
/// The chip "sim": any line of it exists, and tests wire it.
#include <map>
#include <optional>

#include "chip_port.h"

namespace nestbox::gpio {

class SimulatedChips : public ChipPort {
 public:
  static constexpr const char* kName = "sim";

  struct Line {
    std::optional<bool> driven_high;  ///< nothing: nobody has wired it
    std::optional<LineWish> held;
    bool output = false;
    std::vector<Edge> edges;  ///< at most one a drive(), which is followed by a read

    bool level() const;  ///< as its holder sees it; precondition (asserted): held
  };
  struct Wires {
    std::map<unsigned, Line> lines;
    std::map<std::string, unsigned> names;
  };

  Listed list() override;
  Result<std::unique_ptr<Chip>> open(const std::string& device) override;
  /// Preconditions of both (asserted): the line is held; and as an input, of drive().
  void drive(unsigned offset, bool active, BootTime now);
  bool level(unsigned offset) const;

 private:
  const std::shared_ptr<Wires> wires_ = std::make_shared<Wires>();
};

}  // namespace nestbox::gpio
