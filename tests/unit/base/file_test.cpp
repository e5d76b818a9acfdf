#include "nestbox/base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

namespace nestbox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class File : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (fs::temp_directory_path() / "nestbox-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder)) all.insert(entry.path().filename());
    return all;
  }

  fs::path folder;
};

TEST_F(File, IsReadWholeWithEveryByte) {
  std::string content(10000, 'x');
  content[5000] = '\0';
  std::ofstream(folder / "a", std::ios::binary) << content;
  EXPECT_EQ(read_file(folder / "a", content.size()), content);
  std::ofstream(folder / "empty");
  EXPECT_EQ(read_file(folder / "empty", 0), "");
}

TEST_F(File, LargerThanTheBoundIsRefused) {
  std::ofstream(folder / "a") << "12345";
  EXPECT_TRUE(read_file(folder / "a", 5));
  const auto result = read_file(folder / "a", 4);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kExhausted);
  EXPECT_THAT(result.error().message, HasSubstr("larger than 4 bytes"));
  EXPECT_FALSE(read_file("/dev/zero", 100000)) << "a file without an end ends at the bound";
}

TEST_F(File, ThatIsNotThereIsNamed) {
  const auto result = read_file(folder / "nothing", 10);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(result.error().message, "open " + (folder / "nothing").string() + ": no such file or directory");
}

TEST_F(File, AFolderIsNoFile) {
  const auto result = read_file(folder, 10);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("is a directory"));
}

TEST_F(File, IsReplacedWholeWithItsMode) {
  const auto path = folder / "settings.yaml";
  ASSERT_TRUE(write_file_atomically(path, "old and long", 0600));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto first_inode = status.st_ino;
  ASSERT_TRUE(write_file_atomically(path, "new", 0640));
  EXPECT_EQ(read_file(path, 100), "new");
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  EXPECT_NE(status.st_ino, first_inode) << "written in place: a power cut would leave half a file";
  EXPECT_EQ(names(), std::set<std::string>{"settings.yaml"});
}

TEST_F(File, WithoutAFolderInItsNameIsWrittenHere) {
  const auto before = fs::current_path();
  fs::current_path(folder);
  EXPECT_TRUE(write_file_atomically("here", "x", 0600));
  fs::current_path(before);
  EXPECT_EQ(names(), std::set<std::string>{"here"});
}

TEST_F(File, AFailedWriteLeavesTheOldFileAndNothingBeside) {
  const auto result = write_file_atomically(folder / "no" / "such", "x", 0600);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr("create"));

  fs::create_directory(folder / "taken");
  const auto onto_folder = write_file_atomically(folder / "taken", "x", 0600);
  ASSERT_FALSE(onto_folder);
  EXPECT_EQ(onto_folder.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(onto_folder.error().message, HasSubstr("rename to"));
  EXPECT_EQ(names(), std::set<std::string>{"taken"});
}

TEST_F(File, OfTwoWritersAtOnceOneWinsWhole) {
  const auto path = folder / "shared";
  ASSERT_TRUE(write_file_atomically(path, std::string(9000, 'z'), 0600));
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c'}) {
    writers.emplace_back([&, letter] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(write_file_atomically(path, std::string(9000, letter), 0600));
        const auto seen = read_file(path, 9000);
        ASSERT_TRUE(seen);
        ASSERT_EQ(seen->size(), 9000u);
        EXPECT_EQ(*seen, std::string(9000, seen->front()));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(names(), std::set<std::string>{"shared"});
}

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

TEST(FileDescriptor, ClosesWhatItOwns) {
  const int raw = open("/dev/null", O_RDONLY);
  ASSERT_TRUE(is_open(raw));
  {
    const FileDescriptor owner(raw);
    EXPECT_TRUE(owner);
    EXPECT_EQ(owner.get(), raw);
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(FileDescriptor, MovesAndReleases) {
  FileDescriptor empty;
  EXPECT_FALSE(empty);
  FileDescriptor first(open("/dev/null", O_RDONLY));
  const int raw = first.get();
  FileDescriptor second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what is left behind is the point
  FileDescriptor third(open("/dev/null", O_RDONLY));
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_EQ(third.get(), raw);
  auto& self = third;
  third = std::move(self);
  EXPECT_TRUE(is_open(third.get()));
  const int released = third.release();
  EXPECT_FALSE(third);
  EXPECT_TRUE(is_open(released));
  close(released);
}

TEST(SystemErrorText, ReadsInTheMiddleOfASentence) {
  EXPECT_EQ(system_error_text(EACCES), "permission denied");
  EXPECT_EQ(system_error_text(ENOSPC), "no space left on device");
}

}  // namespace
}  // namespace nestbox
