#include "nestbox/store/visit_store.h"

#include <gmock/gmock.h>

#include <future>
#include <limits>

#include "support.h"

namespace nestbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using VisitStoreTest = StoreTest;

std::vector<std::int64_t> ids(const std::vector<VisitRecord>& visits) {
  std::vector<std::int64_t> ids;
  for (const auto& visit : visits) ids.push_back(visit.id);
  return ids;
}

TEST_F(VisitStoreTest, KeepsEveryFieldAcrossARestart) {
  auto visit = full_visit();
  auto plain = visit_at(60);
  {
    BlockingStore store(file());
    visit.id = store.insert(visit).value();
    plain.continues = visit.id;
    plain.id = store.insert(plain).value();
    EXPECT_EQ(store.find(visit.id).value(), visit);
  }
  BlockingStore store(file());
  EXPECT_EQ(store.find(visit.id).value(), visit);
  EXPECT_EQ(store.find(plain.id).value(), plain);
}

TEST_F(VisitStoreTest, KeepsEveryTriggerApart) {
  BlockingStore store(file());
  for (const auto trigger : kEveryTrigger) {
    auto visit = visit_at(0);
    visit.triggers = {trigger};
    EXPECT_EQ(store.find(store.insert(visit).value()).value().triggers, TriggerSet{trigger})
        << static_cast<int>(trigger);
  }
}

TEST_F(VisitStoreTest, PutsRightWhatWasWrittenBeforeTheClockWasSet) {
  BlockingStore store(file());
  const auto written = [](double second, bool trusted) {
    auto visit = full_visit();
    visit.begin = morning(second);
    visit.end = morning(second + 10);
    visit.clock_trusted = trusted;
    return visit;
  };
  const auto before = store.insert(written(-3600, false)).value(), wrong = store.insert(written(20, false)).value(),
             trusted = store.insert(written(30, true)).value();
  MotionRecord motion;
  motion.visit = wrong;
  motion.begin = morning(21);
  motion.end = morning(22);
  ASSERT_TRUE(store.add_motion(motion));
  ASSERT_TRUE(store.correct_clock({morning(0), morning(60), std::chrono::hours(24)}));
  EXPECT_EQ(store.find(wrong)->begin, morning(20 + 86400));
  EXPECT_EQ(store.find(wrong)->end, morning(30 + 86400));
  EXPECT_TRUE(store.find(wrong)->clock_trusted);
  EXPECT_EQ(store.why(wrong)->events.at(0).begin, morning(21 + 86400));
  EXPECT_EQ(store.find(before)->begin, morning(-3600)) << "of an earlier run: nobody knows how wrong it is";
  EXPECT_FALSE(store.find(before)->clock_trusted);
  EXPECT_EQ(store.find(trusted)->begin, morning(30));
}

TEST_F(VisitStoreTest, NeverUsesANumberAgain) {
  std::int64_t last = 0;
  {
    BlockingStore store(file());
    EXPECT_EQ(store.insert(visit_at(0)).value(), 1);
    last = store.insert(visit_at(1)).value();
  }
  run_sql(file(), "DELETE FROM visit");
  BlockingStore store(file());
  EXPECT_GT(store.insert(visit_at(2)).value(), last);
}

TEST_F(VisitStoreTest, KeepsAVisitWhosePredecessorIsGone) {
  BlockingStore store(file());
  auto visit = visit_at(0);
  visit.continues = 77;
  const auto id = store.insert(visit).value();
  EXPECT_EQ(store.find(id).value().continues, std::nullopt);
}

TEST_F(VisitStoreTest, UpdatesAllButWhatTheOwnerSays) {
  BlockingStore store(file());
  auto visit = full_visit();
  visit.id = store.insert(visit).value();
  auto changed = visit_at(100);
  changed.id = visit.id;
  changed.zones = {"entrance"};
  changed.notes = "this is not written";
  ASSERT_TRUE(store.update(changed));
  changed.starred = visit.starred;
  changed.notes = visit.notes;
  changed.species = visit.species;
  EXPECT_EQ(store.find(visit.id).value(), changed);

  changed.id = 99;
  EXPECT_EQ(store.update(changed).error().kind, ErrorKind::kNotFound);
}

