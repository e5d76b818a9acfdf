#include "state_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AbsentMount : public ::testing::Test {
 protected:
  void promise(const std::string& text) { std::ofstream(folder_ / "fstab") << text; }
  void mount(const std::string& point) {
    std::ofstream(folder_ / "mountinfo", std::ios::app) << "36 35 98:0 / " << point << " rw - ext4 /dev/sda1 rw\n";
  }
  std::optional<fs::path> absent(const fs::path& path) {
    return absent_mount(path, folder_ / "fstab", folder_ / "mountinfo");
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(AbsentMount, IsNamedWhenTheTablePromisesIt) {
  promise("/dev/sda1 /mnt/disk ext4 nofail 0 2\n");
  mount("/");
  EXPECT_EQ(absent("/mnt/disk/nestbox"), fs::path("/mnt/disk"));
  EXPECT_EQ(absent("/mnt/disk"), fs::path("/mnt/disk"));
}

TEST_F(AbsentMount, IsNoneWhenItIsMounted) {
  promise("/dev/sda1 /mnt/disk ext4 nofail 0 2\n");
  mount("/");
  mount("/mnt/disk");
  EXPECT_EQ(absent("/mnt/disk/nestbox"), std::nullopt);
}

TEST_F(AbsentMount, OtherFoldersAreNotConcerned) {
  promise("# a comment\n/dev/sda1 /mnt/disk ext4 nofail 0 2\ntmpfs /tmp tmpfs defaults 0 0\nUUID=1 none swap sw 0 0\n");
  mount("/");
  EXPECT_EQ(absent("/var/lib/nestbox"), std::nullopt);
  EXPECT_EQ(absent("/mnt/disk2/nestbox"), std::nullopt);
}

TEST_F(AbsentMount, NoTableNoPromise) {
  EXPECT_EQ(absent("/mnt/disk/nestbox"), std::nullopt);
}

TEST(StateFolder, IsMadeAndHeldByOneAlone) {
  const TemporaryFolder temporary;
  const auto path = temporary.path() / "a" / "b";
  {
    auto first = StateFolder::open(path);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(fs::is_directory(path));
    const auto second = StateFolder::open(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(second.error().message, HasSubstr("another nestboxd uses this folder"));
  }
  EXPECT_TRUE(StateFolder::open(path)) << "the lock goes with its holder";
}

TEST(StateFolder, SaysWhyItCannotBeMade) {
  const TemporaryFolder temporary;
  std::ofstream(temporary.path() / "file") << "in the way";
  const auto state = StateFolder::open(temporary.path() / "file" / "state");
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(state.error().message, HasSubstr("file/state"));
}

}  // namespace
}  // namespace nestbox
