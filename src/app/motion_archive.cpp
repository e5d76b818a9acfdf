#include "motion_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "nestbox/base/time_zone.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;

constexpr auto kTracesPart = "motion";
constexpr auto kTracesFolder = "motion";
constexpr std::string_view kEventEnding = "_event.trace", kNearEnding = "_near.trace";
constexpr std::uintmax_t kEventBytesMax = 24 << 20, kNearBytesMax = 8 << 20;
constexpr std::size_t kFileMax = 16 << 20;
constexpr unsigned kMode = 0640;

/// In the order of time, as the names say.
std::vector<fs::path> files_of(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> files;
  std::error_code none;
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
    if (entry->path().filename().string().ends_with(ending)) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void let_go_of_oldest(const fs::path& folder, std::string_view ending, std::uintmax_t bytes_max) {
  const auto files = files_of(folder, ending);
  std::uintmax_t bytes = 0;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    std::error_code ignored;
    const auto size = fs::file_size(*file, ignored);
    bytes += ignored ? 0 : size;
    if (bytes > bytes_max) fs::remove(*file, ignored);
  }
}

std::string name_of(const MotionSegment& segment) {
  const auto at = TimeZone::utc().to_local(segment.begin_wall);
  return fmt::format("{:04}-{:02}-{:02}T{:02}-{:02}-{:02}.{:03}Z{}", at.year, at.month, at.day, at.hour, at.minute,
                     at.second, at.millisecond, segment.has_event() ? kEventEnding : kNearEnding);
}

void write(const fs::path& state, const MotionSegment& segment) {
  const auto folder = state / kTracesFolder;
  std::error_code ignored;
  fs::create_directory(folder, ignored);
  if (const auto written = write_file_atomically(folder / name_of(segment), encode(segment), kMode); !written) {
    NESTBOX_LOG_WARNING(kTracesPart, "a trace of what moved is not kept: {}", written.error().message);
  }
  let_go_of_oldest(folder, kEventEnding, kEventBytesMax);
  let_go_of_oldest(folder, kNearEnding, kNearBytesMax);
}

/// The events of a segment that were really some: all but those in visits of which the owner says that nothing was
/// there.
std::vector<MotionSpan> real_events(const MotionSegment& segment, const MotionArchive::Question& question) {
  std::vector<MotionSpan> real;
  for (const auto& event : segment.events) {
    const auto begin = segment.begin_wall + (event.begin - segment.begin);
    const auto& none = question.nothing_there;
    const bool nothing = std::any_of(none.begin(), none.end(), [&](const auto& visit) {
      return begin >= visit.first - std::chrono::seconds(1) && begin <= visit.second;
    });
    if (!nothing) real.push_back(event);
  }
  return real;
}

Result<MotionArchive::Trial> try_on(const fs::path& file, const MotionArchive::Question& question) {
  const auto bytes = read_file(file, kFileMax);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto segment = decode_segment(*bytes);
  if (!segment) return tl::unexpected(segment.error());
  const auto before = nestbox::replay(*segment, question.before), after = nestbox::replay(*segment, question.after);
  if (!before) return tl::unexpected(before.error());
  if (!after) return tl::unexpected(after.error());
  const auto real = real_events(*segment, question);
  return MotionArchive::Trial{segment->begin_wall, score(real, *before), score(real, *after)};
}

}  // namespace

void MotionArchive::keep(const fs::path& state, MotionSegment segment) {
  const auto kept = std::make_shared<const MotionSegment>(std::move(segment));
  const auto posted = housekeeping_.post([state, kept] { write(state, *kept); });
  if (!posted) NESTBOX_LOG_WARNING(kTracesPart, "a trace of what moved is not kept: {}", posted.error().message);
}

void MotionArchive::replay(Question question, Progress progress, const Done& done) {
  const auto posted = housekeeping_.post([question = std::move(question), progress = std::move(progress), done] {
    auto files = files_of(question.state / kTracesFolder, kEventEnding);
    for (auto& near : files_of(question.state / kTracesFolder, kNearEnding)) files.push_back(std::move(near));
    if (files.empty())
      return done(fail(ErrorKind::kNotFound, "nothing that moved has been kept yet: wait for a visit"));
    std::vector<Trial> trials;
    for (std::size_t n = 0; n < files.size(); ++n) {
      progress(n, files.size());
      if (auto trial = try_on(files[n], question)) {
        trials.push_back(*trial);
      } else {
        NESTBOX_LOG_WARNING(kTracesPart, "{} is passed over: {}", files[n].filename().string(), trial.error().message);
      }
    }
    std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.begin < b.begin; });
    done(std::move(trials));
  });
  if (!posted) done(tl::unexpected(posted.error()));
}

}  // namespace nestbox
