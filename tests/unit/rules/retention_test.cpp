#include "nestbox/rules/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace nestbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kNow = WallTime(std::chrono::days(20'000));
constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr DiskSpace kRoomy{1000 * kMegabyte, 900 * kMegabyte};

Recording days_old(std::int64_t visit, int days, std::uint64_t megabytes = 10, bool starred = false) {
  return {visit, kNow - std::chrono::days(days), megabytes * kMegabyte, starred};
}

TEST(Retention, KeepsWhatIsYoungAndFits) {
  EXPECT_THAT(recordings_to_delete({days_old(1, 29), days_old(2, 0)}, {}, kRoomy, kNow), IsEmpty());
  EXPECT_THAT(recordings_to_delete({}, {}, {0, 0}, kNow), IsEmpty());
}

TEST(Retention, DeletesWhatIsOlderThanItsDaysOldestFirst) {
  EXPECT_THAT(recordings_to_delete({days_old(1, 31), days_old(2, 30), days_old(3, 400)}, {}, kRoomy, kNow),
              ElementsAre(3, 1))
      << "of exactly 30 days is not older";
  RetainOptions for_ever;
  for_ever.days = 0;
  EXPECT_THAT(recordings_to_delete({days_old(3, 4000)}, for_ever, kRoomy, kNow), IsEmpty());
}

TEST(Retention, ADateThatNoSetClockToldMakesNothingOld) {
  auto undated = days_old(1, 400);
  undated.dated = false;
  EXPECT_THAT(recordings_to_delete({undated, days_old(2, 31)}, {}, kRoomy, kNow), ElementsAre(2));
  EXPECT_THAT(recordings_to_delete({undated}, {}, {1000 * kMegabyte, 50 * kMegabyte}, kNow), ElementsAre(1))
      << "it goes for its room like any other";
}

TEST(Retention, MakesRoomForAShareOfTheDisk) {
  // 10 % of 1000 MB are to be free; 75 MB are.
  const DiskSpace disk{1000 * kMegabyte, 75 * kMegabyte};
  EXPECT_THAT(recordings_to_delete({days_old(1, 1), days_old(2, 2), days_old(3, 3), days_old(4, 4)}, {}, disk, kNow),
              ElementsAre(4, 3, 2));
}

TEST(Retention, MakesRoomForBytesInPlaceOfAShare) {
  RetainOptions options;
  options.min_free.bytes = 80 * static_cast<std::int64_t>(kMegabyte);
  const DiskSpace disk{1000 * kMegabyte, 75 * kMegabyte};
  EXPECT_THAT(recordings_to_delete({days_old(1, 1), days_old(2, 2)}, options, disk, kNow), ElementsAre(2));
}

TEST(Retention, KeepsAllTogetherBelowTheirSize) {
  RetainOptions options;
  options.max_size_bytes = 25 * static_cast<std::int64_t>(kMegabyte);
  EXPECT_THAT(recordings_to_delete({days_old(1, 1), days_old(2, 2), days_old(3, 3)}, options, kRoomy, kNow),
              ElementsAre(3));
}

TEST(Retention, CountsWhatWentForItsAge) {
  RetainOptions options;
  options.max_size_bytes = 15 * static_cast<std::int64_t>(kMegabyte);
  EXPECT_THAT(recordings_to_delete({days_old(1, 1), days_old(2, 40), days_old(3, 50)}, options, kRoomy, kNow),
              ElementsAre(3, 2))
      << "what is left fits";
}

TEST(Retention, NeverTouchesAStarThoughItCounts) {
  RetainOptions options;
  options.max_size_bytes = 15 * static_cast<std::int64_t>(kMegabyte);
  const DiskSpace full{1000 * kMegabyte, 0};
  EXPECT_THAT(recordings_to_delete({days_old(1, 400, 100, true), days_old(2, 2)}, options, full, kNow), ElementsAre(2));
  EXPECT_THAT(recordings_to_delete({days_old(1, 400, 100, true)}, options, full, kNow), IsEmpty());
}

TEST(Retention, DeletesNothingThatFreesNothing) {
  const DiskSpace full{1000 * kMegabyte, 99 * kMegabyte};
  EXPECT_THAT(recordings_to_delete({days_old(1, 2, 0), days_old(2, 1)}, {}, full, kNow), ElementsAre(2));
}

TEST(Retention, AClockThatWasSetBackKeepsWhatIsYetToCome) {
  EXPECT_THAT(recordings_to_delete({days_old(1, -700)}, {}, kRoomy, kNow), IsEmpty());
}

}  // namespace
}  // namespace nestbox
