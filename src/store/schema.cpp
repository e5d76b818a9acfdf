#include "schema.h"

#include <iterator>

namespace nestbox::store {

const char* const kSchemaSteps[] = {
    // 1: visits, and what moved in them. AUTOINCREMENT, so that the number of a deleted visit never means another one.
    R"sql(
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
)sql",
};

const int kSchemaVersion = static_cast<int>(std::size(kSchemaSteps));

}  // namespace nestbox::store
