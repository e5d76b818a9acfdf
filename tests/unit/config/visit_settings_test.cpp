// motion, triggers, visits and retain: how they are written, refused, and told of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nestbox/config/settings.h"
#include "unit/config/refusal.h"
#include "unit/config/temporary_folder.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(VisitSettings, EveryKeyIsRead) {
  const auto options = options_of(R"(
motion:
  enabled: false
  preset: nest-box
  sensitivity: 60
  min_area: 1.5%
  min_duration: 500ms
  zones:
    - {name: hole, polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
    - {name: leaves, watch: false, polygon: [[0, 0], [1, 0], [1, 0.1], [0, 0.1]]}
triggers: {visit: "motion or motion and motion"}
visits: {record: false, pre_capture: 2s, post_capture: 1s, event_gap: 20s, max_length: 5m}
live: {when: [visit, manual]}
retain: {days: 7, min_free: 2G, max_size: 20G}
)");
  EXPECT_FALSE(options.motion.enabled);
  EXPECT_EQ(options.motion.preset, MotionPreset::kNestBox);
  EXPECT_EQ(options.motion.sensitivity, 60);
  EXPECT_DOUBLE_EQ(options.motion.min_area, 0.015);
  EXPECT_EQ(options.motion.min_duration, 500ms);
  EXPECT_THAT(options.motion.zones, ElementsAre(MotionZone{"hole", true, {{0.1, 0.1}, {0.9, 0.1}, {0.9, 0.9}}},
                                                MotionZone{"leaves", false, {{0, 0}, {1, 0}, {1, 0.1}, {0, 0.1}}}));
  EXPECT_EQ(options.triggers.visit, "motion or motion and motion");
  EXPECT_EQ(options.visits, (VisitOptions{false, 2s, 1s, 20s, 5min}));
  EXPECT_TRUE(options.live.when.visit);
  EXPECT_TRUE(options.live.when.manual);
  EXPECT_EQ(options.retain.days, 7);
  EXPECT_EQ(options.retain.min_free.bytes, 2'000'000'000);
  EXPECT_EQ(options.retain.max_size_bytes, 20'000'000'000);
  EXPECT_DOUBLE_EQ(options_of("retain: {min_free: 5%}\n").retain.min_free.share, 0.05);
  EXPECT_EQ(options_of("retain: {min_free: 5%}\n").retain.min_free.bytes, 0);
}

TEST(VisitSettings, EveryValueIsWrittenAsItIsRead) {
  TemporaryFolder folder;
  const auto shown_as = [&](const std::string& setting) {
    Sources from;
    from.set_options = {"paths.state=" + folder.path().string(), setting};
    const auto settings = Settings::load(from);
    EXPECT_TRUE(settings) << (settings ? "" : to_lines(settings.error()));
    return settings ? settings->get(setting.substr(0, setting.find('='))).value().front().value : "";
  };
  EXPECT_EQ(shown_as("motion.min_area=0.05%"), "0.05%");
  EXPECT_EQ(shown_as("motion.min_area=7.3%"), "7.3%");
  EXPECT_EQ(shown_as("motion.preset=feeder"), "feeder");
  EXPECT_EQ(shown_as("retain.min_free=25%"), "25%");
  EXPECT_EQ(shown_as("retain.min_free=1.5G"), "1500M");
  EXPECT_EQ(shown_as("retain.max_size=20G"), "20G");
  EXPECT_EQ(shown_as("retain.max_size=0"), "0");
  EXPECT_EQ(shown_as("live.when=[visit, always]"), "[always, visit]");
  EXPECT_EQ(shown_as("live.schedule=[{from: 9:00, to: 17:30:20}]"), "[{from: \"09:00\", to: \"17:30:20\"}]");
  EXPECT_EQ(shown_as("motion.zones=[{name: a, polygon: [[0, 0], [1, 0], [1, 1]]}]"),
            "[{name: a, watch: true, polygon: [[0, 0], [1, 0], [1, 1]]}]");
}

class EachVisitRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(EachVisitRefusal, SaysWhatWhereAndWhatWouldBeRight) {
  EXPECT_THAT(lines_of(GetParam().yaml), ElementsAre(HasSubstr(GetParam().line))) << GetParam().yaml;
}

INSTANTIATE_TEST_SUITE_P(
    Motion, EachVisitRefusal,
    testing::Values(
        Refusal{"motion: {preset: gardn}\n",
                "nestbox.yaml:1:18: motion.preset: \"gardn\" is not known; allowed: nest-box | feeder | garden; did "
                "you mean garden?"},
        Refusal{"motion: {sensitivity: 101}\n",
                "nestbox.yaml:1:23: motion.sensitivity: 101 is out of range; allowed: a whole number, 0 to 100"},
        Refusal{"motion: {min_area: 0.2}\n",
                "nestbox.yaml:1:20: motion.min_area: \"0.2\" is not a share; allowed: a share such as 0.2% or 10%, "
                "from 0.01% to 50%"},
        Refusal{"motion: {min_area: 0%}\n", "motion.min_area: 0% is out of range"},
        Refusal{"motion: {min_area: -1%}\n", "motion.min_area: \"-1%\" is not a share"},
        Refusal{"motion: {min_duration: 1m}\n", "motion.min_duration: 1m is out of range"},
        Refusal{"motion: {zones: [{polygon: [[0, 0], [1, 0], [1, 1]]}]}\n", "motion.zones[0].name: is missing"},
        Refusal{"motion: {zones: [{name: Hole, polygon: [[0, 0], [1, 0], [1, 1]]}]}\n",
                "motion.zones[0].name: \"Hole\" is no name of a zone; allowed: lower-case letters, digits and "
                "hyphens, 1 to 32"},
        Refusal{"motion: {zones: [{name: a, polygon: [[0, 0], [1, 0]]}]}\n",
                "motion.zones[0].polygon: has 2 entries; allowed: a list of 3 to 32 corners [x, y]"},
        Refusal{"motion: {zones: [{name: a, wach: no, polygon: [[0, 0], [1, 0], [1, 1]]}]}\n",
                "motion.zones[0].wach: no such key; did you mean watch?"},
        Refusal{"motion:\n  zones:\n  - {name: a, polygon: [[0, 0], [1, 0], [1, 1]]}\n"
                "  - {name: a, polygon: [[0, 0], [1, 0], [1, 1]]}\n",
                "nestbox.yaml:4:5: motion.zones[1].name: two zones are called \"a\"; allowed: names that differ"}));

INSTANTIATE_TEST_SUITE_P(
    Triggers, EachVisitRefusal,
    testing::Values(
        Refusal{
            "triggers: {visit: motion an pir}\n",
            "nestbox.yaml:1:19: triggers.visit: it has \"an\" at character 8, where and, or, or the end may "
            "stand; allowed: an expression of motion, pir and button with and, or, not and ( ), up to 200 characters"},
        Refusal{"triggers: {visit: \"\"}\n", "triggers.visit: it ends at character 1, where motion, pir"},
        Refusal{"triggers: {visit: motion and not motion}\n", "triggers.visit: it never holds"}));

INSTANTIATE_TEST_SUITE_P(
    VisitsAndRetain, EachVisitRefusal,
    testing::Values(
        Refusal{"visits: {event_gap: 0s}\n", "visits.event_gap: 0s is out of range"},
        Refusal{"visits: {max_length: 1s}\n", "visits.max_length: 1s is out of range"},
        Refusal{"visits: {event_gap: 11m}\n",
                "nestbox.yaml:1:21: visits.event_gap: visits.event_gap (11m) is above visits.max_length (10m); "
                "allowed: event_gap up to max_length"},
        Refusal{"retain: {days: -1}\n", "retain.days: -1 is out of range"},
        Refusal{"retain: {min_free: 0%}\n",
                "retain.min_free: 0% is out of range; allowed: a share such as 0.2% or 10%, from 1% to 90%, or a size "
                "such as 200M or 2G (bytes), from 1M to 100T"},
        Refusal{"retain: {min_free: 2GB}\n", "retain.min_free: \"2GB\" is not a share"},
        Refusal{"retain: {min_free: 1K}\n", "retain.min_free: 1K is out of range"},
        Refusal{"retain: {max_size: 20}\n", "retain.max_size: \"20\" is not a size"},
        Refusal{"retain: {max_size: 2.0001K}\n", "retain.max_size: \"2.0001K\" is not a size"},
        Refusal{"retain: {max_size: 2K}\n", "retain.max_size: 2K is out of range"}));

/// Settings with a state folder of their own.
class VisitSettingsInUse : public testing::Test {
 protected:
  Settings load(const std::string& yaml) {
    Sources from;
    from.file = folder_.write("nestbox.yaml", yaml + "\npaths: {state: " + folder_.path().string() + "}\n");
    auto settings = Settings::load(from);
    EXPECT_TRUE(settings) << (settings ? "" : to_lines(settings.error()));
    return std::move(settings.value());
  }
  TemporaryFolder folder_;
};

TEST_F(VisitSettingsInUse, AChangeTouchesItsStageAlone) {
  auto settings = load("");
  const auto stages = [&](const char* key, const char* value) {
    const auto change = settings.set(key, value);
    EXPECT_TRUE(change) << (change ? "" : to_lines(change.error()));
    return change ? change->stages : Stages{};
  };
  EXPECT_EQ(stages("motion.sensitivity", "60"), Stages{Stage::kMotion});
  EXPECT_EQ(stages("triggers.visit", "motion and motion"), Stages{Stage::kVisits});
  EXPECT_EQ(stages("visits.record", "false"), Stages{Stage::kVisits});
  EXPECT_EQ(stages("retain.days", "3"), Stages{Stage::kVisits});
  EXPECT_EQ(stages("live.when", "visit"), Stages{Stage::kOutputs});
}

TEST_F(VisitSettingsInUse, ZonesThatLeaveNothingToWatchAreAWarning) {
  constexpr auto kAll = "polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]";
  constexpr auto kSome = "polygon: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]";
  const auto zones = [](const std::string& list) { return "motion: {zones: [" + list + "]}"; };
  const auto ignore_all = std::string("{name: a, watch: false, ") + kAll + "}";
  EXPECT_THAT(load("").warnings(), IsEmpty());
  EXPECT_THAT(load(zones(ignore_all)).warnings(),
              ElementsAre(HasSubstr("motion.zones leaves nothing of the picture to watch")));
  EXPECT_THAT(load(zones("{name: b, " + std::string(kSome) + "}, " + ignore_all)).warnings(),
              ElementsAre(HasSubstr("motion.zones leaves nothing")));
  EXPECT_THAT(load(zones("{name: b, watch: false, " + std::string(kSome) + "}")).warnings(), IsEmpty());
  EXPECT_THAT(load("motion: {enabled: false, zones: [" + ignore_all + "]}").warnings(), IsEmpty());

  auto settings = load("");
  ASSERT_TRUE(settings.set("motion.zones", "[" + ignore_all + "]"));
  EXPECT_THAT(settings.warnings(), ElementsAre(HasSubstr("motion.zones leaves nothing"))) << "said to who set it";
  ASSERT_TRUE(settings.reset("motion.zones"));
  EXPECT_THAT(settings.warnings(), IsEmpty());
}

TEST_F(VisitSettingsInUse, LiveOnAVisitWithoutMotionIsAWarning) {
  EXPECT_THAT(load("live: {when: visit}").warnings(), IsEmpty());
  EXPECT_THAT(load("live: {when: visit}\nmotion: {enabled: false}").warnings(),
              ElementsAre("live.when says visit, and motion.enabled is false: no visit will put anything on air"));
}

}  // namespace
}  // namespace nestbox
