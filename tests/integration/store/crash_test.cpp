/// The store's process killed while it writes, and the machine's power cut: what was said to be kept is there.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "nestbox/base/file.h"
#include "nestbox/base/mutex.h"
#include "support.h"

namespace nestbox {
namespace {

/// What would be on the disk after a power cut: each file in the folder as it was when it was last synced. What was
/// deleted is there still until the folder is synced.
class SyncedDisk {
 public:
  void watch(const std::filesystem::path& folder) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    folder_ = folder;
    files_.clear();
  }
  void synced(int fd) EXCLUDES(mutex_) {
    std::error_code ignored;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
    Lock lock(mutex_);
    if (path == folder_) {
      std::erase_if(files_, [&](const auto& file) { return !std::filesystem::exists(path / file.first); });
    }
    if (folder_.empty() || path.parent_path() != folder_) return;
    // Through the descriptor at hand: closing another one of this file would take SQLite's locks away.
    std::string content(static_cast<std::size_t>(std::filesystem::file_size(path)), '\0');
    const auto got = ::pread(fd, content.data(), content.size(), 0);
    content.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    files_[path.filename()] = std::move(content);
  }
  void write_to(const std::filesystem::path& folder) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    for (const auto& [name, content] : files_) std::ofstream(folder / name, std::ios::binary) << content;
  }

 private:
  Mutex mutex_;
  std::filesystem::path folder_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> files_ GUARDED_BY(mutex_);
};

SyncedDisk& synced_disk() {
  static SyncedDisk disk;
  return disk;
}

}  // namespace

// These come before the C library's, for SQLite too.
extern "C" int fdatasync(int fd) {
  const auto result = static_cast<int>(::syscall(SYS_fdatasync, fd));
  if (result == 0) synced_disk().synced(fd);
  return result;
}
extern "C" int fsync(int fd) {
  const auto result = static_cast<int>(::syscall(SYS_fsync, fd));
  if (result == 0) synced_disk().synced(fd);
  return result;
}

namespace {

using CrashTest = StoreTest;

TEST_F(CrashTest, KeepsThroughAPowerCutWhatItSaidIsKept) {
  synced_disk().watch(std::filesystem::canonical(folder()));
  BlockingStore store(file());
  std::vector<VisitRecord> kept;
  for (int i = 0; i < 40; ++i) {
    auto visit = full_visit();
    visit.begin = morning(i);
    visit.notes = std::string(2000, 'n');
    visit.id = store.insert(visit).value();
    kept.push_back(visit);
    if (i % 3 == 1) {
      visit.end = morning(i + 100);
      ASSERT_TRUE(store.update(visit));
      kept.back() = visit;
    }
    const TemporaryFolder after;
    synced_disk().write_to(after.path());
    BlockingStore restarted;
    const auto opened = restarted.open(after.path() / "nestbox.db");
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_EQ(opened->set_aside, "");
    for (const auto& wanted : kept) ASSERT_EQ(restarted.find(wanted.id).value(), wanted);
  }
  synced_disk().watch({});
}

/// store_writer as a child, and what it says.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "store_writer";
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(program.c_str(), "store_writer", file.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    said_ = FileDescriptor(ends[0]);
  }
  ~Writer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Kills it `after` its first word; all that it has said until then. Number and begin of each visit.
  std::map<std::int64_t, std::int64_t> kill_after(std::chrono::microseconds after) {
    std::string text;
    read_once(text);
    std::this_thread::sleep_for(after);
    ::kill(child_, SIGKILL);
    while (read_once(text)) {
    }
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    std::string word;
    EXPECT_TRUE(lines >> word && word == "open") << text.substr(0, 100);
    std::map<std::int64_t, std::int64_t> kept;
    for (std::int64_t id = 0, begin = 0; lines >> id >> begin;) kept[id] = begin;
    return kept;
  }

 private:
  bool read_once(std::string& text) {
    char chunk[4096];
    const auto got = ::read(said_.get(), chunk, sizeof chunk);
    if (got > 0) text.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t child_ = -1;
  FileDescriptor said_;
};

TEST_F(CrashTest, KeepsThroughKillsWhatItSaidIsKept) {
  std::mt19937 random(7);  // the moments are the machine's all the same
  std::uniform_int_distribution<int> moment_us(0, 60'000);
  std::map<std::int64_t, std::int64_t> kept;
  for (int round = 0; round < 50; ++round) {
    for (const auto& [id, begin] : Writer(file()).kill_after(std::chrono::microseconds(moment_us(random)))) {
      EXPECT_EQ(kept.count(id), 0u) << "a number was used again";
      kept[id] = begin;
    }
  }
  ASSERT_GT(kept.size(), 0u);
  BlockingStore store;
  EXPECT_EQ(store.open(file()).value().set_aside, "");
  for (const auto& [id, begin] : kept) {
    const auto visit = store.find(id);
    ASSERT_TRUE(visit) << visit.error().message;
    EXPECT_EQ(visit->begin.time_since_epoch().count(), begin);
    EXPECT_EQ(visit->zones.size(), 2u);
  }
  store.stop();
  EXPECT_EQ(run_sql(file(), "PRAGMA integrity_check; PRAGMA foreign_key_check"), "ok");
  // At most one visit a kill was kept without being said so.
  EXPECT_LE(std::stoul(run_sql(file(), "SELECT count(*) FROM visit")), kept.size() + 50);
}

}  // namespace
}  // namespace nestbox
