// What the commands about visits answer, over a store of their own.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "lone_daemon.h"
#include "nestbox/base/bounded_queue.h"
#include "support/patience.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

/// One that has a store, settings and a main thread: the test's.
class VisitDaemon final : public LoneDaemon {
 public:
  explicit VisitDaemon(const std::filesystem::path& state) : settings_(load(state)) {
    store_.start();
    store_.open(state / "nestbox.db", [this](const Result<VisitStore::Opened>& opened) {
      on_main([ok = opened.has_value()] { EXPECT_TRUE(ok); });
    });
    run_one();
  }
  ~VisitDaemon() override {
    store_.request_stop();
    EXPECT_TRUE(store_.join_until(BootClock::now() + kPatience));
  }
  void on_main(std::function<void()> work) override { EXPECT_TRUE(main_.push(std::move(work))); }
  const TimeZone& time_zone() const override { return zone_; }
  VisitStore& visits() override { return store_; }
  Settings& settings() override { return settings_; }
  void replay(const MotionOptions& after, MotionArchive::Progress progress, MotionArchive::Done done) override {
    tried = after;
    progress(1, 2);
    done(trials);
  }

  /// Waits for the next piece of work and does it.
  void run_one() {
    auto work = main_.pop_until(BootClock::now() + kPatience);
    ASSERT_TRUE(work.has_value());
    (*work)();
  }
  std::int64_t add(WallTime begin, const std::string& clip = "") {
    VisitRecord visit;
    visit.begin = begin;
    visit.end = begin + 90s;
    visit.triggers = {Trigger::kMotion};
    visit.clip = clip;
    std::int64_t number = 0;
    store_.insert(visit, [&](const Result<std::int64_t>& id) { on_main([&number, id] { number = id.value(); }); });
    run_one();
    return number;
  }

  MotionOptions tried;
  Result<std::vector<MotionArchive::Trial>> trials;

 private:
  const TimeZone zone_ = TimeZone::find("Europe/Vienna").value();
  Settings settings_;
  BoundedQueue<std::function<void()>> main_{16};
  VisitStore store_;
};

class VisitCalls : public testing::Test {
 protected:
  Json call(const std::string& command, const Json& arguments, int exit_status = 0) {
    std::optional<Answer> answered;
    calls_.call({command, arguments.dump()}, [&](const Answer& answer) { answered = answer; });
    if (!answered) daemon_.run_one();
    EXPECT_TRUE(answered.has_value());
    EXPECT_EQ(answered->exit_status, exit_status) << answered->json;
    return Json::parse(answered->json);
  }
  std::string code(const std::string& command, const Json& arguments, int exit_status) {
    return call(command, arguments, exit_status)["error"]["code"];
  }

  TemporaryFolder folder_;
  VisitDaemon daemon_{folder_.path()};
  Calls calls_{daemon_};
};

TEST_F(VisitCalls, AListNewestFirstInPages) {
  for (int n = 0; n < 5; ++n) daemon_.add(wall_now() - std::chrono::hours(10 * (5 - n)));
  const auto first = call("visits", {{"limit", 3}});
  ASSERT_EQ(first["visits"].size(), 3U);
  EXPECT_EQ(first["visits"][0]["id"], 5);
  EXPECT_EQ(first["visits"][0]["duration_s"], 90);
  EXPECT_EQ(first["visits"][0]["clip"], nullptr);
  const auto second = call("visits", {{"limit", 3}, {"before", first["next"]}});
  EXPECT_EQ(second["visits"].size(), 2U);
  EXPECT_EQ(second["next"], nullptr);
  EXPECT_EQ(call("visits", {{"since", "25h"}})["visits"].size(), 2U);
}

