/// Files that were damaged on the disk: read right or set aside, never a crash, and new visits are kept in any case.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "nestbox/base/file.h"
#include "support.h"

namespace nestbox {
namespace {

using testing::MatchesRegex;
using testing::StartsWith;

constexpr std::size_t kBytesMax = 64 << 20;

void write(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class DamageTest : public StoreTest {
 protected:
  DamageTest() : StoreTest(TemporaryFolder::in_memory()) {}
  /// A database with a season in it, as one file.
  std::string season() {
    const auto path = folder() / "season.db";
    {
      BlockingStore store(path);
      for (int i = 0; i < 60; ++i) {
        auto visit = full_visit();
        visit.begin = morning(i * 100);
        visit.end = morning(i * 100 + 50);
        const auto id = store.insert(visit).value();
        auto motion = motion_at(i * 100, i * 100 + 5);
        motion.near_miss = i % 2 == 0;
        if (!motion.near_miss) motion.visit = id;
        motion.reasons = {{"switch", 0.5, 1}};
        EXPECT_TRUE(store.add_motion(motion));
      }
    }
    return read_file(path, kBytesMax).value();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(DamageTest, SetsAsideWhatIsNoDatabase) {
  write(file(), "this is a shopping list\n" + std::string(5000, 'x'));
  write(folder() / "nestbox.db-wal", "journal");
  BlockingStore store;
  const auto opened = store.open(file());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_THAT(opened->set_aside, MatchesRegex("nestbox\\.db\\.damaged-20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9]{6}Z"));
  EXPECT_EQ(store.status().set_aside, opened->set_aside);
  EXPECT_THAT(read_file(folder() / opened->set_aside, kBytesMax).value(), StartsWith("this is a shopping list"));
  EXPECT_EQ(read_file(folder() / (opened->set_aside + "-wal"), kBytesMax).value(), "journal");
  EXPECT_EQ(store.insert(visit_at(0)).value(), 1);
  // Another one in the same second does not take the first one's place.
  write(folder() / "other.db", "nor is this");
  ASSERT_TRUE(store.open(folder() / "other.db"));
  write(file(), "a database");
  const auto second = store.open(file());
  ASSERT_TRUE(second);
  EXPECT_NE(second->set_aside, opened->set_aside);
}

TEST_F(DamageTest, SetsAsideTablesThatAreNotItsOwn) {
  run_sql(file(), "CREATE TABLE visit (id INTEGER PRIMARY KEY, bird TEXT)");
  BlockingStore store;
  EXPECT_NE(store.open(file()).value().set_aside, "");
  run_sql(folder() / "other.db", "CREATE TABLE visit (id INTEGER PRIMARY KEY, bird TEXT); PRAGMA user_version = 1");
  EXPECT_NE(store.open(folder() / "other.db").value().set_aside, "");
  EXPECT_TRUE(store.insert(visit_at(0)));
}

TEST_F(DamageTest, TakesAnEmptyFileForANewDatabase) {
  write(file(), "");
  BlockingStore store;
  EXPECT_EQ(store.open(file()).value().set_aside, "");
  EXPECT_TRUE(store.insert(visit_at(0)));
}

TEST_F(DamageTest, SetsAsideWhatIsCutShort) {
  const auto whole = season();
  for (const std::size_t size :
       {std::size_t{100}, std::size_t{4096}, whole.size() / 2, whole.size() - 4096, whole.size() - 512}) {
    write(file(), whole.substr(0, size));
    BlockingStore store;
    const auto opened = store.open(file());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_NE(opened->set_aside, "") << size << " of " << whole.size() << " bytes";
    EXPECT_TRUE(store.insert(visit_at(0)));
  }
}

/// Everything that the store can be asked; no answer is worse than an error.
void use_all(BlockingStore& store) {
  VisitQuery query;
  query.limit = 1000;
  if (const auto page = store.list(query)) {
    for (const auto& visit : page->visits) {
      (void)store.find(visit.id);
      (void)store.why(visit.id);
    }
  }
  (void)store.unfinished();
  (void)store.with_recordings();
  (void)store.remark(30, {true, "seen", std::nullopt});
  auto visit = full_visit();
  visit.id = 40;
  (void)store.update(visit);
  (void)store.add_motion(motion_at(0, 1));
}

TEST_F(DamageTest, ReadsOrSetsAsideWhateverByteIsFlipped) {
  const auto whole = season();
  std::mt19937 random(11);
  std::uniform_int_distribution<std::size_t> any_byte(0, whole.size() - 1);
  std::uniform_int_distribution<int> any_bits(1, 255);
  int set_aside = 0, met_later = 0, lived_on = 0;
  for (std::size_t round = 0; round < 170; ++round) {
    auto flipped = whole;
    // Every byte of the header, then the tables' definitions and pages at random, one byte or a sector of them.
    const auto at = round < 100 ? round : any_byte(random);
    const std::size_t count = round % 10 == 9 ? std::min<std::size_t>(512, whole.size() - at) : 1;
    for (std::size_t i = 0; i < count; ++i) flipped[at + i] = static_cast<char>(flipped[at + i] ^ any_bits(random));
    SCOPED_TRACE(testing::Message() << count << " bytes at " << at);
    write(file(), flipped);
    std::filesystem::remove(folder() / "nestbox.db-wal");
    std::filesystem::remove(folder() / "nestbox.db-shm");

    BlockingStore store;
    const auto opened = store.open(file());
    if (!opened) {  // the byte said which schema it is
      EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument) << opened.error().message;
      EXPECT_TRUE(at + count > 60 && at < 64);
      continue;
    }
    use_all(store);
    if (!opened->set_aside.empty()) {
      ++set_aside;
    } else if (!store.status().set_aside.empty()) {
      ++met_later;
    } else {
      ++lived_on;
    }
    const auto id = store.insert(visit_at(7));
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_EQ(store.find(*id).value().begin, morning(7));
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      if (entry.path().filename().string().find("damaged") != std::string::npos) std::filesystem::remove(entry.path());
    }
  }
  EXPECT_GT(set_aside, 0);
  EXPECT_GT(lived_on, 0);
  std::printf("set aside at open %d, when it was met %d, lived on %d\n", set_aside, met_later, lived_on);
}

TEST_F(DamageTest, SavesWhatADamagedPageLeaves) {
  const auto whole = season();
  std::vector<VisitRecord> before;
  {
    write(file(), whole);
    BlockingStore store(file());
    before = store.list({}).value().visits;
  }
  ASSERT_EQ(before.size(), 60u);
  std::size_t saved = 0, rounds = 0;
  for (std::size_t page = 4096; page < whole.size(); page += 4096) {
    SCOPED_TRACE(testing::Message() << "page at " << page);
    auto damaged = whole;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page), 4096, '\x7f');
    write(file(), damaged);
    BlockingStore store;
    const auto opened = store.open(file());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_NE(opened->set_aside, "");
    EXPECT_EQ(store.status().saved, opened->saved);
    const auto after = store.list({}).value().visits;
    EXPECT_EQ(after.size(), static_cast<std::size_t>(opened->saved));
    for (auto visit : after) {
      auto same = std::find_if(before.begin(), before.end(), [&](const auto& b) { return b.id == visit.id; });
      ASSERT_NE(same, before.end());
      if (visit.zones.empty()) visit.zones = same->zones;  // it was their page
      EXPECT_EQ(visit, *same);
    }
    if (opened->saved == 60) {
      EXPECT_EQ(store.insert(visit_at(0)).value(), 61);
    }
    saved += static_cast<std::size_t>(opened->saved);
    ++rounds;
    store.stop();
    EXPECT_EQ(run_sql(file(), "PRAGMA integrity_check; PRAGMA foreign_key_check"), "ok");
  }
  EXPECT_GE(saved, rounds * 60 * 2 / 3) << "in " << rounds << " pages";
}

TEST_F(DamageTest, LosesOnlyTheEndOfADamagedJournal) {
  // What a crash leaves: the database, and beside it a journal with the last changes.
  BlockingStore writing(file());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(writing.insert(visit_at(i)));
  const auto database = read_file(file(), kBytesMax).value();
  const auto journal = read_file(folder() / "nestbox.db-wal", kBytesMax).value();
  ASSERT_GT(journal.size(), 10'000u);
  for (std::size_t at = 0; at < journal.size(); at += journal.size() / 40) {
    const TemporaryFolder after;
    auto flipped = journal;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x55);
    write(after.path() / "nestbox.db", database);
    write(after.path() / "nestbox.db-wal", flipped);
    BlockingStore store;
    const auto opened = store.open(after.path() / "nestbox.db");
    ASSERT_TRUE(opened) << opened.error().message;
    const auto visits = store.list({}).value().visits;
    EXPECT_LE(visits.size(), 20u);
    for (std::size_t i = 0; i < visits.size(); ++i)
      EXPECT_EQ(visits[visits.size() - 1 - i].begin, morning(static_cast<double>(i)));
    EXPECT_TRUE(store.insert(visit_at(99)));
  }
}

TEST_F(DamageTest, BeginsAnewWhenDamageIsMetLater) {
  BlockingStore store(file());
  ASSERT_TRUE(store.insert(visit_at(0)));
  ASSERT_TRUE(store.insert(visit_at(1)));
  ASSERT_TRUE(store.open(file()));               // all of it is in the file now, nothing in the journal
  run_sql(file(), "PRAGMA application_id = 5");  // what somebody else has written: the store reads from the disk again
  auto content = read_file(file(), kBytesMax).value();
  // The disk's doing, after the check at open: the pages of the tables and indexes become noise.
  std::fill(content.begin() + 4096, content.end(), '\x7f');
  write(file(), content);

  const auto id = store.insert(visit_at(2));
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(store.find(*id).value().begin, morning(2));
  EXPECT_THAT(store.status().set_aside, StartsWith("nestbox.db.damaged-"));
  EXPECT_EQ(store.status().state, StoreStatus::State::kOpen);
  EXPECT_TRUE(std::filesystem::exists(folder() / store.status().set_aside));
}

}  // namespace
}  // namespace nestbox
