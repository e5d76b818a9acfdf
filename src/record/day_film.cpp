#include "nestbox/record/day_film.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "film_card.h"
#include "film_clip.h"
#include "film_writer.h"
#include "nestbox/base/file.h"
#include "part_file.h"

namespace nestbox {
namespace {

using record::Bytes;
using record::Card;
using record::Chapter;
using record::Excerpt;
using record::FilmClip;
using record::FilmWriter;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kTitleLength(2000), kCardLength(1200);
constexpr milliseconds kShortestPart(2000);  // once there is less room, no further clip is looked at

/// A moment that is in the film.
struct Part {
  std::size_t moment = 0;  ///< its place in the order
  Excerpt excerpt;
  nanoseconds length() const { return excerpt.to - excerpt.from; }
};

struct Candidate {
  std::size_t moment = 0;
  StreamInfo info;
};

class DayFilm {
 public:
  explicit DayFilm(const FilmOrder& order) : order_(order) { result_.file = order.file; }

  Result<FilmResult> make();

 private:
  void look_at_clips();
  void keep_what_joins();
  void choose_parts();
  Result<void> make_cards();
  std::vector<Chapter> chapters() const;
  Result<void> write(FilmWriter& writer);
  Result<void> write_card(FilmWriter& writer, const Card& card);
  Result<void> write_part(FilmWriter& writer, const Part& part);
  Result<void> write_file(const std::filesystem::path& file);
  Result<void> publish(const std::filesystem::path& part);
  void leave_out(std::size_t moment, std::string why) {
    result_.left_out.push_back({order_.moments[moment].clip, std::move(why)});
  }
  int pictures_in(nanoseconds length) const { return std::max(1, static_cast<int>(length / picture_duration_)); }
  nanoseconds length_of(const Card& card) const { return picture_duration_ * card.pictures.size(); }

  const FilmOrder& order_;
  FilmResult result_;
  std::vector<Candidate> candidates_;
  StreamInfo info_;  ///< of the film
  std::vector<Part> parts_;
  nanoseconds picture_duration_{};
  std::optional<Card> title_;
  std::vector<Card> cards_;  ///< of the parts
  Bytes silence_;
  nanoseconds now_{};  ///< of the film, while it is written
};

std::string card_text(const FilmMoment& moment) {
  return fmt::format("{}\nvisit {}", moment.local_time, moment.count);
}

std::string chapter_title(const FilmMoment& moment) {
  return fmt::format("{}, visit {}", moment.local_time, moment.count);
}

std::string difference(const VideoInfo& video, const VideoInfo& film) {
  if (video.width != film.width || video.height != film.height) {
    return fmt::format("its picture is {}x{}, the film's {}x{}", video.width, video.height, film.width, film.height);
  }
  return "its video was encoded with other settings than the film's";
}

void DayFilm::look_at_clips() {
  for (std::size_t n = 0; n < order_.moments.size(); ++n) {
    auto clip = FilmClip::open(order_.moments[n].clip);
    if (clip) {
      candidates_.push_back({n, (*clip)->info()});
    } else {
      leave_out(n, clip.error().message);
    }
  }
}

/// The film is like most clips; of two kinds that are as many, like the one that comes first.
void DayFilm::keep_what_joins() {
  const auto alike = [&](const Candidate& candidate) {
    return std::count_if(candidates_.begin(), candidates_.end(),
                         [&](const Candidate& other) { return other.info.video == candidate.info.video; });
  };
  const auto model = std::max_element(candidates_.begin(), candidates_.end(),
                                      [&](const auto& a, const auto& b) { return alike(a) < alike(b); });
  info_ = model->info;
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    if (candidate.info.video == info_.video) return false;
    leave_out(candidate.moment, difference(candidate.info.video, info_.video));
    return true;
  });
  for (const auto& candidate : candidates_) {
    if (!info_.audio) info_.audio = candidate.info.audio;
  }
}

void DayFilm::choose_parts() {
  std::stable_sort(candidates_.begin(), candidates_.end(), [&](const Candidate& a, const Candidate& b) {
    return order_.moments[a.moment].worth > order_.moments[b.moment].worth;
  });
  nanoseconds room = order_.length_max - (order_.title.empty() ? nanoseconds::zero() : nanoseconds(kTitleLength));
  for (const auto& candidate : candidates_) {
    if (!parts_.empty() && room < kCardLength + kShortestPart) break;
    const auto& moment = order_.moments[candidate.moment];
    auto clip = FilmClip::open(moment.clip);
    const auto excerpt = clip ? (*clip)->find_excerpt(moment.best) : std::nullopt;
    if (!excerpt) {
      leave_out(candidate.moment, clip ? "it has no picture that can be shown" : clip.error().message);
      continue;
    }
    const Part part{candidate.moment, *excerpt};
    if (!parts_.empty() && part.length() + kCardLength > room) continue;
    room -= part.length() + kCardLength;
    parts_.push_back(part);
  }
  std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.moment < b.moment; });
}

