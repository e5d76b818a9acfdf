#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fields.h"
#include "nestbox/rules/trigger_expression.h"

namespace nestbox::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kZonesMax = 32;
constexpr std::int64_t kMegabyte = 1'000'000;
constexpr std::int64_t kTerabyte = 1'000'000 * kMegabyte;

std::optional<TextProblem> zone_name_problem(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (good) return std::nullopt;
  return TextProblem{"is no name of a zone"};
}

Codec<std::vector<MotionZone>> zones() {
  using Z = MotionZone;
  const auto corners = list("a list of 3 to 32 corners [x, y]", point(), 3, 32);
  const std::vector<Field<Z>> fields = {
      required(
          field("name", &Z::name, text("lower-case letters, digits and hyphens, 1 to 32", zone_name_problem), {}, "")),
      field("watch", &Z::watch, boolean(), {}, ""), required(field("polygon", &Z::polygon, corners, {}, ""))};
  const auto whole = list(
      fmt::format("a list of up to {} zones {{name: NAME, watch: true | false, polygon: [[x, y], ...]}}", kZonesMax),
      map_of("{name: NAME, watch: true | false, polygon: [[x, y], ...]}", fields), 0, kZonesMax);
  return {whole.allowed,
          [=](const Node& node, std::vector<Z>& out, const Reading& reading) {
            whole.read(node, out, reading);
            if (!node.is_list()) return;
            std::set<std::string> seen;
            for (std::size_t i = 0; i < std::min(out.size(), node.items.size()); ++i) {
              if (out[i].name.empty() || seen.insert(out[i].name).second) continue;
              reading.below(fmt::format("[{}].name", i))
                  .complain(ConfigErrorCode::kContradiction, node.items[i].where,
                            fmt::format("two zones are called \"{}\"", out[i].name), "names that differ", "");
            }
          },
          whole.write};
}

std::optional<TextProblem> visit_problem(const std::string& expression) {
  const auto parsed = TriggerExpression::parse(expression);
  if (!parsed) return TextProblem{parsed.error().message, ConfigErrorCode::kBadValue, false};
  if (parsed->mentioned().contains(Trigger::kLid)) {
    return TextProblem{"lid: there is no feeder yet in this version", ConfigErrorCode::kBadValue, false};
  }
  return std::nullopt;
}

/// "10%" or "2G".
Codec<FreeSpace> free_space() {
  const auto of_share = share(0.01, 0.90);
  const auto of_bytes = size(kMegabyte, 100 * kTerabyte);
  const auto allowed = of_share.allowed + ", or " + of_bytes.allowed;
  return {allowed,
          [=](const Node& node, FreeSpace& out, const Reading& reading) {
            FreeSpace value;
            std::vector<ConfigError> errors;
            const Reading inner(reading.key(), errors);
            const bool in_bytes = node.is_scalar() && parse_size(node.text).has_value();
            in_bytes ? of_bytes.read(node, value.bytes, inner) : of_share.read(node, value.share, inner);
            for (auto& error : errors) {
              error.allowed = allowed;
              reading.take(std::move(error));
            }
            if (errors.empty()) out = value;
          },
          [=](const FreeSpace& value) {
            return value.bytes != 0 ? of_bytes.write(value.bytes) : of_share.write(value.share);
          }};
}

}  // namespace

std::vector<Field<MotionOptions>> motion_fields() {
  using M = MotionOptions;
  constexpr Stages kMotion{Stage::kMotion};
  return {
      field("enabled", &M::enabled, boolean(), kMotion, "Whether the picture is watched for movement."),
      field("preset", &M::preset, one_of<MotionPreset>({"nest-box", "feeder", "garden"}), kMotion,
            "What the camera looks at: the inside of a box, animals close by in front of leaves and sky, or a garden "
            "with wind, rain and insects."),
      field("sensitivity", &M::sensitivity, integer(0, 100), kMotion,
            "Higher notices fainter animals, and more that is none; 50 is right for most."),
      field("min_area", &M::min_area, share(0.0001, 0.5), kMotion,
            "How much of the picture moves at least before it counts."),
      field("min_duration", &M::min_duration, duration(milliseconds(0), seconds(10)), kMotion,
            "How long it moves at least before it counts."),
      field("zones", &M::zones, zones(), kMotion,
            "Parts of the picture to watch, or to ignore with watch: false. With one to watch, all that lies in none "
            "of them is ignored; where both lie, it is ignored.",
            "[{name: hole, watch: true, polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}]"),
  };
}

std::vector<Field<TriggerOptions>> trigger_fields() {
  return {field(
      "visit", &TriggerOptions::visit,
      text("an expression of motion, pir and button with and, or, not and ( ), up to 200 characters", visit_problem),
      {Stage::kVisits},
      "What makes a visit: while this holds, somebody is there. pir and button are wired as gpio says.",
      "motion or pir")};
}

std::vector<Field<VisitOptions>> visit_fields() {
  using V = VisitOptions;
  constexpr Stages kVisits{Stage::kVisits};
  return {
      field("record", &V::record, boolean(), kVisits,
            "Whether each visit gets a clip; a photograph it gets in any case."),
      field("pre_capture", &V::pre_capture, duration(milliseconds(0), minutes(1)), kVisits,
            "How much of what was before the visit is in its clip."),
      field("post_capture", &V::post_capture, duration(milliseconds(0), minutes(5)), kVisits,
            "How much of what came after it is."),
      field("event_gap", &V::event_gap, duration(seconds(1), hours(1)), kVisits,
            "What comes back within this time belongs to the same visit."),
      field("max_length", &V::max_length, duration(seconds(10), hours(2)), kVisits,
            "A longer visit goes on as the next one, with a clip of its own."),
  };
}

std::vector<Field<RetainOptions>> retain_fields() {
  using R = RetainOptions;
  constexpr Stages kVisits{Stage::kVisits};
  return {
      field("days", &R::days, integer(0, 36'500), kVisits,
            "How many days clips and photographs are kept; 0 is for ever. Starred visits keep theirs in any case."),
      field("min_free", &R::min_free, free_space(), kVisits,
            "How much of the disk stays free: the oldest recordings make room.", "2G"),
      field("max_size", &R::max_size_bytes, size_or_zero(kMegabyte, 100 * kTerabyte, "no limit"), kVisits,
            "How large all recordings together may become: the oldest ones make room.", "20G"),
  };
}

}  // namespace nestbox::config
