#include "accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>

#include "nestbox/base/file.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using Entry = Doorkeeper::Entry;

const Secret kPassword("owl in the oak");

class AccountsTest : public ::testing::Test {
 protected:
  AccountsTest() { fs::create_directories(state_); }
  void SetUp() override {
    jobs_.start();
    ASSERT_TRUE(accounts_->open(state_));
  }
  void TearDown() override {
    jobs_.request_stop();
    ASSERT_TRUE(jobs_.join_until(BootClock::now() + 30s));
  }
  Accounts::Clocks clocks() {
    return {[this] { return BootTime(boot_); }, [this] { return WallTime(wall_); }};
  }
  Result<void> set_password(const Secret& password) {
    std::promise<Result<void>> answer;
    accounts_->set_password(password, [&](Result<void> set) { answer.set_value(std::move(set)); });
    return answer.get_future().get();
  }
  Doorkeeper::LogIn log_in(const Secret& password, const std::string& address = "192.0.2.1") {
    std::promise<Doorkeeper::LogIn> answer;
    accounts_->log_in(address, password, [&](Doorkeeper::LogIn given) { answer.set_value(std::move(given)); });
    auto given = answer.get_future().get();
    let_jobs_end();
    return given;
  }
  void let_jobs_end() {
    std::promise<void> last;
    while (!jobs_.post([&] { last.set_value(); })) std::this_thread::yield();
    last.get_future().get();
  }
  /// The daemon is started anew: what is in memory is lost.
  Result<void> restart() {
    let_jobs_end();
    accounts_ = std::make_unique<Accounts>(jobs_, clocks());
    return accounts_->open(state_);
  }
  std::string file() const { return *read_file(state_ / "auth.json", 100'000); }

  TemporaryFolder temporary_;
  const fs::path state_ = temporary_.path() / "state";
  std::atomic<std::chrono::nanoseconds> boot_{std::chrono::nanoseconds(1h)};
  std::atomic<std::chrono::nanoseconds> wall_{std::chrono::nanoseconds(std::chrono::hours(24 * 20'000))};
  Jobs jobs_{"jobs"};
  std::unique_ptr<Accounts> accounts_ = std::make_unique<Accounts>(jobs_, clocks());
};

TEST_F(AccountsTest, WithoutAPasswordNobodyComesIn) {
  EXPECT_FALSE(accounts_->has_password());
  EXPECT_EQ(log_in(Secret("")).entry, Entry::kRefused);
  EXPECT_EQ(log_in(kPassword).entry, Entry::kRefused);
  EXPECT_FALSE(accounts_->knows(""));
  EXPECT_FALSE(fs::exists(state_ / "auth.json"));
}

TEST_F(AccountsTest, ARightPasswordBeginsASessionThatARestartKeeps) {
  ASSERT_TRUE(set_password(kPassword));
  EXPECT_EQ(log_in(Secret("owl in the oak ")).entry, Entry::kRefused);
  const auto in = log_in(kPassword);
  ASSERT_EQ(in.entry, Entry::kAdmitted);
  EXPECT_EQ(in.session.size(), 64U);
  EXPECT_TRUE(accounts_->knows(in.session));
  EXPECT_NE(log_in(kPassword).session, in.session);
  ASSERT_TRUE(restart());
  EXPECT_TRUE(accounts_->knows(in.session));
  accounts_->log_out(in.session);
  EXPECT_FALSE(accounts_->knows(in.session));
  ASSERT_TRUE(restart());
  EXPECT_FALSE(accounts_->knows(in.session));
}

TEST_F(AccountsTest, TheFileHoldsHashesAloneForItsOwnerAlone) {
  ASSERT_TRUE(set_password(kPassword));
  const auto in = log_in(kPassword);
  struct stat about {};
  ASSERT_EQ(::stat((state_ / "auth.json").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_THAT(file(), HasSubstr("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_THAT(file(), Not(HasSubstr(kPassword.reveal())));
  EXPECT_THAT(file(), Not(HasSubstr(in.session)));
}

TEST_F(AccountsTest, AnotherPasswordEndsEverySession) {
  ASSERT_TRUE(set_password(kPassword));
  const auto in = log_in(kPassword);
  ASSERT_TRUE(set_password(Secret("tit in the birch")));
  EXPECT_FALSE(accounts_->knows(in.session));
  EXPECT_EQ(log_in(kPassword).entry, Entry::kRefused);
  ASSERT_TRUE(restart());
  EXPECT_FALSE(accounts_->knows(in.session));
  EXPECT_EQ(log_in(Secret("tit in the birch")).entry, Entry::kAdmitted);
}

TEST_F(AccountsTest, ASessionEndsThirtyDaysAfterItsLastUse) {
  ASSERT_TRUE(set_password(kPassword));
  const auto used = log_in(kPassword), unused = log_in(kPassword);
  for (int day = 0; day < 29; ++day) {
    wall_ = wall_.load() + 24h;
    EXPECT_TRUE(accounts_->knows(used.session)) << day;
  }
  EXPECT_TRUE(accounts_->knows(unused.session));
  wall_ = wall_.load() + 29 * 24h;
  ASSERT_TRUE(restart()) << "its use was written down";
  EXPECT_TRUE(accounts_->knows(used.session));
  wall_ = wall_.load() + 30 * 24h;
  EXPECT_FALSE(accounts_->knows(used.session));
  EXPECT_FALSE(accounts_->knows(unused.session));
}

TEST_F(AccountsTest, AClockThatWasSetBackDoesNotMakeASessionLast) {
  ASSERT_TRUE(set_password(kPassword));
  const auto in = log_in(kPassword);
  wall_ = wall_.load() - 365 * 24h;
  EXPECT_TRUE(accounts_->knows(in.session));
  wall_ = wall_.load() + 31 * 24h;
  EXPECT_FALSE(accounts_->knows(in.session));
}

TEST_F(AccountsTest, TheOldestSessionMakesRoom) {
  ASSERT_TRUE(set_password(kPassword));
  const auto first = log_in(kPassword);
  for (std::size_t i = 0; i < Accounts::kSessionsMax; ++i) {
    wall_ = wall_.load() + 1min;
    ASSERT_EQ(log_in(kPassword).entry, Entry::kAdmitted);
  }
  EXPECT_FALSE(accounts_->knows(first.session));
}

TEST_F(AccountsTest, ManyTriesMustWaitEvenWhenTheyAreRight) {
  ASSERT_TRUE(set_password(kPassword));
  for (int i = 0; i < TryLimit::kFree; ++i) EXPECT_EQ(log_in(Secret("wrong one")).entry, Entry::kRefused);
  const auto held = log_in(kPassword);
  EXPECT_EQ(held.entry, Entry::kLater);
  EXPECT_EQ(held.retry_in, 2s);
  EXPECT_EQ(log_in(kPassword, "192.0.2.2").entry, Entry::kAdmitted);
  boot_ = boot_.load() + 2s;
  EXPECT_EQ(log_in(kPassword).entry, Entry::kAdmitted);
}

TEST_F(AccountsTest, ANewPasswordEndsAllWaiting) {
  ASSERT_TRUE(set_password(kPassword));
  for (int i = 0; i < TryLimit::kFree; ++i) EXPECT_EQ(log_in(Secret("wrong one")).entry, Entry::kRefused);
  EXPECT_EQ(log_in(kPassword).entry, Entry::kLater);
  ASSERT_TRUE(set_password(kPassword));
  EXPECT_EQ(log_in(kPassword).entry, Entry::kAdmitted);
}

TEST_F(AccountsTest, OnePasswordIsLookedAtATime) {
  ASSERT_TRUE(set_password(kPassword));
  std::promise<void> begun, go_on;
  ASSERT_TRUE(jobs_.post([&] {
    begun.set_value();
    go_on.get_future().get();
  }));
  begun.get_future().get();
  std::promise<Doorkeeper::LogIn> first;
  accounts_->log_in("192.0.2.1", kPassword, [&](Doorkeeper::LogIn given) { first.set_value(std::move(given)); });
  Doorkeeper::LogIn second;
  accounts_->log_in("192.0.2.2", kPassword, [&](Doorkeeper::LogIn given) { second = std::move(given); });
  EXPECT_EQ(second.entry, Entry::kLater);
  EXPECT_EQ(second.retry_in, 1s);
  go_on.set_value();
  EXPECT_EQ(first.get_future().get().entry, Entry::kAdmitted);
}

TEST_F(AccountsTest, WithoutAStateFolderNoPasswordIsKept) {
  ASSERT_TRUE(accounts_->open(""));
  const auto set = set_password(kPassword);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(accounts_->has_password());
}

TEST_F(AccountsTest, AFileThatCannotBeTrustedLetsNobodyInAndNamesTheCommand) {
  ASSERT_TRUE(set_password(kPassword));
  const auto in = log_in(kPassword);
  const auto good = file();
  const auto refused = [&](const std::string& content, fs::perms mode) {
    std::ofstream(state_ / "auth.json") << content;
    fs::permissions(state_ / "auth.json", mode);
    const auto opened = restart();
    EXPECT_FALSE(accounts_->has_password()) << content;
    EXPECT_FALSE(accounts_->knows(in.session));
    return opened ? std::string("opened") : opened.error().message;
  };
  constexpr auto kPrivate = fs::perms::owner_read | fs::perms::owner_write;
  EXPECT_THAT(refused(good, kPrivate | fs::perms::group_read), HasSubstr("can be read by others"));
  for (const auto* broken :
       {"", "{", "[]", "{}", R"({"password":1,"sessions":{}})", R"({"password":"plain","sessions":{}})",
        R"({"password":"$argon2id$v=19$m=19456,t=2,p=1$a$b","sessions":{"a":"b"}})"})
    EXPECT_THAT(refused(broken, kPrivate), HasSubstr("nestbox passwd")) << broken;
  ASSERT_TRUE(set_password(kPassword)) << "a new password mends it";
  ASSERT_TRUE(restart());
  EXPECT_TRUE(accounts_->has_password());
}

}  // namespace
}  // namespace nestbox