Result<void> DayFilm::make_cards() {
  picture_duration_ = std::max<nanoseconds>(parts_.front().length() / parts_.front().excerpt.pictures, milliseconds(1));
  const int parameter_set = record::free_parameter_set(info_.video.extradata);
  const auto card = [&](const std::string& text, nanoseconds length) {
    return record::encode_card(text, info_.video, parameter_set, pictures_in(length), picture_duration_);
  };
  for (const auto& part : parts_) {
    auto made = card(card_text(order_.moments[part.moment]), kCardLength);
    if (!made) return tl::unexpected(std::move(made).error());
    cards_.push_back(std::move(*made));
  }
  if (!order_.title.empty()) {
    auto made = card(order_.title, kTitleLength);
    if (!made) return tl::unexpected(std::move(made).error());
    title_ = std::move(*made);
  }
  // Both sets stand in the file's header: a player finds each by its number, and no other player is needed for that.
  const auto& headers = cards_.front().headers;
  info_.video.extradata.insert(info_.video.extradata.end(), headers.begin(), headers.end());
  // Without silence the cards have no sound at all, which players bear less well, but bear.
  if (!info_.audio) return {};
  if (auto silence = record::encode_silence(*info_.audio)) silence_ = std::move(*silence);
  return {};
}

std::vector<Chapter> DayFilm::chapters() const {
  std::vector<Chapter> marks;
  nanoseconds at{};
  if (title_) {
    marks.push_back({at, length_of(*title_), order_.title.substr(0, order_.title.find('\n'))});
    at += length_of(*title_);
  }
  for (std::size_t n = 0; n < parts_.size(); ++n) {
    const auto to = at + length_of(cards_[n]) + parts_[n].length();
    marks.push_back({at, to, chapter_title(order_.moments[parts_[n].moment])});
    at = to;
  }
  return marks;
}

Result<void> DayFilm::write_card(FilmWriter& writer, const Card& card) {
  bool keyframe = true;
  for (const auto& picture : card.pictures) {
    if (auto added = writer.add_picture(picture, now_, picture_duration_, keyframe); !added) return added;
    keyframe = false;
    now_ += picture_duration_;
    if (auto filled = writer.fill_sound_until(now_); !filled) return filled;
  }
  return {};
}

Result<void> DayFilm::write_part(FilmWriter& writer, const Part& part) {
  auto clip = FilmClip::open(order_.moments[part.moment].clip);
  if (!clip) return tl::unexpected(std::move(clip).error());
  const bool has_our_sound = (*clip)->info().audio == info_.audio;
  const auto zero = now_ - part.excerpt.from;
  auto read = (*clip)->read(part.excerpt, [&](Track track, nanoseconds at, const AVPacket& packet) -> Result<void> {
    const std::span<const std::uint8_t> bytes(packet.data, static_cast<std::size_t>(packet.size));
    if (track == Track::kAudio) return has_our_sound ? writer.add_sound(bytes, zero + at) : Result<void>();
    const auto duration = av::from_ticks(packet.duration, (*clip)->video_time_base());
    return writer.add_picture(bytes, zero + at, duration, (packet.flags & AV_PKT_FLAG_KEY) != 0);
  });
  if (!read) return read;
  now_ += part.length();
  return writer.fill_sound_until(now_);
}

Result<void> DayFilm::write(FilmWriter& writer) {
  if (title_) {
    if (auto written = write_card(writer, *title_); !written) return written;
  }
  for (std::size_t n = 0; n < parts_.size(); ++n) {
    if (auto written = write_card(writer, cards_[n]); !written) return written;
    if (auto written = write_part(writer, parts_[n]); !written) return written;
  }
  return writer.finish();
}

Result<void> DayFilm::write_file(const std::filesystem::path& file) {
  auto writer = FilmWriter::create(file, info_, silence_, chapters());
  if (!writer) return tl::unexpected(std::move(writer).error());
  if (auto written = write(**writer); !written) return fail(std::move(written).error(), file.string());
  return {};
}

Result<void> DayFilm::publish(const std::filesystem::path& part) {
  const auto failed = [&](const char* attempt) {
    return fail(ErrorKind::kUnavailable, fmt::format("{} {}: {}", attempt, part.string(), system_error_text(errno)));
  };
  const FileDescriptor fd(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return failed("open");
  if (::fsync(fd.get()) != 0) return failed("sync");
  if (::rename(part.c_str(), order_.file.c_str()) != 0) return failed("rename");
  errno = record::sync_directory(order_.file.parent_path());
  if (errno != 0) return failed("sync the folder of");
  return {};
}

Result<FilmResult> DayFilm::make() {
  look_at_clips();
  if (!candidates_.empty()) {
    keep_what_joins();
    choose_parts();
  }
  if (parts_.empty()) {
    const auto why = result_.left_out.empty() ? "there is no clip" : result_.left_out.front().why;
    return fail(ErrorKind::kNotFound, fmt::format("no film for {}: {}", order_.file.string(), why));
  }
  if (auto made = make_cards(); !made) return tl::unexpected(std::move(made).error());
  auto part = order_.file;
  part += record::kPartSuffix;
  auto written = write_file(part);
  if (written) written = publish(part);
  if (!written) {
    ::unlink(part.c_str());
    return tl::unexpected(std::move(written).error());
  }
  result_.duration = now_;
  result_.moments = static_cast<int>(parts_.size());
  return std::move(result_);
}

}  // namespace

Result<FilmResult> make_day_film(const FilmOrder& order) {
  return DayFilm(order).make();
}

}  // namespace nestbox
