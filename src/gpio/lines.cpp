#include "nestbox/gpio/lines.h"

#include "chip_choice.h"
#include "line_bank.h"

namespace nestbox {
namespace {

Result<void> make_one_inactive(gpio::ChipPort& port, const std::string& chip, const Lines::Output& output) {
  const auto address = parse_line(output.line.line);
  if (!address) return fail(address.error(), output.name);
  if (!*address || ((*address)->chip.empty() ? chip : (*address)->chip) == gpio::SimulatedChips::kName) return {};
  const auto found = gpio::find_line(port, chip, **address);
  if (!found) return fail(found.error(), output.name);
  gpio::LineWish wish;
  wish.offset = found->offset;
  wish.direction = gpio::LineWish::Direction::kOutput;
  wish.active = output.line.active;
  wish.consumer = "nestbox";
  const auto held = found->chip->request(wish);
  if (!held && held.error().kind == ErrorKind::kBusy)
    return fail(gpio::busy_error(found->where, found->chip->holder(found->offset)), output.name);
  if (!held) return fail(held.error(), output.name);
  return {};
}

}  // namespace

Lines::Lines(std::function<void(const LineChange&)> changed) : bank_(std::make_unique<Bank>(std::move(changed))) {}
Lines::~Lines() = default;

void Lines::apply(const Setup& setup, BootTime now) {
  bank_->apply(setup, now);
}

int Lines::descriptor() const {
  return bank_->descriptor();
}

void Lines::read(BootTime now) {
  bank_->read(now);
}

void Lines::tick(BootTime now) {
  bank_->tick(now);
}

std::optional<BootTime> Lines::next_deadline() const {
  return bank_->next_deadline();
}

void Lines::set(std::string_view output, Level level) {
  bank_->set(output, level);
}

std::vector<LineStatus> Lines::status() const {
  return bank_->status();
}

Result<void> Lines::simulate(std::string_view input, Level level, BootTime now) {
  return bank_->simulate(input, level, now);
}

Result<Lines::Level> Lines::simulated(std::string_view name) const {
  return bank_->simulated(name);
}

Result<void> make_inactive(const std::string& chip, const std::vector<Lines::Output>& outputs) {
  gpio::KernelChips port;
  Result<void> first;
  for (const auto& output : outputs) {
    auto done = make_one_inactive(port, chip, output);
    if (!done && first) first = std::move(done);
  }
  return first;
}

}  // namespace nestbox
