#include "calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "call_context.h"
#include "json_values.h"

namespace nestbox {
namespace calls {
namespace {

Json to_json(const Setting& setting) {
  return {{"key", setting.key},
          {"value", Json::parse(setting.value_json)},
          {"default", Json::parse(setting.default_json)},
          {"from", setting.where},
          {"stage", stage_texts(setting.stages)},
          {"allowed", setting.allowed},
          {"help", setting.help}};
}

void status(const Context& context) {
  context.done({kGood, redacted(to_json(context.daemon.report(), context.daemon.time_zone())), {}});
}

void get(const Context& context) {
  const auto settings = context.daemon.settings().get(text_argument(context.arguments, "key").value_or(""));
  if (!settings) return context.done(error(settings.error()));
  auto list = Json::array();
  for (const auto& setting : *settings) list.push_back(to_json(setting));
  context.done(good({{"settings", list}}));
}

void set(const Context& context) {
  const auto key = text_argument(context.arguments, "key");
  const auto value = text_argument(context.arguments, "value");
  if (!key || !value) return context.done(error(kBadUsage, "bad_usage", "set needs a key and a value"));
  if (!context.can_keep()) return;
  context.changed(context.daemon.settings().set(*key, *value));
}

void reset(const Context& context) {
  if (!context.can_keep()) return;
  context.changed(context.daemon.settings().reset(text_argument(context.arguments, "key").value_or("")));
}

void reload(const Context& context) {
  context.changed(context.daemon.settings().reload());
}

void diff(const Context& context) {
  auto changes = Json::array();
  for (const auto& difference : context.daemon.settings().diff()) {
    changes.push_back({{"key", difference.key},
                       {"value", difference.value},
                       {"was", difference.below},
                       {"was_from", difference.below_where},
                       {"held_by", difference.held_by.empty() ? Json(nullptr) : Json(difference.held_by)}});
  }
  context.done(good({{"changes", changes}}));
}

void snapshot(const Context& context) {
  context.daemon.take_picture([&daemon = context.daemon, done = context.done](Result<PictureTaker::Picture> picture) {
    if (!picture) return done(error(picture.error()));
    auto answer = good({{"width", picture->width},
                        {"height", picture->height},
                        {"taken_at", to_rfc3339(daemon.time_zone().to_local(wall_now()))}});
    answer.attachment = *picture->jpeg;
    done(std::move(answer));
  });
}

void key(const Context& context) {
  const auto name = text_argument(context.arguments, "name");
  if (text_argument(context.arguments, "action") != "set" || !name) {
    return context.done(error(kBadUsage, "bad_usage", "key needs an action (set) and a name"));
  }
  const auto stored = context.daemon.store_key(*name, context.call.secret);
  if (!stored) return context.done(error(stored.error()));
  context.done(good({{"stored", *name}}));
}

void passwd(const Context& context) {
  context.daemon.set_password(context.call.secret, [done = context.done](Result<void> set) {
    done(set ? good({{"password_set", true}}) : error(set.error()));
  });
}

const char* word(PublishFault fault) {
  switch (fault) {
    case PublishFault::kNone:
      return "sending";
    case PublishFault::kNoNetwork:
      return "no_network";
    case PublishFault::kNoName:
      return "no_name";
    case PublishFault::kTls:
      return "tls";
    case PublishFault::kRefused:
      return "refused";
    case PublishFault::kLost:
      return "lost";
    case PublishFault::kTooSlow:
      return "too_slow";
    case PublishFault::kKey:
      return "key";
    case PublishFault::kUrl:
      return "url";
  }
  return "lost";
}

void test_live(const Context& context, const std::string& name) {
  const auto progress = [report = context.call.progress](std::chrono::nanoseconds elapsed) {
    if (report) report(dump({{"seconds", to_seconds(elapsed)}}));
  };
  context.daemon.live().test(name, progress, [done = context.done](Result<PublishVerdict> verdict) {
    if (!verdict) return done(error(verdict.error()));
    auto answer = good({{"verdict", word(verdict->fault)},
                        {"text", verdict->text},
                        {"throughput_bps", verdict->throughput_bps},
                        {"needed_bps", verdict->needed_bps}});
    answer.exit_status = verdict->fault == PublishFault::kNone ? kGood : kFailed;
    done(std::move(answer));
  });
}

void live(const Context& context) {
  const auto action = text_argument(context.arguments, "action").value_or("");
  const auto output = text_argument(context.arguments, "output").value_or("");
  if (action == "test") return test_live(context, output);
  if (action != "start" && action != "stop") {
    return context.done(
        error(kBadUsage, "bad_usage", fmt::format("live knows no \"{}\"", action), "", "start, stop, test"));
  }
  auto& director = context.daemon.live();
  const auto ordered = action == "start" ? director.start(output) : director.stop(output);
  if (!ordered) return context.done(error(ordered.error()));
  auto outputs = Json::array();
  const auto report = Json::parse(to_json(context.daemon.report(), context.daemon.time_zone()));
  Json body = {{"outputs", report.at("outputs")}};
  const auto warning = director.microphone_warning();
  if (action == "start" && !warning.empty()) body["notes"] = Json::array({warning});
  context.done(good(body));
}

Json to_json(const FocusPeaks& peaks) {
  return {{"day", value_or_null(peaks.peak(FocusLight::kDay).sharpness)},
          {"infrared", value_or_null(peaks.peak(FocusLight::kInfrared).sharpness)}};
}

Json to_json(const std::optional<LensRange>& lens, const FocusFigure& seen) {
  if (!lens) return nullptr;
  return {{"min", lens->min}, {"max", lens->max}, {"position", value_or_null(seen.lens_position)}};
}

void look_at_focus(const Context& context, FocusLight light) {
  const auto answer = [&daemon = context.daemon, &peaks = context.peaks, light,
                       done = context.done](const Result<FocusFigure>& seen) {
    if (!seen) return done(error(seen.error()));
    if (seen->content == Content::kSlate) {
      return done(error(kFailed, "no_picture", "there is no camera picture; `nestbox status` says why"));
    }
    const auto& peak = peaks.update(light, *seen);
    done(good({{"light", word(light)},
               {"sharpness", seen->sharpness},
               {"peak", value_or_null(peak.sharpness)},
               {"peaks", to_json(peaks)},
               {"focus_measure", value_or_null(seen->focus_measure)},
               {"focus_measure_peak", value_or_null(peak.focus_measure)},
               {"lens", to_json(daemon.camera().lens, *seen)},
               {"width", seen->width},
               {"height", seen->height},
               {"crop_width", seen->crop_width},
               {"crop_height", seen->crop_height}}));
  };
  context.daemon.take_focus(answer);
}

void lock_lens(const Context& context) {
  const auto text = text_argument(context.arguments, "dioptres");
  if (!text) return context.done(error(kBadUsage, "bad_usage", "lock needs dioptres: 1 divided by the metres"));
  const auto dioptres = check_lens_position(*text, context.daemon.camera());
  if (!dioptres && dioptres.error().kind == ErrorKind::kNotFound)
    return context.done(error(kFailed, "no_lens", dioptres.error().message));
  if (!dioptres) return context.done(error(dioptres.error()));
  if (!context.can_keep()) return;
  // Both at once: a position has no effect without the mode, and the mode alone would hold the lens where it stands.
  const auto both = fmt::format("{{autofocus_mode: manual, lens_position: {}}}", *dioptres);
  const auto change = context.daemon.settings().set("camera", both);
  if (!change) return context.done(error(change.error()));
  context.daemon.apply(*change);
  context.done(good({{"dioptres", *dioptres}, {"changed", change->keys}}));
}

void focus(const Context& context) {
  const auto action = text_argument(context.arguments, "action").value_or("look");
  const auto light_text = text_argument(context.arguments, "light").value_or("day");
  const auto light = to_focus_light(light_text);
  if (!light) {
    return context.done(
        error(kBadUsage, "bad_value", fmt::format("focus knows no light \"{}\"", light_text), "", "day, infrared"));
  }
  if (action == "look") return look_at_focus(context, *light);
  if (action == "lock") return lock_lens(context);
  if (action != "reset") {
    return context.done(
        error(kBadUsage, "bad_usage", fmt::format("focus knows no \"{}\"", action), "", "look, reset, lock"));
  }
  context.peaks.reset(*light);
  context.done(good({{"light", word(*light)}, {"peaks", to_json(context.peaks)}}));
}

void examine(const Context& context) {
  constexpr int kLongest_s = 600;
  const auto uplink = context.arguments.find("uplink_s");
  const bool given = uplink != context.arguments.end();
  if (given && (!uplink->is_number_unsigned() || *uplink > kLongest_s)) {
    return context.done(error(kBadUsage, "bad_value", "uplink_s is a number of seconds", "", "0 to 600"));
  }
  const auto progress = [report = context.call.progress](const Doctor::Step& step) {
    if (report)
      report(dump({{"state", step.what}, {"seconds", step.seconds}, {"throughput_bps", step.throughput_bps}}));
  };
  const auto lights = context.arguments.find("lights");
  if (lights != context.arguments.end() && !lights->is_boolean())
    return context.done(error(kBadUsage, "bad_value", "lights is true or false", "", "true, false"));
  Doctor::Wishes wishes;
  wishes.uplink = std::chrono::seconds(given ? uplink->get<int>() : 0);
  if (lights != context.arguments.end() && *lights) wishes.lights = Doctor::Wishes::Lights::kTry;
  context.daemon.examine(wishes, progress, context.done);
}

struct Command {
  const char* name;
  void (*run)(const Context&);
};
constexpr std::array kCommands{
    Command{"status", status},   Command{"get", get},       Command{"set", set},           Command{"reset", reset},
    Command{"reload", reload},   Command{"diff", diff},     Command{"snapshot", snapshot}, Command{"key", key},
    Command{"live", live},       Command{"passwd", passwd}, Command{"doctor", examine},    Command{"focus", focus},
    Command{"visits", visits},   Command{"why", why},       Command{"star", star},         Command{"note", note},
    Command{"species", species}, Command{"replay", replay}, Command{"day", day},           Command{"sim", simulate},
};

}  // namespace
}  // namespace calls

void Calls::call(const Call& call, const Done& done) {
  using calls::error, calls::kBadUsage;
  const auto arguments = calls::Json::parse(call.arguments_json.empty() ? "{}" : call.arguments_json, nullptr, false);
  if (!arguments.is_object()) return done(error(kBadUsage, "bad_usage", "the arguments are no JSON object"));
  const auto command = std::find_if(calls::kCommands.begin(), calls::kCommands.end(),
                                    [&](const calls::Command& known) { return call.command == known.name; });
  if (command == calls::kCommands.end()) {
    return done(error(kBadUsage, "unknown_command", fmt::format("no command is called \"{}\"", call.command)));
  }
  command->run({daemon_, call, arguments, done, focus_peaks_});
}

}  // namespace nestbox
