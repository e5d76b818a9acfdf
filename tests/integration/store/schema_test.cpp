/// Databases of every version that was ever released are opened, and nothing in them is lost.
#include <gmock/gmock.h>

#include "support.h"

namespace nestbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using SchemaTest = StoreTest;

/// As version 1 made it. This text stays as it is for ever.
constexpr const char* kVersion1 = R"sql(
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
CREATE TABLE visit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  begin_ns INTEGER NOT NULL,
  end_ns INTEGER,
  clock_trusted INTEGER NOT NULL CHECK (clock_trusted IN (0, 1)),
  by_motion INTEGER NOT NULL CHECK (by_motion IN (0, 1)),
  by_pir INTEGER NOT NULL CHECK (by_pir IN (0, 1)),
  by_lid INTEGER NOT NULL CHECK (by_lid IN (0, 1)),
  by_button INTEGER NOT NULL CHECK (by_button IN (0, 1)),
  peak_score REAL NOT NULL,
  continues_id INTEGER REFERENCES visit (id) ON DELETE SET NULL,
  clip_path TEXT CHECK (clip_path <> ''),
  photo_path TEXT CHECK (photo_path <> ''),
  clip_lead_s REAL,
  best_moment_s REAL,
  starred INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1)),
  notes TEXT NOT NULL DEFAULT '',
  species TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX visit_begin ON visit (begin_ns);
