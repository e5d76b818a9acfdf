#include "nestbox/rules/motion_segment.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::seconds kChunk{1};
constexpr std::string_view kFirstLine = "nestbox-trace 1";
// What touches an event by so much is that event: settings move its edges.
constexpr std::chrono::milliseconds kTouching{500};

std::string number(std::int64_t value) {
  return std::to_string(value);
}
std::string number(BootTime time) {
  return number(time.time_since_epoch().count());
}

/// Takes the lines of the head one after another.
class Head {
 public:
  explicit Head(std::string_view text) : rest_(text) {}
  std::string_view line() {
    const auto end = rest_.find('\n');
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// "WORD A B": the two numbers of a line that begins with the word.
std::optional<std::pair<std::int64_t, std::int64_t>> numbers_of(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ') return std::nullopt;
  const auto* at = line.data() + word.size() + 1;
  const auto* const end = line.data() + line.size();
  std::int64_t first = 0, second = 0;
  const auto one = std::from_chars(at, end, first);
  if (one.ec != std::errc{} || one.ptr == end || *one.ptr != ' ') return std::nullopt;
  const auto two = std::from_chars(one.ptr + 1, end, second);
  if (two.ec != std::errc{} || two.ptr != end) return std::nullopt;
  return std::pair{first, second};
}

BootTime to_boot(std::int64_t count) {
  return BootTime(nanoseconds(count));
}

bool touch(const MotionSpan& one, const MotionSpan& other) {
  return one.begin <= other.end + kTouching && other.begin <= one.end + kTouching;
}

}  // namespace

std::string encode(const MotionSegment& segment) {
  std::string file(kFirstLine);
  file += "\nbegin " + number(segment.begin) + ' ' + number(segment.begin_wall.time_since_epoch().count());
  file += "\ncounts " + number(segment.counts_from) + ' ' + number(segment.end);
  for (const auto& event : segment.events) file += "\nevent " + number(event.begin) + ' ' + number(event.end);
  for (const auto& near : segment.near) file += "\nnear " + number(near.begin) + ' ' + number(near.end);
  return file + "\n\n" + segment.trace;
}

Result<MotionSegment> decode_segment(std::string_view file) {
  const auto refuse = [] { return fail(ErrorKind::kInvalidArgument, "is no trace of motion, or a damaged one"); };
  Head head(file);
  if (head.line() != kFirstLine) return refuse();
  const auto begin = numbers_of(head.line(), "begin"), counts = numbers_of(head.line(), "counts");
  if (!begin || !counts) return refuse();
  MotionSegment segment;
  segment.begin = to_boot(begin->first);
  segment.begin_wall = WallTime(nanoseconds(begin->second));
  segment.counts_from = to_boot(counts->first);
  segment.end = to_boot(counts->second);
  for (auto line = head.line(); !line.empty(); line = head.line()) {
    const auto event = numbers_of(line, "event"), near = numbers_of(line, "near");
    if (!event && !near) return refuse();
    auto& list = event ? segment.events : segment.near;
    const auto& span = event ? *event : *near;
    list.push_back({to_boot(span.first), to_boot(span.second)});
  }
  segment.trace = std::string(head.rest());
  return segment;
}

std::optional<MotionSegment> MotionSegmenter::see(const MotionPlane& plane, const MotionReport& report) {
  note(plane, report);
  append(plane);
  if (!keep_until_) {
    drop_old(plane.captured_at);
    return std::nullopt;
  }
  const bool too_long = plane.captured_at - chunks_.front().begin() > kLongest + kLeadIn;
  if (plane.captured_at < *keep_until_ && !too_long) return std::nullopt;
  if (report.state == MotionState::kActive) events_.push_back({report.event.begin, report.event.end});
  too_long_ = report.state == MotionState::kActive;
  return finish();
}

void MotionSegmenter::note(const MotionPlane& plane, const MotionReport& report) {
  using Change = MotionReport::Change;
  const auto now = plane.captured_at;
  const bool active = report.state == MotionState::kActive;
  if (report.change == Change::kEnded && !too_long_) events_.push_back({report.event.begin, report.event.end});
  if (!active) too_long_ = false;
  const bool near_miss = report.change == Change::kNearMiss && (keep_until_ || now >= next_near_miss_);
  if (near_miss) {
    near_.push_back({report.event.begin, report.event.end});
    next_near_miss_ = now + kNearMissEvery;
  }
  if ((active && !too_long_) || near_miss) keep_until_ = now + kAfterwards;
}

void MotionSegmenter::append(const MotionPlane& plane) {
  const bool full = chunks_.empty() || plane.captured_at - chunks_.back().begin() >= kChunk;
  if (full || !chunks_.back().add(plane)) chunks_.emplace_back(plane);
}

void MotionSegmenter::drop_old(BootTime now) {
  while (chunks_.size() > 1 && chunks_[1].begin() + kLeadIn <= now) chunks_.pop_front();
}

std::optional<MotionSegment> MotionSegmenter::finish(const std::optional<MotionEvent>& cut_off) {
  if (cut_off && !too_long_) events_.push_back({cut_off->begin, cut_off->end});
  if (!std::exchange(keep_until_, std::nullopt) || chunks_.empty()) {
    chunks_.clear();
    return std::nullopt;
  }
  MotionSegment segment;
  segment.begin = chunks_.front().begin();
  segment.end = chunks_.back().end();
  segment.counts_from = std::max(segment.begin, counts_from_);
  segment.events = std::exchange(events_, {});
  segment.near = std::exchange(near_, {});
  for (const auto& chunk : chunks_) segment.trace += chunk.encoded();
  counts_from_ = segment.end;
  drop_old(segment.end);
  return segment;
}

Result<std::vector<MotionSpan>> replay(const MotionSegment& segment, const MotionOptions& options) {
  MotionDetector detector(options);
  MotionTraceReader reader(segment.trace);
  std::vector<MotionSpan> found;
  const auto take = [&](const MotionEvent& event) {
    if (event.end >= segment.counts_from) found.push_back({event.begin, event.end});
  };
  while (true) {
    const auto plane = reader.next();
    if (!plane) return tl::unexpected(plane.error());
    if (!*plane) break;
    const auto report = detector.update(**plane);
    if (report.change == MotionReport::Change::kEnded) take(report.event);
  }
  if (const auto open = detector.forget()) take(*open);
  return found;
}

ReplayScore score(const std::vector<MotionSpan>& real, const std::vector<MotionSpan>& found) {
  const auto touches_any = [](const MotionSpan& span, const std::vector<MotionSpan>& others) {
    return std::any_of(others.begin(), others.end(), [&](const auto& other) { return touch(span, other); });
  };
  ReplayScore score;
  for (const auto& event : real) ++(touches_any(event, found) ? score.caught : score.missed);
  for (const auto& event : found) score.wrong += touches_any(event, real) ? 0 : 1;
  return score;
}

}  // namespace nestbox
