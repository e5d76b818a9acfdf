#include "key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Keys : public ::testing::Test {
 protected:
  fs::path write(const fs::path& path, const std::string& text, fs::perms mode) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    fs::permissions(path, mode);
    return path;
  }
  static constexpr auto kPrivate = fs::perms::owner_read | fs::perms::owner_write;
  static constexpr auto kShared = kPrivate | fs::perms::others_read;

  TemporaryFolder temporary_;
  fs::path state_ = temporary_.path() / "state";
  KeyStore keys_{state_};
};

TEST_F(Keys, AreKeptForTheirOwnerAlone) {
  ASSERT_TRUE(keys_.store("youtube", Secret("abcd-efgh-ijkl")));
  struct stat about {};
  ASSERT_EQ(::stat((state_ / "keys/youtube").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(keys_.find("youtube", "")->reveal(), "abcd-efgh-ijkl");
}

TEST_F(Keys, AreReplaced) {
  ASSERT_TRUE(keys_.store("youtube", Secret("first-key")));
  ASSERT_TRUE(keys_.store("youtube", Secret("second-key")));
  EXPECT_EQ(keys_.find("youtube", "")->reveal(), "second-key");
}

TEST_F(Keys, MayBeMissing) {
  const auto key = keys_.find("youtube", "");
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->empty());
}

TEST_F(Keys, ANamedFileMayNotBeMissing) {
  const auto key = keys_.find("youtube", (temporary_.path() / "key").string());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, ErrorKind::kNotFound);
}

TEST_F(Keys, ThatOthersCanReadAreRefusedWithTheCommandThatMendsIt) {
  const auto path = write(state_ / "keys/youtube", "canary-key\n", kShared);
  const auto key = keys_.find("youtube", "");
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, HasSubstr("sudo chmod 600 " + path.string()));
  EXPECT_THAT(key.error().message, Not(HasSubstr("canary")));
}

TEST_F(Keys, AreOneLineWithoutSpaces) {
  for (const auto* rubbish : {"", "\n", "two words\n", "two\nlines\n", "\x01\x02", "caf\xc3\xa9"}) {
    const auto path = write(temporary_.path() / "key", rubbish, kPrivate);
    const auto key = keys_.find("youtube", path.string());
    ASSERT_FALSE(key) << rubbish;
    EXPECT_THAT(key.error().message, HasSubstr("one line"));
  }
}

TEST_F(Keys, NamesCannotLeaveTheFolder) {
  for (const auto* name : {"", "../auth", "a/b", ".", "Name", "a b"}) {
    const auto stored = keys_.store(name, Secret("some-key"));
    ASSERT_FALSE(stored) << name;
    EXPECT_EQ(stored.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST_F(Keys, ThatAreNoneAreNotStored) {
  EXPECT_FALSE(keys_.store("youtube", Secret()));
  EXPECT_FALSE(keys_.store("youtube", Secret("two words")));
  EXPECT_FALSE(keys_.store("youtube", Secret(std::string(5000, 'k'))));
}

TEST_F(Keys, OfTheSystemComeFirst) {
  const auto folder = temporary_.path() / "credentials";
  write(folder / "youtube", "from-systemd\n", kPrivate);
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1), 0);
  const KeyStore keys(state_);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  ASSERT_TRUE(keys.store("youtube", Secret("from-the-owner")));
  EXPECT_EQ(keys.find("youtube", "")->reveal(), "from-systemd");
}

TEST(KeysWithoutAState, CannotBeKeptAndSaySo) {
  const auto stored = KeyStore({}).store("youtube", Secret("some-key"));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace nestbox
