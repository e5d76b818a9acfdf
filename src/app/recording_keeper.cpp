#include "recording_keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "nestbox/base/log.h"
#include "nestbox/rules/retention.h"
#include "status_report.h"

namespace nestbox {
namespace {

constexpr auto kRecordingsPart = "recordings";
constexpr std::chrono::seconds kTidying{15}, kTryAgain{30};
constexpr std::chrono::seconds kFresh{5};  // for so long a list of visits says how they are
constexpr auto kDatabase = "nestbox.db";

std::uint64_t bytes_of(const std::filesystem::path& state, const std::string& file) {
  std::error_code missing;
  const auto bytes = file.empty() ? 0 : std::filesystem::file_size(state / file, missing);
  return missing ? 0 : bytes;
}

/// Whether the disk says that there is no such file; one that says nothing has not said so. A clip is called
/// NAME.mp4.part until it is whole: that one is looked for first, as it takes the other's name.
bool is_gone(const std::filesystem::path& state, const std::string& file) {
  const auto missing = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::symlink_status(path, ignored).type() == std::filesystem::file_type::not_found;
  };
  return missing(state / (file + ".part")) && missing(state / file);
}

std::optional<DiskSpace> space_of(const std::filesystem::path& state) {
  struct statvfs about {};
  if (::statvfs(state.c_str(), &about) != 0) return std::nullopt;
  return DiskSpace{about.f_blocks * std::uint64_t{about.f_frsize}, about.f_bavail * std::uint64_t{about.f_frsize}};
}

/// Forgets a file that is gone. Whether it was.
bool forget_if_gone(const std::filesystem::path& state, std::string& file) {
  if (file.empty() || !is_gone(state, file)) return false;
  file.clear();
  return true;
}

void delete_file(const std::filesystem::path& state, std::string& file) {
  if (file.empty()) return;
  if (const auto deleted = delete_recording(state, file); !deleted) {
    NESTBOX_LOG_ERROR(kRecordingsPart, "{}", deleted.error().message);
    return;
  }
  file.clear();
}

struct FilmFile {
  std::string file;  ///< relative to the state folder
  WallTime made_at{};
  std::uint64_t bytes = 0;
};
std::vector<FilmFile> films_of(const std::filesystem::path& state) {
  std::vector<FilmFile> films;
  std::error_code none;
  const std::filesystem::path folder = "films";
  for (std::filesystem::directory_iterator entry(state / folder, none), end; !none && entry != end;
       entry.increment(none)) {
    struct stat about {};
    if (entry->path().extension() != ".mp4" || ::stat(entry->path().c_str(), &about) != 0) continue;
    films.push_back({(folder / entry->path().filename()).string(), WallTime(std::chrono::seconds(about.st_mtim.tv_sec)),
                     static_cast<std::uint64_t>(about.st_size)});
  }
  return films;
}

/// Deletes what has to go. The visits whose records have changed by that, or whose files somebody else has taken.
std::vector<VisitRecord> tidy_up(const std::filesystem::path& state, std::vector<VisitRecord> visits,
                                 const RetainOptions& retain) {
  std::vector<Recording> recordings;
  std::vector<VisitRecord> changed;
  for (auto& visit : visits) {
    if (!visit.end) continue;  // its clip is being written
    const bool clip_gone = forget_if_gone(state, visit.clip), photo_gone = forget_if_gone(state, visit.photo);
    if (clip_gone || photo_gone) changed.push_back(visit);
    recordings.push_back({visit.id, visit.begin, bytes_of(state, visit.clip) + bytes_of(state, visit.photo),
                          visit.starred, visit.clock_trusted});
  }
  // The days' films stand in the list under numbers below zero.
  const auto films = films_of(state);
  for (std::size_t n = 0; n < films.size(); ++n)
    recordings.push_back({-1 - static_cast<std::int64_t>(n), films[n].made_at, films[n].bytes, false, true});
  const auto space = space_of(state);
  if (!space) return changed;
  const auto condemned = recordings_to_delete(std::move(recordings), retain, *space, wall_now());
  for (const auto id : condemned) {
    if (id < 0) {
      auto film = films[static_cast<std::size_t>(-1 - id)].file;
      delete_file(state, film);
      continue;
    }
    const auto visit = std::find_if(visits.begin(), visits.end(), [id](const auto& v) { return v.id == id; });
    if (visit == visits.end()) continue;
    delete_file(state, visit->clip);
    delete_file(state, visit->photo);
    changed.push_back(*visit);
  }
  if (!condemned.empty())
    log::write(log::Level::kInfo, kRecordingsPart, fmt::format("{} recordings let go", condemned.size()));
  return changed;
}

Result<RecordingOpener::Opened> open_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0) {
    const bool missing = errno == ENOENT;
    return fail(missing ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
                path.filename().string() + ": " + system_error_text(errno));
  }
  const auto changed = std::chrono::seconds(about.st_mtim.tv_sec) + std::chrono::nanoseconds(about.st_mtim.tv_nsec);
  return RecordingOpener::Opened{std::move(file), static_cast<std::uint64_t>(about.st_size), WallTime(changed),
                                 path.filename().string()};
}

}  // namespace

