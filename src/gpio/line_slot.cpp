#include "line_slot.h"

#include "chip_choice.h"
#include "nestbox/base/assert.h"

namespace nestbox::gpio {
namespace {

constexpr int kBatchesMax = 64;  // at one go; what is left wakes the main loop again

std::string name_for_others(const std::string& name) {
  constexpr std::size_t kConsumerMax = 31;  // GPIO_MAX_NAME_SIZE without its end
  return ("nestbox " + name).substr(0, kConsumerMax);
}

}  // namespace

LineSlot::LineSlot(LineSpec spec)
    : spec_(std::move(spec)), address_(parse_line(spec_.line)), debouncer_(spec_.debounce) {
  if (!address_) lose(address_.error());
}

LineSlot::~LineSlot() {
  if (held_ && is_output()) (void)held_->set(false);  // a chip that has gone has nothing to switch
}

std::string LineSlot::chip() const {
  if (!address_ || !*address_ || (*address_)->chip.empty()) return spec_.chip;
  return (*address_)->chip;
}

void LineSlot::try_to_hold(ChipPort& port, BootTime now) {
  if (!address_) return;  // only another setting mends that
  due_ = now + kEvery;
  if (const auto done = hold(port); !done) return lose(done.error());
  state_ = LineStatus::State::kOk;
  last_error_.clear();
  holder_.clear();
  note_ = Note{true, where_};
}

Result<void> LineSlot::hold(ChipPort& port) {
  holder_.clear();
  state_ = LineStatus::State::kAbsent;
  auto found = find_line(port, spec_.chip, **address_);
  if (!found) return tl::unexpected(found.error());
  where_ = found->where;
  auto held = found->chip->request(
      {found->offset, spec_.direction, spec_.active, spec_.bias, wanted_, name_for_others(spec_.name)});
  if (!held) {
    if (held.error().kind != ErrorKind::kBusy) return tl::unexpected(held.error());
    state_ = LineStatus::State::kBusy;
    holder_ = found->chip->holder(found->offset);
    return tl::unexpected(busy_error(where_, holder_));
  }
  offset_ = found->offset;
  held_ = std::move(*held);
  debouncer_ = Debouncer(spec_.debounce);
  lost_edges_ = true;  // what was before this moment is not known
  return {};
}

void LineSlot::lose(const Error& error) {
  held_.reset();
  if (state_ == LineStatus::State::kOk) state_ = LineStatus::State::kAbsent;
  if (error.message == last_error_) return;
  last_error_ = error.message;
  note_ = Note{false, last_error_};
}

void LineSlot::set(bool active) {
  NESTBOX_ASSERT(is_output());
  wanted_ = active;
  if (!held_) return;
  if (const auto done = held_->set(active); !done) lose(done.error());
}

void LineSlot::read(BootTime now, std::vector<LineChange>& changes) {
  if (!read_edges(changes) || !lost_edges_) return;
  lost_edges_ = false;
  const auto level = held_->level();
  if (!level) return lose(level.error());
  append(debouncer_.edge({*level, now}), changes);
}

void LineSlot::look(BootTime now, std::vector<LineChange>& changes) {
  if (!held_) return;
  due_ = now + kEvery;
  const auto level = held_->level();
  if (!level) return lose(level.error());
  if (is_output() || debouncer_.latest() == *level) return;
  // Either an edge is on its way, or it never came.
  lost_edges_ = true;
  read(now, changes);
}

void LineSlot::pass(BootTime now, std::vector<LineChange>& changes) {
  if (held_) append(debouncer_.pass(now), changes);
}

bool LineSlot::read_edges(std::vector<LineChange>& changes) {
  if (!held_ || is_output()) return false;
  for (int batch = 0; batch < kBatchesMax; ++batch) {
    const auto read = held_->read();
    if (!read) {
      lose(read.error());
      return false;
    }
    for (const auto& edge : read->edges) append(debouncer_.edge(edge), changes);
    lost_edges_ = lost_edges_ || read->lost;
    if (read->edges.empty()) break;
  }
  return true;
}

void LineSlot::append(const std::optional<Debouncer::Edge>& change, std::vector<LineChange>& changes) const {
  if (change) changes.push_back({spec_.name, change->active, change->at});
}

LineStatus LineSlot::status() const {
  std::optional<bool> active;
  if (held_) active = is_output() ? std::optional(wanted_) : debouncer_.stable();
  return {spec_.name, active, state_, holder_, where_, last_error_};
}

std::optional<LineSlot::Note> LineSlot::take_note() {
  return std::exchange(note_, std::nullopt);
}

}  // namespace nestbox::gpio