TEST_F(VisitCalls, OneByItsNumber) {
  const auto number = daemon_.add(WallTime(1'795'000'000s), "visits/a.mp4");
  const auto visit = call("visits", {{"id", number}});
  EXPECT_EQ(visit["start"], "2026-11-18T12:06:40+01:00");
  EXPECT_EQ(visit["clip"], "visits/a.mp4");
  EXPECT_EQ(call("why", {{"id", number}})["id"], number);
}

TEST_F(VisitCalls, RemarksAreKept) {
  const auto number = daemon_.add(wall_now());
  EXPECT_EQ(call("star", {{"id", number}})["starred"], true);
  EXPECT_EQ(call("note", {{"id", number}, {"text", "two chicks"}})["notes"], "two chicks");
  const auto visit = call("species", {{"id", number}, {"name", "Turmfalke"}});
  EXPECT_EQ(visit["species"], "Turmfalke");
  EXPECT_EQ(visit["notes"], "two chicks");
  EXPECT_EQ(call("star", {{"id", number}, {"starred", false}})["starred"], false);
}

TEST_F(VisitCalls, AnUnknownVisitIsAFailureNotAMistake) {
  for (const auto* const command : {"visits", "why", "star"}) EXPECT_EQ(code(command, {{"id", 7}}, 1), "not_found");
  EXPECT_EQ(code("note", {{"id", 7}, {"text", "x"}}, 1), "not_found");
}

TEST_F(VisitCalls, WhatMakesNoSenseSaysWhatWould) {
  EXPECT_EQ(code("why", Json::object(), 2), "bad_usage");
  EXPECT_EQ(code("why", {{"id", "seven"}}, 2), "bad_usage");
  EXPECT_EQ(code("why", {{"id", -1}}, 2), "bad_usage");
  EXPECT_EQ(code("visits", {{"since", "yesterday"}}, 2), "bad_value");
  EXPECT_EQ(code("visits", {{"limit", 0}}, 2), "bad_value");
  EXPECT_EQ(code("visits", {{"before", "x"}}, 2), "bad_value");
  EXPECT_EQ(code("star", {{"id", 1}, {"starred", "yes"}}, 2), "bad_value");
  EXPECT_EQ(code("note", {{"id", 1}}, 2), "bad_usage");
  EXPECT_EQ(code("species", {{"id", 1}}, 2), "bad_usage");
  const auto number = daemon_.add(wall_now());
  EXPECT_EQ(code("note", {{"id", number}, {"text", std::string(3000, 'x')}}, 2), "bad_value");
}

TEST_F(VisitCalls, ReplayTellsWhatOtherSettingsWouldHaveMadeOfIt) {
  MotionArchive::Trial same{WallTime(1s), {1, 0, 0}, {1, 0, 0}}, better{WallTime(2s), {0, 1, 1}, {1, 0, 0}};
  daemon_.trials = std::vector{same, better};
  const auto body = call("replay", {{"set", {"motion.sensitivity=60"}}});
  EXPECT_EQ(daemon_.tried.sensitivity, 60);
  EXPECT_EQ(daemon_.settings().options().motion.sensitivity, 50) << "nothing has changed";
  EXPECT_EQ(body["recordings"], 2);
  EXPECT_EQ(body["before"], Json({{"caught", 1}, {"missed", 1}, {"false", 1}}));
  EXPECT_EQ(body["after"], Json({{"caught", 2}, {"missed", 0}, {"false", 0}}));
  ASSERT_EQ(body["changes"].size(), 1U);
  EXPECT_EQ(body["changes"][0]["time"], "1970-01-01T01:00:02+01:00");

  EXPECT_EQ(code("replay", {{"set", {"motion.sensitivity=900"}}}, 2), "bad_value");
  EXPECT_EQ(code("replay", {{"set", {"motion.sensitivty=60"}}}, 2), "unknown_key");
  EXPECT_EQ(code("replay", {{"set", "motion.sensitivity=60"}}, 2), "bad_usage");
  daemon_.trials = fail(ErrorKind::kNotFound, "nothing yet");
  EXPECT_EQ(code("replay", Json::object(), 1), "not_found");
}

}  // namespace
}  // namespace nestbox