RecordingKeeper::RecordingKeeper(Ports ports) : ports_(ports), timer_(ports.context) {}

template <class Work>
void RecordingKeeper::on_main(Work work) {
  boost::asio::post(ports_.context, std::move(work));
}

void RecordingKeeper::take_up(std::filesystem::path state, std::function<void()> ready) {
  state_ = std::move(state);
  ports_.store.open(state_ / kDatabase, [this, ready = std::move(ready)](Result<VisitStore::Opened> answer) {
    on_main([this, ready, answer = std::move(answer)] { opened(answer, ready); });
  });
}

void RecordingKeeper::opened(const Result<VisitStore::Opened>& opened, const std::function<void()>& ready) {
  trouble_.clear();
  if (!opened) {
    return try_again(opened.error(), ready);
  }
  if (!opened->set_aside.empty()) {
    trouble_ = "the database was damaged: it lies in paths.state as " + opened->set_aside + ", and a new one has begun";
    log::write(log::Level::kError, kRecordingsPart, trouble_);
  }
  ports_.store.unfinished([this, ready](Result<Visits> unfinished) {
    ports_.store.with_recordings([this, ready, unfinished = std::move(unfinished)](Result<Visits> recorded) {
      on_main([this, ready, unfinished, recorded = std::move(recorded)] {
        // Who does not know which clips have a visit would give each of them a second one.
        if (!unfinished) return try_again(unfinished.error(), ready);
        if (!recorded) return try_again(recorded.error(), ready);
        adopt(*unfinished, *recorded, ready);
      });
    });
  });
}

// Nothing is recorded meanwhile: a clip in progress would be taken for one that a crash has left.
void RecordingKeeper::try_again(const Error& why, const std::function<void()>& ready) {
  if (trouble_ != why.message) log::write(log::Level::kError, kRecordingsPart, why.message);
  trouble_ = why.message;
  timer_.expires_after(kTryAgain);
  timer_.async_wait([this, ready](const boost::system::error_code& cancelled) {
    if (!cancelled) take_up(state_, ready);
  });
}

void RecordingKeeper::adopt(const Visits& unfinished, const Visits& recorded, const std::function<void()>& ready) {
  std::vector<std::filesystem::path> known;
  for (const auto& visit : recorded) {
    if (visit.end && !visit.clip.empty()) known.emplace_back(visit.clip);
  }
  const auto work = [this, unfinished, known, ready, state = state_] {
    auto found = adopt_clips(state, known);
    if (!found) NESTBOX_LOG_ERROR(kRecordingsPart, "{}", found.error().message);
    on_main([this, unfinished, ready, found = std::move(found).value_or(std::vector<FoundClip>{})] {
      adopted(unfinished, found);
      ready();
      tidy();
    });
  };
  if (!ports_.housekeeping.post(work)) work();
}

