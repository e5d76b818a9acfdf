#include "nestbox/rules/visit_tracker.h"

#include <algorithm>
#include <utility>

namespace nestbox {
namespace {

/// A line that chatters must not fill the memory: what was before is taken as settled.
constexpr std::size_t kChangesMax = 256;
/// However short max_length may be.
constexpr std::chrono::milliseconds kLengthMin{100};

}  // namespace

VisitTracker::VisitTracker(VisitRules rules, BootTime now)
    : rules_(rules), rules_since_(now), now_(now), known_from_(now), ended_at_(now) {}

VisitTracker::Steps VisitTracker::apply(VisitRules rules, BootTime now) {
  auto steps = settle(now);
  rules_ = rules;
  rules_since_ = now_;
  forget_before(now_);  // the new expression does not look back
  auto more = settle(now_);
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

VisitTracker::Steps VisitTracker::begins(Trigger trigger, BootTime at, BootTime now) {
  return change({at, trigger, true}, now);
}

VisitTracker::Steps VisitTracker::ends(Trigger trigger, BootTime at, BootTime now) {
  return change({at, trigger, false}, now);
}

VisitTracker::Steps VisitTracker::tick(BootTime now) {
  return settle(now);
}

void VisitTracker::note_motion(const std::string& zone, double score) {
  if (!zone.empty()) zone_ = zone;
  score_ = std::max(score_, score);
  take_note();
  if (active_.contains(Trigger::kMotion)) return;
  zone_.clear();  // an afterthought, for the visit in progress alone
  score_ = 0;
}

void VisitTracker::take_note() {
  if (!visit_) return;
  visit_->peak_score = std::max(visit_->peak_score, score_);
  auto& zones = visit_->zones;
  if (!zone_.empty() && std::find(zones.begin(), zones.end(), zone_) == zones.end()) zones.push_back(zone_);
}

std::optional<BootTime> VisitTracker::next_deadline() const {
  if (!visit_) return std::nullopt;
  return held_ ? limit() : std::min(limit(), visit_->last_active + rules_.event_gap);
}

BootTime VisitTracker::limit() const {
  const auto length = std::max<std::chrono::nanoseconds>(rules_.max_length, kLengthMin);
  return std::max(visit_->begin + length, rules_since_);
}

VisitTracker::Steps VisitTracker::change(const Change& told, BootTime now) {
  auto change = told;
  change.at = std::min(change.at, std::max(now, now_));
  // What was due before it goes first; after that it is known how things stood when it happened.
  auto steps = settle(std::max(change.at, now_));
  if (active_.contains(change.trigger) != change.active) {
    change.at = std::max(change.at, known_from_);
    for (const auto& earlier : changes_) {
      if (earlier.trigger == change.trigger) change.at = std::max(change.at, earlier.at);
    }
    const auto place = std::upper_bound(changes_.begin(), changes_.end(), change.at,
                                        [](BootTime at, const Change& later) { return at < later.at; });
    changes_.insert(place, change);
    change.active ? active_.add(change.trigger) : active_.remove(change.trigger);
  }
  auto more = settle(now);
  steps.insert(steps.end(), more.begin(), more.end());
  if (!active_.contains(Trigger::kMotion)) {
    zone_.clear();
    score_ = 0;
  }
  return steps;
}

void VisitTracker::forget_before(BootTime time) {
  auto kept = std::find_if(changes_.begin(), changes_.end(), [&](const Change& change) { return change.at > time; });
  if (changes_.end() - kept > static_cast<std::ptrdiff_t>(kChangesMax)) {
    kept = changes_.end() - static_cast<std::ptrdiff_t>(kChangesMax);
    time = std::prev(kept)->at;
  }
  for (auto change = changes_.begin(); change != kept; ++change) {
    change->active ? before_.add(change->trigger) : before_.remove(change->trigger);
  }
  changes_.erase(changes_.begin(), kept);
  known_from_ = std::max(known_from_, time);
}

std::vector<VisitTracker::Span> VisitTracker::spans() const {
  std::vector<Span> spans = {{known_from_, now_, before_}};
  for (const auto& change : changes_) {
    spans.back().to = change.at;
    auto active = spans.back().active;
    change.active ? active.add(change.trigger) : active.remove(change.trigger);
    if (spans.back().from == spans.back().to) spans.pop_back();
    spans.push_back({change.at, now_, active});
  }
  return spans;
}

/// Brings the visits up to `now` with all that is known.
VisitTracker::Steps VisitTracker::settle(BootTime now) {
  now_ = std::max(now_, now);
  const auto spans = this->spans();
  Steps steps;
  do {
    if (!visit_ && !open(spans, steps)) break;
    extend(spans);
  } while (close(spans, steps));
  forget_before(now_ - kLatest);
  return steps;
}

/// Begins a visit with the first span for which there was none.
bool VisitTracker::open(const std::vector<Span>& spans, Steps& steps) {
  for (const auto& span : spans) {
    const bool lasts = &span == &spans.back();
    if (!holds(span) || (span.to <= ended_at_ && !lasts)) continue;
    const auto at = std::max(span.from, ended_at_);
    const auto follows = at < cut_gap_end_ ? Follows::kTheOneBefore : Follows::kNone;
    cut_gap_end_ = {};
    begin_visit({at, span.to, span.active}, follows, steps);
    return true;
  }
  return false;
}

/// What the spans say of the visit in progress.
void VisitTracker::extend(const std::vector<Span>& spans) {
  auto until = visit_->last_active < known_from_ ? visit_->last_active : std::max(visit_->begin, known_from_);
  held_ = false;
  for (const auto& span : spans) {
    const bool lasts = &span == &spans.back();
    if (!holds(span) || (span.to <= ended_at_ && !lasts)) continue;
    if (span.to + rules_.event_gap <= visit_->begin) continue;  // it came to light after the visit had begun
    if (span.from >= until + rules_.event_gap || (span.from > until && span.from >= limit())) break;
    visit_->begin = std::min(visit_->begin, std::max(span.from, ended_at_));
    until = std::max(until, span.to);
    visit_->triggers |= span.active;
    held_ = lasts;
  }
  visit_->last_active = until;
}

/// Ends the visit in progress if it is over; whether it did.
bool VisitTracker::close(const std::vector<Span>& spans, Steps& steps) {
  const auto most = limit();
  if (visit_->last_active > most || (held_ && now_ >= most)) {
    end_visit(most, steps);
    const auto next = std::find_if(spans.begin(), spans.end(), [&](const Span& span) { return span.to > most; });
    begin_visit({most, now_, next == spans.end() ? active_ : next->active}, Follows::kTheOneBefore, steps);
    return true;
  }
  const auto gap_end = visit_->last_active + rules_.event_gap;
  if (held_ || now_ < std::min(gap_end, most)) return false;
  if (most < gap_end) cut_gap_end_ = gap_end;
  end_visit(visit_->last_active, steps);
  return true;
}

void VisitTracker::begin_visit(const Span& span, Follows follows, Steps& steps) {
  Visit visit;
  visit.begin = visit.last_active = span.from;
  visit.triggers = span.active;
  visit.continues = follows == Follows::kTheOneBefore;
  visit_ = std::move(visit);
  take_note();
  steps.push_back({Step::What::kBegun, *visit_});
}

void VisitTracker::end_visit(BootTime at, Steps& steps) {
  visit_->last_active = ended_at_ = at;
  steps.push_back({Step::What::kEnded, *visit_});
  visit_.reset();
}

}  // namespace nestbox
