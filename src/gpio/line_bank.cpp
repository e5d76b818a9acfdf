#include "line_bank.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <map>
#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

using gpio::LineSlot;
using gpio::LineSpec;
using Direction = gpio::LineWish::Direction;

constexpr const char* kPart = "gpio";

std::vector<LineSpec> specs_of(const Lines::Setup& setup) {
  std::vector<LineSpec> specs;
  for (const auto& [name, line] : setup.inputs)
    specs.push_back({name, setup.chip, line.line, Direction::kInput, line.active, line.bias, line.debounce});
  for (const auto& [name, line] : setup.outputs)
    specs.push_back({name, setup.chip, line.line, Direction::kOutput, line.active, LineBias::kNone, {}});
  std::erase_if(specs, [](const LineSpec& spec) { return spec.line == "none"; });
  return specs;
}

/// Its place among the slots; nullptr where there is none.
template <class Slots>
auto* find(Slots& slots, std::string_view name) {
  const auto has_name = [&](const auto& slot) { return slot && slot->spec().name == name; };
  const auto found = std::find_if(slots.begin(), slots.end(), has_name);
  return found == slots.end() ? nullptr : &*found;
}

std::string sentence(const std::map<std::string, std::string>& said_of) {
  std::string text;
  for (const auto& [what, names] : said_of) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", names, what);
  return text;
}

}  // namespace

Lines::Bank::Bank(std::function<void(const LineChange&)> changed)
    : changed_(std::move(changed)), waiting_(::epoll_create1(EPOLL_CLOEXEC)) {
  NESTBOX_ASSERT(waiting_);
}

Lines::Bank::~Bank() = default;

void Lines::Bank::apply(const Setup& setup, BootTime now) {
  Slots next;
  std::vector<LineSlot*> fresh;
  for (auto& spec : specs_of(setup)) {
    auto* const before = find(slots_, spec.name);
    if (before != nullptr && (*before)->spec() == spec) {
      next.push_back(std::move(*before));
      continue;
    }
    const bool active = before != nullptr && (*before)->is_output() && (*before)->wanted();
    auto& slot = *next.emplace_back(std::make_unique<LineSlot>(std::move(spec)));
    if (slot.is_output()) slot.set(active);
    fresh.push_back(&slot);
  }
  // First let go: a line may have moved from one name to another.
  slots_.swap(next);
  next.clear();
  std::vector<LineChange> changes;
  for (auto* const slot : fresh) hold(*slot, now, changes);
  report(std::move(changes));
}

void Lines::Bank::hold(LineSlot& slot, BootTime now, std::vector<LineChange>& changes) {
  const bool is_simulated = slot.chip() == gpio::SimulatedChips::kName;
  slot.try_to_hold(is_simulated ? static_cast<gpio::ChipPort&>(simulated_) : kernel_, now);
  if (const int fd = slot.descriptor(); fd >= 0) {
    epoll_event event{};
    event.events = EPOLLIN;
    // Closing the line takes it out again. Without memory for it, the line is looked at every few seconds.
    (void)::epoll_ctl(waiting_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  slot.read(now, changes);
}

void Lines::Bank::read(BootTime now) {
  std::vector<LineChange> changes;
  for (auto& slot : slots_) slot->read(now, changes);
  report(std::move(changes));
}

void Lines::Bank::tick(BootTime now) {
  std::vector<LineChange> changes;
  for (auto& slot : slots_) {
    slot->read(now, changes);  // an edge that waits may say that a level was not stable
    slot->pass(now, changes);
    if (!slot->due() || *slot->due() > now) continue;
    if (slot->held())
      slot->look(now, changes);
    else
      hold(*slot, now, changes);
  }
  report(std::move(changes));
}

std::optional<BootTime> Lines::Bank::next_deadline() const {
  std::optional<BootTime> next;
  for (const auto& slot : slots_)
    for (const auto& time : {slot->due(), slot->settles()})
      if (time && (!next || *time < *next)) next = time;
  return next;
}

void Lines::Bank::set(std::string_view output, Level level) {
  auto* const slot = find(slots_, output);
  if (slot == nullptr || !(*slot)->is_output()) return;
  (*slot)->set(level == Level::kActive);
  tell_log();
}

std::vector<LineStatus> Lines::Bank::status() const {
  std::vector<LineStatus> all;
  for (const auto& slot : slots_) all.push_back(slot->status());
  return all;
}

Result<void> Lines::Bank::simulate(std::string_view input, Level level, BootTime now) {
  const auto slot = simulated_slot(input);
  if (!slot) return tl::unexpected(slot.error());
  if ((*slot)->is_output())
    return fail(ErrorKind::kInvalidArgument, fmt::format("{} is an output: nestbox itself drives it", input));
  simulated_.drive(*(*slot)->offset(), level == Level::kActive, now);
  read(now);
  return {};
}

Result<Lines::Level> Lines::Bank::simulated(std::string_view name) const {
  const auto slot = simulated_slot(name);
  if (!slot) return tl::unexpected(slot.error());
  return simulated_.level(*(*slot)->offset()) ? Level::kActive : Level::kInactive;
}

Result<const LineSlot*> Lines::Bank::simulated_slot(std::string_view name) const {
  const auto* const place = find(slots_, name);
  if (place == nullptr) {
    std::string names;
    for (const auto& other : slots_) names += (names.empty() ? "" : ", ") + other->spec().name;
    return fail(ErrorKind::kNotFound,
                fmt::format("no line is called {}; in use are: {}", name, names.empty() ? "none" : names));
  }
  const auto& slot = *place;
  if (slot->chip() != gpio::SimulatedChips::kName)
    return fail(ErrorKind::kInvalidArgument, fmt::format("{} is a real line; lines are simulated where gpio.chip is {}",
                                                         name, gpio::SimulatedChips::kName));
  if (!slot->held()) return fail(ErrorKind::kBusy, slot->status().last_error);
  return slot.get();
}

void Lines::Bank::report(std::vector<LineChange> changes) {
  tell_log();
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (const auto& change : changes) changed_(change);
}

/// One line for all that happened at once. What the limit holds back is told later, for it is told only once.
void Lines::Bank::tell_log() {
  const auto has_note = [](const auto& slot) { return slot->note().has_value(); };
  if (std::none_of(slots_.begin(), slots_.end(), has_note) || !log_limit_.admit(BootClock::now())) return;
  std::map<std::string, std::string> good, bad;  // the names of lines, by what is to be said of them
  for (auto& slot : slots_) {
    const auto note = slot->take_note();
    if (!note) continue;
    auto& names = (note->good ? good : bad)[note->text];
    names += (names.empty() ? "" : ", ") + slot->spec().name;
  }
  if (!bad.empty()) log::write(log::Level::kWarning, kPart, sentence(bad));
  if (!good.empty()) log::write(log::Level::kInfo, kPart, sentence(good));
}

}  // namespace nestbox
