#include "simulated_chips.h"

#include <fmt/format.h>

#include <limits>

#include "nestbox/base/assert.h"
#include "nestbox/base/text.h"
#include "nestbox/rules/line_address.h"

namespace nestbox::gpio {
namespace {

using Wires = SimulatedChips::Wires;

constexpr unsigned kFirstNamed = 100'000;  // beyond what can be said as a number

class SimulatedLine : public HeldLine {
 public:
  SimulatedLine(std::shared_ptr<Wires> wires, unsigned offset) : wires_(std::move(wires)), offset_(offset) {}
  ~SimulatedLine() override {
    line().held.reset();
    line().edges.clear();
  }
  int descriptor() const override { return -1; }
  Result<bool> level() override { return line().level(); }
  Result<void> set(bool active) override {
    line().output = active;
    return {};
  }
  Result<Edges> read() override {
    Edges batch;
    batch.edges.swap(line().edges);
    return batch;
  }

 private:
  SimulatedChips::Line& line() { return wires_->lines[offset_]; }
  const std::shared_ptr<Wires> wires_;
  const unsigned offset_;
};

class SimulatedChip : public Chip {
 public:
  explicit SimulatedChip(std::shared_ptr<Wires> wires) : wires_(std::move(wires)) {}
  const ChipName& name() const override { return name_; }
  unsigned line_count() const override { return std::numeric_limits<unsigned>::max(); }
  std::optional<unsigned> find(const std::string& line_name) override {
    // As on a header: GPIO17 and 17 are the same line.
    const std::string lower = lower_case(line_name);
    if (lower.rfind("gpio", 0) == 0) {
      const auto rest = parse_line(std::string_view(lower).substr(4));
      if (rest && *rest && std::holds_alternative<unsigned>((*rest)->line)) return std::get<unsigned>((*rest)->line);
    }
    const auto next = kFirstNamed + static_cast<unsigned>(wires_->names.size());
    return wires_->names.emplace(line_name, next).first->second;
  }
  std::string line_name(unsigned offset) override {
    for (const auto& [name, number] : wires_->names)
      if (number == offset) return name;
    return fmt::format("GPIO{}", offset);
  }
  std::string holder(unsigned offset) override {
    const auto& held = wires_->lines[offset].held;
    return held ? held->consumer : "";
  }
  Result<std::unique_ptr<HeldLine>> request(const LineWish& wish) override {
    auto& line = wires_->lines[wish.offset];
    if (line.held) return fail(ErrorKind::kBusy, fmt::format("request line {}: device or resource busy", wish.offset));
    line.held = wish;
    line.output = wish.level;
    return std::make_unique<SimulatedLine>(wires_, wish.offset);
  }

 private:
  const std::shared_ptr<Wires> wires_;
  const ChipName name_{SimulatedChips::kName, SimulatedChips::kName};
};

}  // namespace

bool SimulatedChips::Line::level() const {
  NESTBOX_ASSERT(held);
  if (held->direction == LineWish::Direction::kOutput) return output;
  const bool active_high = held->active == ActiveLevel::kHigh;
  if (driven_high) return *driven_high == active_high;
  if (held->bias == LineBias::kNone) return false;  // it floats; a floating light sensor would make days and nights
  return (held->bias == LineBias::kPullUp) == active_high;
}

ChipPort::Listed SimulatedChips::list() {
  return {{{kName, kName}}, {}};
}

Result<std::unique_ptr<Chip>> SimulatedChips::open(const std::string&) {
  return std::make_unique<SimulatedChip>(wires_);
}

void SimulatedChips::drive(unsigned offset, bool active, BootTime now) {
  auto& line = wires_->lines[offset];
  const bool before = line.level();
  NESTBOX_ASSERT(line.held->direction == LineWish::Direction::kInput);
  line.driven_high = active == (line.held->active == ActiveLevel::kHigh);
  if (before != active) line.edges.push_back({active, now});
}

bool SimulatedChips::level(unsigned offset) const {
  return wires_->lines[offset].level();
}

}  // namespace nestbox::gpio
