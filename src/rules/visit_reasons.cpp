#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "nestbox/base/text.h"
#include "nestbox/rules/motion_detector.h"
#include "nestbox/rules/visit.h"

namespace nestbox {
namespace {

/// What the code of a reason says to the owner; empty for one that is not known.
std::string_view because(std::string_view code) {
  if (code == held_back_name(HeldBack::kLearning)) return "the camera had just started and its picture was new";
  if (code == held_back_name(HeldBack::kSwitch)) return "lamp, filter or camera had been switched";
  if (code == held_back_name(HeldBack::kLight)) return "much of the picture became lighter or darker at once";
  if (code == held_back_name(HeldBack::kTooSmall)) return "what moved was smaller than motion.min_area";
  if (code == held_back_name(HeldBack::kTooShort)) return "it had not moved long enough to be sure";
  if (code == held_back_name(HeldBack::kErratic)) return "it jumped from place to place, as insects and rain do";
  return "";
}

std::string duration_text(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", std::max(0.0, seconds));
  const auto whole = std::llround(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string share_text(double share) {
  const double per_cent = 100 * share;
  return per_cent < 0.095 ? fmt::format("{:.2f} %", per_cent) : fmt::format("{:.1f} %", per_cent);
}

std::string motion_text(const MotionRecord& event) {
  auto text = fmt::format("a moving area of {}", share_text(event.area));
  if (!event.zone.empty()) text += " in zone " + event.zone;
  text += " for " + duration_text(to_seconds(event.end - event.begin));
  for (const auto& reason : event.reasons) {
    if (const auto said = reason_text(reason); !said.empty()) text += "; " + said;
  }
  return text;
}

std::string_view trigger_text(Trigger trigger) {
  switch (trigger) {
    case Trigger::kMotion:
      return "something moved, of which no more is known";
    case Trigger::kPir:
      return "the infra-red sensor noticed something warm";
    case Trigger::kLid:
      return "the lid was opened";
    case Trigger::kButton:
      return "the button was pressed";
  }
  return "";
}

}  // namespace

std::string reason_text(const MotionReason& reason) {
  if (reason.code == held_back_name(HeldBack::kNothing)) return "";
  auto text = std::string("held back");
  if (reason.for_s > 0) text += " " + duration_text(reason.for_s);
  const auto why = because(reason.code);
  return text + (why.empty() ? fmt::format(" ({})", reason.code) : fmt::format(" because {}", why));
}

bool is_false_alarm(const VisitRecord& visit) {
  return lower_case(visit.species) == "none";
}

std::string why_sentence(const VisitRecord& visit, const std::vector<MotionRecord>& events) {
  const MotionRecord* strongest = nullptr;
  for (const auto& event : events) {
    if (event.near_miss) continue;
    if (strongest == nullptr || event.peak_score > strongest->peak_score) strongest = &event;
  }
  std::string text = strongest == nullptr ? "" : motion_text(*strongest);
  for (const auto trigger : kEveryTrigger) {
    const bool told = trigger == Trigger::kMotion && strongest != nullptr;
    if (told || !visit.triggers.contains(trigger)) continue;
    text += (text.empty() ? "" : "; ") + std::string(trigger_text(trigger));
  }
  if (text.empty()) text = "what began it is not known";
  if (visit.continues) text += fmt::format("; it goes on from visit {}", *visit.continues);
  text[0] = static_cast<char>(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
  return text + ".";
}

}  // namespace nestbox