// What a crash cut off is a visit all the same: its clip says how long it lasted.
void RecordingKeeper::adopted(Visits unfinished, const std::vector<FoundClip>& found) {
  std::vector<FoundClip> ownerless = found;
  for (auto& visit : unfinished) {
    const auto clip = std::find_if(ownerless.begin(), ownerless.end(),
                                   [&](const FoundClip& one) { return one.file.string() == visit.clip; });
    if (clip == ownerless.end()) {
      visit.clip.clear();
      visit.end = visit.begin;
    } else {
      visit.end = std::max(visit.begin, clip->begin + clip->duration);
      visit.clip_lead_s = to_seconds(visit.begin - clip->begin);
      ownerless.erase(clip);
    }
  }
  auto visits = std::make_shared<std::deque<VisitRecord>>(unfinished.begin(), unfinished.end());
  for (const auto& clip : ownerless) {
    VisitRecord visit;
    visit.begin = clip.begin;
    visit.end = clip.begin + clip.duration;
    visit.clip = clip.file.string();
    visit.clip_lead_s = 0;
    visits->push_back(std::move(visit));
  }
  write_next(visits);
  if (unfinished.empty() && found.empty()) return;
  log::write(log::Level::kWarning, kRecordingsPart,
             fmt::format("the last run ended within {} visits; {} clips were mended or found", unfinished.size(),
                         found.size()));
}

// One after another: there may be hundreds, and the store takes 64 orders at once.
void RecordingKeeper::write_next(const std::shared_ptr<std::deque<VisitRecord>>& visits) {
  if (visits->empty()) return;
  auto visit = std::move(visits->front());
  visits->pop_front();
  const auto next = [this, visits](const Result<void>& written) {
    if (!written) NESTBOX_LOG_ERROR(kRecordingsPart, "write down what a crash left: {}", written.error().message);
    on_main([this, visits] { write_next(visits); });
  };
  if (visit.id != 0) return ports_.store.update(std::move(visit), next);
  ports_.store.insert(std::move(visit), [next](const Result<std::int64_t>& id) {
    next(id ? Result<void>() : Result<void>(tl::unexpected(id.error())));
  });
}

void RecordingKeeper::tidy() {
  schedule_tidying();
  if (state_.empty() || std::exchange(tidying_, true)) return;
  ports_.store.with_recordings([this](Result<Visits> recorded) {
    on_main([this, recorded = std::move(recorded)] {
      if (recorded) return let_go(*recorded);
      tidying_ = false;
    });
  });
}

void RecordingKeeper::schedule_tidying() {
  timer_.expires_after(kTidying);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) tidy();
  });
}

void RecordingKeeper::let_go(const Visits& recorded) {
  auto retain = retain_;
  if (!clock_is_synchronised()) retain.days = 0;  // a clock that is years ahead must not empty the card
  const auto work = [this, recorded, state = state_, retain, listed_at = BootClock::now()] {
    if (BootClock::now() - listed_at > kFresh) return on_main([this] { tidying_ = false; });  // others were in front
    on_main([this, changed = tidy_up(state, recorded, retain)] {
      tidying_ = false;
      for (const auto& visit : changed) {
        ports_.store.update(visit, [](Result<void> written) {
          if (!written) NESTBOX_LOG_ERROR(kRecordingsPart, "write down what was let go: {}", written.error().message);
        });
      }
    });
  };
  if (!ports_.housekeeping.post(work)) tidying_ = false;
}

void RecordingKeeper::open_recording(std::int64_t visit, What what, std::function<void(Result<Opened>)> done) {
  on_main([this, visit, what, done = std::move(done)] {
    if (state_.empty()) return done(fail(ErrorKind::kUnavailable, "paths.state is absent"));
    ports_.store.find(visit, [visit, what, done, state = state_](Result<VisitRecord> found) {
      if (!found) return done(tl::unexpected(found.error()));
      const auto& file = what == What::kClip ? found->clip : found->photo;
      const auto kind = what == What::kClip ? "clip" : "photograph";
      // Until its clip is whole nobody knows whether it has the name that is written down.
      const bool whole = what == What::kPhoto || found->clip_lead_s;
      if (!file.empty() && whole) return done(open_file(state / file));
      done(fail(ErrorKind::kNotFound, found->end
                                          ? fmt::format("visit {} has no {} (any more)", visit, kind)
                                          : fmt::format("visit {} goes on: its {} is not whole yet", visit, kind)));
    });
  });
}

}  // namespace nestbox