TEST_F(VisitStoreTest, RefusesNumbersThatAreNoneAndGoesOn) {
  BlockingStore store(file());
  auto visit = visit_at(0);
  visit.peak_score = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(store.insert(visit).error().kind, ErrorKind::kInvalidArgument);
  auto motion = motion_at(0, 1);
  motion.area = 1.5;
  EXPECT_EQ(store.add_motion(motion).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(store.status().state, StoreStatus::State::kOpen);
  EXPECT_TRUE(store.insert(visit_at(0)));
}

TEST_F(VisitStoreTest, TakesWhatTheOwnerSays) {
  BlockingStore store(file());
  auto visit = full_visit();
  visit.id = store.insert(visit).value();

  visit.notes = std::string(1999, 'a') + "!";
  EXPECT_EQ(store.remark(visit.id, {std::nullopt, visit.notes, std::nullopt}).value(), visit);
  visit.starred = false;
  visit.species = "";
  EXPECT_EQ(store.remark(visit.id, {false, std::nullopt, ""}).value(), visit);
  EXPECT_EQ(store.find(visit.id).value(), visit);
  EXPECT_EQ(store.remark(visit.id, {}).value(), visit);
  EXPECT_EQ(store.remark(99, {true, std::nullopt, std::nullopt}).error().kind, ErrorKind::kNotFound);
}

TEST_F(VisitStoreTest, RefusesTextThatIsTooLongOrNone) {
  BlockingStore store(file());
  auto visit = full_visit();
  visit.id = store.insert(visit).value();
  for (const auto& notes : {std::string("\xff"), std::string("caf\xc3"), std::string("\xed\xa0\x80"),
                            std::string("a\0b", 3), std::string(2001, 'a')}) {
    const auto answer = store.remark(visit.id, {true, notes, std::nullopt});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(answer.error().message, HasSubstr("notes"));
  }
  const auto answer = store.remark(visit.id, {std::nullopt, std::nullopt, std::string(101, 'a')});
  EXPECT_EQ(answer.error().message, "species: 101 bytes are too many; at most 100");
  EXPECT_EQ(store.find(visit.id).value(), visit);
}

TEST_F(VisitStoreTest, PagesNewestFirstByTime) {
  BlockingStore store(file());
  // Two began in the same moment, and one that a crash had cut off was found later than it happened.
  for (const double begin : {10., 20., 20., 40., 30., 5.}) ASSERT_TRUE(store.insert(visit_at(begin)));
  VisitQuery query;
  query.limit = 2;
  std::vector<std::vector<std::int64_t>> pages;
  do {
    const auto page = store.list(query).value();
    pages.push_back(ids(page.visits));
    query.before = page.next;
  } while (query.before);
  EXPECT_THAT(pages, ElementsAre(ElementsAre(4, 5), ElementsAre(3, 2), ElementsAre(1, 6)));
}

TEST_F(VisitStoreTest, ListsBetweenTwoMoments) {
  BlockingStore store(file());
  EXPECT_THAT(store.list({}).value().visits, IsEmpty());
  for (const double begin : {10., 20., 30., 40.}) ASSERT_TRUE(store.insert(visit_at(begin)));
  VisitQuery query;
  query.since = morning(20);
  query.until = morning(40);
  EXPECT_THAT(ids(store.list(query).value().visits), ElementsAre(3, 2));
  query.limit = 1;
  const auto first = store.list(query).value();
  EXPECT_EQ(first.next, 3);
  query.before = first.next;
  const auto second = store.list(query).value();
  EXPECT_THAT(ids(second.visits), ElementsAre(2));
  EXPECT_EQ(second.next, std::nullopt);
}

TEST_F(VisitStoreTest, SaysWhatIsWrongWithAQuery) {
  BlockingStore store(file());
  VisitQuery query;
  query.limit = 0;
  EXPECT_EQ(store.list(query).error().message, "limit: 0 is not between 1 and 1000");
  query.limit = 1001;
  EXPECT_EQ(store.list(query).error().kind, ErrorKind::kInvalidArgument);
  query.limit = 1000;
  query.before = 5;
  EXPECT_EQ(store.list(query).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store.find(5).error().message, "there is no visit 5");
  EXPECT_EQ(store.why(5).error().kind, ErrorKind::kNotFound);
}

TEST_F(VisitStoreTest, KnowsWhyAndWhatWasMissedNearby) {
  BlockingStore store(file());
  const auto visit = visit_at(100);  // to 110
  const auto id = store.insert(visit).value();
  const auto other = store.insert(visit_at(300)).value();

  auto second = motion_at(105, 108);
  second.visit = id;
  auto first = motion_at(100, 104);
  first.visit = id;
  first.zone = "hole";
  first.reasons = {{"switch", 0.6, 1.5}, {"ghost", 0.25, 0}};
  auto of_other = motion_at(300, 301);
  of_other.visit = other;
  for (const auto& motion : {second, first, of_other}) ASSERT_TRUE(store.add_motion(motion));

  const auto miss = [&](double begin, double end) {
    auto motion = motion_at(begin, end);
    motion.near_miss = true;
    motion.reasons = {{"too small", end - begin, 0}};
    EXPECT_TRUE(store.add_motion(motion));
    return motion;
  };
  const auto after = miss(139, 145), within = miss(104, 105), before = miss(60, 71), around = miss(50, 200);
  miss(140.5, 141);
  miss(60, 69.5);
  auto tied = within;
  tied.visit = id;
  ASSERT_TRUE(store.add_motion(tied));

  const auto why = store.why(id).value();
  EXPECT_EQ(why.visit, store.find(id).value());
  EXPECT_THAT(why.events, ElementsAre(first, second));
  EXPECT_THAT(why.near_misses, ElementsAre(around, before, within, tied, after));
}

TEST_F(VisitStoreTest, LooksForNearMissesOfAVisitThatLasts) {
  BlockingStore store(file());
  auto visit = visit_at(100);
  visit.end.reset();
  const auto id = store.insert(visit).value();
  auto late = motion_at(900, 901);
  late.near_miss = true;
  ASSERT_TRUE(store.add_motion(late));
  EXPECT_THAT(store.why(id).value().near_misses, ElementsAre(late));
}

TEST_F(VisitStoreTest, RefusesMotionOfAVisitThatIsNotThere) {
  BlockingStore store(file());
  auto motion = motion_at(0, 1);
  motion.visit = 7;
  EXPECT_EQ(store.add_motion(motion).error().kind, ErrorKind::kNotFound);
}

TEST_F(VisitStoreTest, ForgetsTheOldestNearMissesAndNoEvent) {
  BlockingStore store(file());
  const auto id = store.insert(visit_at(0)).value();
  run_sql(file(),
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100999)"
          " INSERT INTO motion (visit_id, near_miss, begin_ns, end_ns, area_share, peak_score, threshold_score)"
          " SELECT CASE WHEN i % 1000 = 1 THEN " +
              std::to_string(id) + " END, i % 1000 <> 1, i, i, 0, 0, 1 FROM n");
  auto miss = motion_at(1, 2);
  miss.near_miss = true;
  ASSERT_TRUE(store.add_motion(miss));  // number 101,000
  EXPECT_EQ(run_sql(file(), "SELECT near_miss, count(*), min(id) FROM motion GROUP BY near_miss"),
            "0|101|1\n1|100000|901");
}