CREATE INDEX visit_unfinished ON visit (begin_ns) WHERE end_ns IS NULL;
CREATE INDEX visit_recorded ON visit (begin_ns) WHERE clip_path IS NOT NULL OR photo_path IS NOT NULL;
CREATE INDEX visit_continued ON visit (continues_id) WHERE continues_id IS NOT NULL;
CREATE TABLE visit_zone (
  visit_id INTEGER NOT NULL REFERENCES visit (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  zone TEXT NOT NULL,
  PRIMARY KEY (visit_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE motion (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  visit_id INTEGER REFERENCES visit (id) ON DELETE CASCADE,
  near_miss INTEGER NOT NULL CHECK (near_miss IN (0, 1)),
  begin_ns INTEGER NOT NULL,
  end_ns INTEGER NOT NULL,
  area_share REAL NOT NULL CHECK (area_share BETWEEN 0 AND 1),
  peak_score REAL NOT NULL,
  threshold_score REAL NOT NULL,
  zone TEXT CHECK (zone <> '')
) STRICT;
CREATE INDEX motion_of_visit ON motion (visit_id, begin_ns);
CREATE INDEX near_miss_begin ON motion (begin_ns, end_ns) WHERE near_miss = 1;
CREATE TABLE motion_reason (
  motion_id INTEGER NOT NULL REFERENCES motion (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  held_s REAL NOT NULL,
  ago_s REAL NOT NULL,
  PRIMARY KEY (motion_id, position)
) STRICT, WITHOUT ROWID;

INSERT INTO visit VALUES (4, 1777615200123456789, 1777615242500000000, 0, 1, 0, 1, 0, 3.25, NULL,
  'visits/2026/05/01/box_2026-05-01_08-00-00.mp4', 'visits/2026/05/01/box_2026-05-01_08-00-00.jpg', 5.5, 7.75, 1,
  'feeds' || char(10) || 'the young 🐦', 'Turmfalke');
INSERT INTO visit VALUES (5, 1777615260000000000, NULL, 1, 0, 1, 0, 1, 0, 4, NULL, NULL, NULL, NULL, 0, '', '');
INSERT INTO visit_zone VALUES (4, 0, 'hole'), (4, 1, 'Nest, "left"'), (4, 2, 'größer');
INSERT INTO motion VALUES (9, 4, 0, 1777615201000000000, 1777615202000000000, 0.018, 2.5, 1, 'hole');
INSERT INTO motion VALUES (10, NULL, 1, 1777615203000000000, 1777615204000000000, 0.018, 2.5, 1, NULL);
INSERT INTO motion_reason VALUES (9, 0, 'switch', 0.6, 1.5), (9, 1, 'ghost', 0.25, 0);
)sql";

TEST_F(SchemaTest, OpensADatabaseOfVersion1) {
  run_sql(file(), kVersion1);
  BlockingStore store;
  ASSERT_EQ(store.open(file()).value().set_aside, "");

  auto visit = full_visit();
  visit.id = 4;
  EXPECT_EQ(store.find(4).value(), visit);
  VisitRecord lasting;
  lasting.id = 5;
  lasting.begin = morning(60);
  lasting.triggers = {Trigger::kPir, Trigger::kButton};
  lasting.continues = 4;
  EXPECT_THAT(store.unfinished().value(), ElementsAre(lasting));

  auto event = motion_at(1, 2), miss = motion_at(3, 4);
  event.visit = 4;
  event.zone = "hole";
  event.reasons = {{"switch", 0.6, 1.5}, {"ghost", 0.25, 0}};
  miss.near_miss = true;
  const auto why = store.why(4).value();
  EXPECT_THAT(why.events, ElementsAre(event));
  EXPECT_THAT(why.near_misses, ElementsAre(miss));
  EXPECT_EQ(store.insert(full_visit()).value(), 6);
}

TEST_F(SchemaTest, EndsWhereANewDatabaseBegins) {
  const auto other = folder() / "new.db";
  run_sql(file(), kVersion1);
  { BlockingStore store(file()); }
  { BlockingStore store(other); }
  const auto tables = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name; PRAGMA user_version";
  EXPECT_EQ(run_sql(file(), tables), run_sql(other, tables));
}

TEST_F(SchemaTest, RefusesADatabaseOfANewerProgramAndLeavesIt) {
  { BlockingStore store(file()); }
  run_sql(file(), "PRAGMA user_version = 99; CREATE TABLE nest (id INTEGER)");
  BlockingStore store;
  const auto opened = store.open(file());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(opened.error().message, HasSubstr("nestbox.db was written by a newer nestbox (its schema is 99"));
  EXPECT_EQ(store.status().state, StoreStatus::State::kFailed);
  const auto answer = store.insert(visit_at(0));
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("a newer nestbox"));
  store.stop();
  EXPECT_EQ(run_sql(file(), "PRAGMA user_version; SELECT count(*) FROM nest"), "99\n0");
}

TEST_F(SchemaTest, StaysOutOfTheWayOfWhoReadsMeanwhile) {
  BlockingStore store(file());
  ASSERT_TRUE(store.insert(full_visit()));
  EXPECT_EQ(run_sql(file(), "SELECT species FROM visit; PRAGMA journal_mode"), "Turmfalke\nwal");
  EXPECT_TRUE(store.insert(full_visit()));
}

TEST_F(SchemaTest, LooksNothingUpWithoutAnIndex) {
  { BlockingStore store(file()); }
  const auto plan = [&](const std::string& sql) { return run_sql(file(), "EXPLAIN QUERY PLAN SELECT * FROM " + sql); };
  EXPECT_THAT(plan("visit WHERE begin_ns >= 1 AND begin_ns < 9 AND (begin_ns, id) < (9, 9)"
                   " ORDER BY begin_ns DESC, id DESC"),
              testing::AllOf(HasSubstr("visit_begin"), testing::Not(HasSubstr("TEMP B-TREE"))));
  EXPECT_THAT(plan("visit WHERE end_ns IS NULL ORDER BY begin_ns, id"), HasSubstr("visit_unfinished"));
  EXPECT_THAT(plan("visit WHERE clip_path IS NOT NULL OR photo_path IS NOT NULL ORDER BY begin_ns, id"),
              HasSubstr("visit_recorded"));
  EXPECT_THAT(plan("motion WHERE visit_id = 1 AND near_miss = 0 ORDER BY begin_ns, id"), HasSubstr("motion_of_visit"));
  EXPECT_THAT(plan("motion WHERE near_miss = 1 AND begin_ns <= 9 AND end_ns >= 1 ORDER BY begin_ns, id"),
              HasSubstr("near_miss_begin"));
}

}  // namespace
}  // namespace nestbox
