#include "nestbox/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "nestbox/base/secret.h"

namespace nestbox::log {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class Log : public testing::Test {
 protected:
  void TearDown() override { set_level(Level::kInfo); }

  template <class Body>
  static std::string captured(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, ALineHasTimeLevelPartAndMessage) {
  const auto lines = captured([] { write(Level::kWarning, "publish youtube", "lost the server"); });
  EXPECT_THAT(lines, MatchesRegex("[0-9]+:[0-9]+:[0-9]+\\.[0-9]+ warning publish youtube: lost the server\n"));
}

TEST_F(Log, LinesBelowTheLevelAreDropped) {
  EXPECT_EQ(captured([] { write(Level::kDebug, "base", "quiet"); }), "");
  set_level(Level::kDebug);
  EXPECT_THAT(captured([] { write(Level::kDebug, "base", "loud"); }), HasSubstr("loud"));
  set_level(Level::kError);
  EXPECT_FALSE(enabled(Level::kWarning));
  EXPECT_TRUE(enabled(Level::kError));
  EXPECT_EQ(captured([] { write(Level::kWarning, "base", "quiet"); }), "");
}

TEST_F(Log, NoSecretGetsIntoALine) {
  const Secret key("stream-key-77");
  const auto lines = captured([] { write(Level::kError, "publish stream-key-77", "rtmp://h/stream-key-77 refused"); });
  EXPECT_THAT(lines, HasSubstr("publish ***: rtmp://h/*** refused"));
}

TEST_F(Log, AMessageIsOneLineWhateverItsAuthorPutIntoIt) {
  const auto lines = captured([] { write(Level::kInfo, "web", "first\r\n<0>second\x1b[2J"); });
  EXPECT_THAT(lines, HasSubstr("web: first  <0>second [2J\n"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
}

TEST_F(Log, BracesInAMessageAreNoFormat) {
  EXPECT_THAT(captured([] { write(Level::kInfo, "web", "{} {0} %s"); }), HasSubstr("web: {} {0} %s\n"));
}

TEST_F(Log, OnePlaceSaysOneLineASecond) {
  const auto lines = captured([] {
    for (int i = 0; i < 100; ++i) NESTBOX_LOG_INFO("base", "line {}", i);
  });
  // A slow machine may see a second pass in the loop; ten it does not.
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 10);
  EXPECT_THAT(lines, HasSubstr("line 0\n"));
  EXPECT_THAT(lines, Not(HasSubstr("line 1\n")));
}

TEST_F(Log, OtherPlacesAreNotHeldBack) {
  const auto lines = captured([] {
    NESTBOX_LOG_INFO("base", "here");
    NESTBOX_LOG_WARNING("base", "there");
    NESTBOX_LOG_ERROR("base", "everywhere");
  });
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
}

TEST_F(Log, ADisabledLineCostsNoFormatting) {
  int formatted = 0;
  const auto count = [&] { return ++formatted; };
  NESTBOX_LOG_DEBUG("base", "{}", count());
  EXPECT_EQ(formatted, 0);
}

TEST_F(Log, SaysHowManyItHeldBack) {
  RateLimit place(1h);
  const auto first = captured([&] { write_limited(place, Level::kInfo, "base", "it"); });
  EXPECT_THAT(first, HasSubstr("base: it\n"));
  EXPECT_EQ(captured([&] { write_limited(place, Level::kInfo, "base", "it"); }), "");

  RateLimit eager(0ns);
  EXPECT_TRUE(eager.admit(BootClock::now()));
  EXPECT_THAT(captured([&] { write_limited(eager, Level::kInfo, "base", "it"); }), HasSubstr("base: it\n"));
}

TEST(RateLimit, AdmitsOneAnIntervalAndCountsTheRest) {
  RateLimit limit(1s);
  const BootTime start(100s);
  EXPECT_EQ(limit.admit(start), 0u);
  EXPECT_EQ(limit.admit(start), std::nullopt);
  EXPECT_EQ(limit.admit(start + 999'999'999ns), std::nullopt);
  EXPECT_EQ(limit.admit(start + 1s), 2u);
  EXPECT_EQ(limit.admit(start + 1s), std::nullopt);
  EXPECT_EQ(limit.admit(start + 1h), 1u);
}

TEST(RateLimit, AdmitsTheFirstEvenWhenTheClockHasJustBegun) {
  RateLimit limit(1s);
  EXPECT_EQ(limit.admit(BootTime{}), 0u);
}

TEST(RateLimit, OneOfManyThreadsIsAdmittedAndNoneIsForgotten) {
  constexpr std::uint64_t kTries = 4000;
  RateLimit limit(1s);
  std::atomic<std::uint64_t> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < kTries; ++i) {
        if (limit.admit(BootTime(5s))) ++admitted;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 1u);
  // The one that was admitted may have taken others' counts with it: what is left is at most the rest.
  const auto rest = limit.admit(BootTime(6s));
  ASSERT_TRUE(rest);
  EXPECT_LE(*rest, 4 * kTries - 1);
}

void speak_to_the_journal(const char* journal_stream) {
  setenv("JOURNAL_STREAM", journal_stream, 1);
  set_level(Level::kDebug);
  write(Level::kDebug, "base", "debugging");
  write(Level::kInfo, "base", "informing");
  write(Level::kWarning, "base", "warning");
  write(Level::kError, "base", "failing");
  std::exit(0);
}

// The logger reads its environment once in a process, so these run in processes of their own.
TEST(LogDeathTest, GivesTheJournalItsPriorities) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        struct stat status {};
        fstat(STDERR_FILENO, &status);
        speak_to_the_journal(fmt::format("{}:{}", status.st_dev, status.st_ino).c_str());
      },
      testing::ExitedWithCode(0), "^<7>base: debugging\n<6>base: informing\n<4>base: warning\n<3>base: failing\n$");
}

TEST(LogDeathTest, KnowsThatAnInheritedVariableIsNotItsStream) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(speak_to_the_journal("0:1"), testing::ExitedWithCode(0), " info base: informing\n");
}

}  // namespace
}  // namespace nestbox::log