TEST_F(VisitStoreTest, FindsWhatACrashCutOff) {
  BlockingStore store(file());
  for (const double begin : {30., 10., 20.}) {
    auto visit = visit_at(begin);
    if (begin > 15) visit.end.reset();
    ASSERT_TRUE(store.insert(visit));
  }
  EXPECT_THAT(ids(store.unfinished().value()), ElementsAre(3, 1));
}

TEST_F(VisitStoreTest, FindsRecordingsOldestFirst) {
  BlockingStore store(file());
  auto visit = visit_at(30);
  visit.clip = "visits/a.mp4";
  ASSERT_TRUE(store.insert(visit));
  ASSERT_TRUE(store.insert(visit_at(20)));
  visit = visit_at(10);
  visit.photo = "visits/b.jpg";
  visit.zones = {"hole"};
  ASSERT_TRUE(store.insert(visit));
  const auto found = store.with_recordings().value();
  EXPECT_THAT(ids(found), ElementsAre(3, 1));
  EXPECT_THAT(found.front().zones, ElementsAre("hole"));
  visit.id = 3;
  visit.photo.clear();
  ASSERT_TRUE(store.update(visit));
  EXPECT_THAT(ids(store.with_recordings().value()), ElementsAre(1));
}

TEST_F(VisitStoreTest, FailsOrdersUntilItIsOpen) {
  BlockingStore store;
  EXPECT_EQ(store.insert(visit_at(0)).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(store.status().state, StoreStatus::State::kClosed);
  ASSERT_TRUE(store.open(file()));
  EXPECT_EQ(store.status().state, StoreStatus::State::kOpen);
  EXPECT_TRUE(store.insert(visit_at(0)));
}

TEST_F(VisitStoreTest, OpensAnotherInsteadOfTheOneBefore) {
  BlockingStore store(file());
  ASSERT_TRUE(store.insert(visit_at(0)));
  ASSERT_TRUE(store.open(folder() / "other.db"));
  EXPECT_THAT(store.list({}).value().visits, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder() / "nestbox.db-wal"));
}

