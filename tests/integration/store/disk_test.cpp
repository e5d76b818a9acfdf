/// Disks that are full, read-only or absent: the reason is said, nothing is lost that was kept, and it goes on after.
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "nestbox/base/file.h"
#include "support.h"

namespace nestbox {
namespace {

using testing::HasSubstr;

/// A disk of 512 KiB that only this thread, and those it starts, can see.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path at) : at_(std::move(at)) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      why_not_ = "no mounts of our own: " + system_error_text(errno);
      return;
    }
    std::filesystem::create_directories(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=512k") == 0;
    if (!mounted_) why_not_ = "no tmpfs can be mounted: " + system_error_text(errno);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Empty: it is there.
  const std::string& why_not() const { return why_not_; }
  const std::filesystem::path& path() const { return at_; }
  void fill() const {
    std::ofstream file(at_ / "filler", std::ios::binary);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  void make_room() const { std::filesystem::remove(at_ / "filler"); }
  void set_read_only() const {
    EXPECT_EQ(::mount("none", at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0) << system_error_text(errno);
  }
  void set_writable() const {
    EXPECT_EQ(::mount("none", at_.c_str(), nullptr, MS_REMOUNT, nullptr), 0) << system_error_text(errno);
  }

 private:
  std::filesystem::path at_;
  std::string why_not_;
  bool mounted_ = false;
};

/// Inserts until it fails; how many went in, and how the last one failed.
std::pair<int, Error> insert_until_it_fails(BlockingStore& store) {
  for (int count = 0; count < 10'000; ++count) {
    auto visit = visit_at(count);
    visit.notes = std::string(2000, 'n');
    if (auto id = store.insert(visit); !id) return {count, id.error()};
  }
  return {10'000, {}};
}

std::size_t count_visits(BlockingStore& store) {
  VisitQuery query;
  query.limit = 1000;
  const auto page = store.list(query);
  EXPECT_TRUE(page) << page.error().message;
  return page ? page->visits.size() : 0;
}

class DiskTest : public StoreTest {
 protected:
  SmallDisk disk_{folder() / "disk"};
  std::filesystem::path on_disk() const { return disk_.path() / "nestbox.db"; }
};

TEST_F(DiskTest, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
  if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  BlockingStore store(on_disk());
  ASSERT_TRUE(store.insert(visit_at(0)));
  disk_.fill();
  const auto [count, error] = insert_until_it_fails(store);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("disk/nestbox.db: the disk is full"));
  EXPECT_EQ(store.status().state, StoreStatus::State::kFailed);
  EXPECT_EQ(store.status().last_error, error.message);
  EXPECT_EQ(count_visits(store), static_cast<std::size_t>(count) + 1);  // what is there can be read still

  disk_.make_room();
  EXPECT_TRUE(store.insert(visit_at(1)));
  EXPECT_EQ(store.status().state, StoreStatus::State::kOpen);
  EXPECT_EQ(store.status().last_error, "");
  ASSERT_EQ(store.open(on_disk()).value().set_aside, "");
  EXPECT_EQ(count_visits(store), static_cast<std::size_t>(count) + 2);
}

TEST_F(DiskTest, OpensWhenAFullDiskHasRoomAgain) {
  if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  disk_.fill();
  BlockingStore store;
  const auto opened = store.open(on_disk());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kUnavailable) << opened.error().message;
  EXPECT_EQ(store.insert(visit_at(0)).error().kind, ErrorKind::kUnavailable);
  disk_.make_room();
  EXPECT_EQ(store.open(on_disk()).value().set_aside, "");
  EXPECT_TRUE(store.insert(visit_at(0)));
}

TEST_F(DiskTest, SaysThatTheDiskIsReadOnlyAndOpensLater) {
  if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  {
    BlockingStore store(on_disk());
    ASSERT_TRUE(store.insert(visit_at(0)));
  }
  disk_.set_read_only();
  BlockingStore store;
  const auto opened = store.open(on_disk());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("nestbox.db: read-only file system"));
  const auto answer = store.list({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("read-only file system"));
  disk_.set_writable();
  EXPECT_EQ(store.open(on_disk()).value().set_aside, "");
  EXPECT_EQ(count_visits(store), 1u);
  EXPECT_TRUE(store.insert(visit_at(1)));
}

TEST_F(DiskTest, LeavesADamagedDatabaseThatCannotBeSetAside) {
  if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  std::ofstream(on_disk()) << "no database";
  // A folder in the way of every name would do as well; root may write anywhere else.
  BlockingStore store;
  disk_.set_read_only();
  EXPECT_EQ(store.open(on_disk()).error().kind, ErrorKind::kUnavailable);
  disk_.set_writable();
  EXPECT_NE(store.open(on_disk()).value().set_aside, "");
}

/// Writes beyond `bytes` fail, as on a disk that breaks; for the whole process, while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : before_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  sighandler_t before_handler_;
};

using BrokenDiskTest = StoreTest;

TEST_F(BrokenDiskTest, LosesNothingThatWasKeptWhenWritesFail) {
  BlockingStore store(file());
  ASSERT_TRUE(store.insert(visit_at(0)));
  std::size_t kept = 1;
  {
    const FileSizeLimit limit(300'000);
    const auto [count, error] = insert_until_it_fails(store);
    kept += static_cast<std::size_t>(count);
    EXPECT_GT(count, 0);
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
    EXPECT_THAT(error.message, HasSubstr("the disk fails (disk I/O error, code "));
    EXPECT_EQ(store.insert(visit_at(0)).error().kind, ErrorKind::kUnavailable);
  }
  EXPECT_TRUE(store.insert(visit_at(1)));
  ASSERT_EQ(store.open(file()).value().set_aside, "");
  EXPECT_EQ(count_visits(store), kept + 1);
}

TEST_F(BrokenDiskTest, SaysThatTheFolderIsNotThere) {
  BlockingStore store;
  const auto opened = store.open(folder() / "absent" / "nestbox.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("absent/nestbox.db: no such file or directory"));
  std::filesystem::create_directory(folder() / "absent");
  EXPECT_TRUE(store.open(folder() / "absent" / "nestbox.db"));
}

TEST_F(BrokenDiskTest, SaysThatSomebodyElseWrites) {
  BlockingStore store(file());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto answer = store.insert(visit_at(0));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(answer.error().message, HasSubstr("another program is writing to it"));
  EXPECT_TRUE(store.list({}));
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_TRUE(store.insert(visit_at(0)));
}

}  // namespace
}  // namespace nestbox