TEST_F(VisitStoreTest, RefusesOrdersAboveSixtyFourAtOnce) {
  BlockingStore store(file());
  std::promise<void> held, go_on;
  store.store().find(1, [&](const Result<VisitRecord>&) {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  std::vector<std::promise<ErrorKind>> answers(65);
  for (auto& answer : answers) {
    store.store().find(1, [&answer](const Result<VisitRecord>& found) { answer.set_value(found.error().kind); });
  }
  auto refused = answers.back().get_future();
  ASSERT_EQ(refused.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(refused.get(), ErrorKind::kExhausted);
  EXPECT_EQ(store.status().refused, 1u);
  go_on.set_value();
  answers.pop_back();
  for (auto& answer : answers) EXPECT_EQ(answer.get_future().get(), ErrorKind::kNotFound);
}

TEST_F(VisitStoreTest, StopsInTheMiddleOfALongCheckAndBlamesNobody) {
  { BlockingStore store(file()); }
  run_sql(file(),
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
          " INSERT INTO motion (near_miss, begin_ns, end_ns, area_share, peak_score, threshold_score)"
          " SELECT 0, i, i, 0, 0, 1 FROM n");
  BlockingStore store;
  std::promise<ErrorKind> answer;
  store.store().open(file(), [&](const Result<VisitStore::Opened>& opened) {
    answer.set_value(opened ? ErrorKind::kCancelled : opened.error().kind);  // it may have been quicker than we
  });
  store.stop();
  EXPECT_EQ(answer.get_future().get(), ErrorKind::kCancelled);
  BlockingStore again;
  EXPECT_EQ(again.open(file()).value().set_aside, "");
  EXPECT_EQ(run_sql(file(), "SELECT count(*) FROM motion"), "100000");
}

TEST_F(VisitStoreTest, DoesWhatWaitsWhenItIsToStopAndNothingMore) {
  BlockingStore store(file());
  std::promise<void> held, go_on;
  store.store().find(1, [&](const Result<VisitRecord>&) {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) {
    store.store().insert(visit_at(i), [&done](const Result<std::int64_t>& id) { done += id ? 1 : 0; });
  }
  store.store().request_stop();
  ErrorKind late{};
  store.store().insert(visit_at(99), [&late](const Result<std::int64_t>& id) { late = id.error().kind; });
  EXPECT_EQ(late, ErrorKind::kCancelled);
  go_on.set_value();
  store.stop();
  EXPECT_EQ(done, 20);
  EXPECT_EQ(store.status().state, StoreStatus::State::kClosed);
  EXPECT_FALSE(std::filesystem::exists(folder() / "nestbox.db-wal"));
  BlockingStore again(file());
  EXPECT_EQ(again.list({}).value().visits.size(), 20u);
}

}  // namespace
}  // namespace nestbox
