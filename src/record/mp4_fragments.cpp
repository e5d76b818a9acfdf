#include "mp4_fragments.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace nestbox::record {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kHeaderBytes = 8, kLongHeaderBytes = 16;
constexpr std::uint64_t kIndexBytesMax = std::uint64_t{4} * 1024 * 1024;  // of a moov or moof; ours have some kilobytes
constexpr std::uint64_t kSecondsFrom1904To1970 = 2'082'844'800;
constexpr std::uint64_t kYear2200 = 7'258'118'400;  // seconds since 1970: later is damage

/// Bytes that are read from the front; reading past the end gives 0 and spoils the rest.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}

  std::uint64_t number(std::size_t size) {
    const auto digits = take(size);
    std::uint64_t value = 0;
    for (const char c : digits) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view take(std::uint64_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool good() const { return good_; }
  bool empty() const { return rest_.empty() || !good_; }
  std::uint64_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Box {
  std::string_view type;
  std::string_view content;
};

/// The next box inside another one; nothing at the end, and where sizes contradict each other.
std::optional<Box> next_box(Bytes& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto size = bytes.number(4);
  const auto type = bytes.take(4);
  if (!bytes.good() || size < kHeaderBytes) return std::nullopt;  // no writer of ours makes long boxes inside others
  const auto content = bytes.take(size - kHeaderBytes);
  if (!bytes.good()) return std::nullopt;
  return Box{type, content};
}

template <class See>
void for_each_box(std::string_view inside, See see) {
  Bytes bytes(inside);
  while (const auto box = next_box(bytes)) see(*box);
}

struct FullBox {
  unsigned version = 0;
  std::uint64_t flags = 0;
  Bytes rest;
};

FullBox full(const Box& box) {
  Bytes bytes(box.content);
  const auto version = static_cast<unsigned>(bytes.number(1));
  const auto flags = bytes.number(3);
  return {version, flags, bytes};
}

/// Of the file's tracks, by number.
using TimeScales = std::map<std::uint64_t, std::uint64_t>;

constexpr std::uint64_t kLengthBoxBytes = 20;  // version 1: with 64 bits for the length

struct Header {
  TimeScales time_scales;
  std::optional<LengthRoom> length_room;
  std::optional<WallTime> created_at;
};

std::optional<WallTime> creation_time(const Box& mvhd) {
  auto box = full(mvhd);
  const auto since_1904 = box.rest.number(box.version == 1 ? 8 : 4);
  if (since_1904 <= kSecondsFrom1904To1970 || since_1904 - kSecondsFrom1904To1970 > kYear2200) return std::nullopt;
  return WallTime(seconds(since_1904 - kSecondsFrom1904To1970));
}

void read_track(std::string_view trak, TimeScales& scales) {
  std::uint64_t track = 0, scale = 0;
  for_each_box(trak, [&](const Box& box) {
    if (box.type == "tkhd") {
      auto tkhd = full(box);
      (void)tkhd.rest.take(tkhd.version == 1 ? 16 : 8);  // created, modified
      track = tkhd.rest.number(4);
    } else if (box.type == "mdia") {
      for_each_box(box.content, [&](const Box& inner) {
        if (inner.type != "mdhd") return;
        auto mdhd = full(inner);
        (void)mdhd.rest.take(mdhd.version == 1 ? 16 : 8);
        scale = mdhd.rest.number(4);
      });
    }
  });
  if (track != 0 && scale != 0) scales[track] = scale;
}

std::uint64_t time_scale(const Box& mvhd) {
  auto box = full(mvhd);
  (void)box.rest.take(box.version == 1 ? 16 : 8);  // created, modified
  return box.rest.number(4);
}

/// `moov` is its content, which lies at `at` in the file.
Header read_header(std::string_view moov, std::uint64_t at) {
  Header header;
  std::uint64_t scale = 0;
  for_each_box(moov, [&](const Box& box) {
    if (box.type == "mvhd") {
      header.created_at = creation_time(box);
      scale = time_scale(box);
    }
    if (box.type == "mvex" && scale != 0) {
      Bytes inside(box.content);
      const auto first = next_box(inside);
      const bool is_room = first && (first->type == "free" || first->type == "mehd") &&
                           first->content.size() + kHeaderBytes == kLengthBoxBytes;
      const auto offset = static_cast<std::uint64_t>(box.content.data() - moov.data());
      if (is_room) header.length_room = LengthRoom{at + offset, scale};
    }
    if (box.type == "trak") read_track(box.content, header.time_scales);
  });
  return header;
}

/// Of one track in one fragment.
struct Run {
  std::uint64_t track = 0, begin = 0, duration = 0, bytes = 0;
};

struct Defaults {
  std::uint64_t duration = 0, size = 0;
};

Defaults read_tfhd(const Box& box, std::uint64_t& track) {
  constexpr std::uint64_t kBaseOffset = 1, kDescription = 2, kDuration = 8, kSize = 0x10;
  auto tfhd = full(box);
  Defaults defaults;
  track = tfhd.rest.number(4);
  if ((tfhd.flags & kBaseOffset) != 0) (void)tfhd.rest.take(8);
  if ((tfhd.flags & kDescription) != 0) (void)tfhd.rest.take(4);
  if ((tfhd.flags & kDuration) != 0) defaults.duration = tfhd.rest.number(4);
  if ((tfhd.flags & kSize) != 0) defaults.size = tfhd.rest.number(4);
  return defaults;
}

bool add_samples(const Box& box, const Defaults& defaults, Run& run) {
  constexpr std::uint64_t kDataOffset = 1, kFirstFlags = 4, kDuration = 0x100, kSize = 0x200, kFlags = 0x400,
                          kComposition = 0x800;
  auto trun = full(box);
  const auto count = trun.rest.number(4);
  if ((trun.flags & kDataOffset) != 0) (void)trun.rest.take(4);
  if ((trun.flags & kFirstFlags) != 0) (void)trun.rest.take(4);
  const bool has_fields = (trun.flags & (kDuration | kSize | kFlags | kComposition)) != 0;
  if (!trun.rest.good()) return false;
  if (!has_fields) {
    run.duration += count * defaults.duration;
    run.bytes += count * defaults.size;
    return true;
  }
  for (std::uint64_t n = 0; n < count; ++n) {
    run.duration += (trun.flags & kDuration) != 0 ? trun.rest.number(4) : defaults.duration;
    run.bytes += (trun.flags & kSize) != 0 ? trun.rest.number(4) : defaults.size;
    if ((trun.flags & kFlags) != 0) (void)trun.rest.take(4);
    if ((trun.flags & kComposition) != 0) (void)trun.rest.take(4);
    if (!trun.rest.good()) return false;
  }
  return true;
}

std::optional<Run> read_run(std::string_view traf) {
  Run run;
  Defaults defaults;
  bool good = true;
  for_each_box(traf, [&](const Box& box) {
    if (box.type == "tfhd") defaults = read_tfhd(box, run.track);
    if (box.type == "tfdt") {
      auto tfdt = full(box);
      run.begin = tfdt.rest.number(tfdt.version == 1 ? 8 : 4);
    }
    if (box.type == "trun") good = good && add_samples(box, defaults, run);
  });
  return good && run.track != 0 ? std::optional(run) : std::nullopt;
}

/// A box of the file itself.
struct Place {
  std::string type;
  std::uint64_t at = 0, content_at = 0, end = 0;
};

class File {
 public:
  explicit File(int fd) : fd_(fd) {
    struct stat found {};
    if (::fstat(fd, &found) == 0) size_ = static_cast<std::uint64_t>(found.st_size);
  }

  /// Nothing where it does not fit into the file.
  std::optional<Place> box_at(std::uint64_t at) const {
    if (at > size_ || size_ - at < kHeaderBytes) return std::nullopt;
    const auto head = read(at, std::min(kLongHeaderBytes, size_ - at));
    Bytes bytes(head);
    std::uint64_t size = bytes.number(4), header = kHeaderBytes;
    Place place{std::string(bytes.take(4)), at, 0, 0};
    if (size == 1) {
      size = bytes.number(8);
      header = kLongHeaderBytes;
    }
    if (!bytes.good() || size < header || size > size_ - at) return std::nullopt;
    place.content_at = at + header;
    place.end = at + size;
    return place;
  }

  /// Empty when it is too large to be one of ours, or cannot be read.
  std::string content(const Place& box) const {
    const auto size = box.end - box.content_at;
    return size <= kIndexBytesMax ? read(box.content_at, size) : std::string();
  }

 private:
  std::string read(std::uint64_t at, std::uint64_t size) const {
    std::string bytes(size, '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
      const auto count = ::pread(fd_, bytes.data() + got, bytes.size() - got, static_cast<off_t>(at + got));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return {};
      got += static_cast<std::size_t>(count);
    }
    return bytes;
  }

  const int fd_;
  std::uint64_t size_ = 0;
};

/// Where the fragment's longest track ends; nothing when its samples do not fit into its media or its tracks are
/// unknown.
std::optional<nanoseconds> end_of_fragment(std::string_view moof, std::uint64_t media_bytes, const TimeScales& scales) {
  constexpr double kLongest = 1e9;  // seconds; of which nanoseconds still fit into 63 bits
  std::uint64_t bytes = 0;
  double end_s = 0;
  bool good = true;
  for_each_box(moof, [&](const Box& box) {
    if (box.type != "traf") return;
    const auto run = read_run(box.content);
    const auto scale = run ? scales.find(run->track) : scales.end();
    good = good && scale != scales.end() && run->bytes <= media_bytes;
    if (!good) return;
    bytes += run->bytes;
    end_s = std::max(end_s, (static_cast<double>(run->begin) + static_cast<double>(run->duration)) /
                                static_cast<double>(scale->second));
  });
  if (!good || bytes == 0 || bytes > media_bytes || end_s > kLongest) return std::nullopt;
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(end_s));
}

std::string big_endian(std::uint64_t value, std::size_t size) {
  std::string digits(size, '\0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 8U)
    *digit = static_cast<char>(value & 0xFFU);
  return digits;
}

std::string box_head(const char* type, std::uint64_t size) {
  return big_endian(size, 4) + type;
}

/// Where the box of this type begins among those of `bytes[from, end)`, and how large it is.
std::optional<std::pair<std::size_t, std::uint64_t>> find_box(std::string_view bytes, std::size_t from, std::size_t end,
                                                              std::string_view type) {
  Bytes rest(bytes.substr(from, end - from));
  while (const auto box = next_box(rest)) {
    const auto content_at = static_cast<std::size_t>(box->content.data() - bytes.data());
    if (box->type == type) return std::pair(content_at - kHeaderBytes, box->content.size() + kHeaderBytes);
  }
  return std::nullopt;
}

}  // namespace

std::optional<LengthRoom> make_length_room(std::string& header) {
  const auto moov = find_box(header, 0, header.size(), "moov");
  if (!moov) return std::nullopt;
  const auto moov_content = moov->first + kHeaderBytes;
  const auto mvex = find_box(header, moov_content, moov->first + moov->second, "mvex");
  if (!mvex) return std::nullopt;
  auto with_room = header;
  with_room.replace(moov->first, kHeaderBytes, box_head("moov", moov->second + kLengthBoxBytes));
  with_room.replace(mvex->first, kHeaderBytes, box_head("mvex", mvex->second + kLengthBoxBytes));
  with_room.insert(mvex->first + kHeaderBytes,
                   box_head("free", kLengthBoxBytes) + std::string(kLengthBoxBytes - kHeaderBytes, '\0'));
  const auto content = std::string_view(with_room).substr(moov_content, moov->second + kLengthBoxBytes - kHeaderBytes);
  const auto room = read_header(content, moov_content).length_room;
  if (room) header = std::move(with_room);
  return room;
}

std::string length_box(const LengthRoom& room, nanoseconds duration) {
  const auto ticks = to_seconds(duration) * static_cast<double>(room.time_scale);
  return box_head("mehd", kLengthBoxBytes) + big_endian(std::uint64_t{1} << 24U, 4) +
         big_endian(static_cast<std::uint64_t>(std::llround(ticks)), 8);
}

Mp4Fragments find_fragments(int fd) {
  const File file(fd);
  Mp4Fragments found;
  std::uint64_t at = 0;
  auto box = file.box_at(at);
  while (box && box->type != "moov" && box->type != "moof" && box->type != "mdat") box = file.box_at(at = box->end);
  if (!box || box->type != "moov") return found;
  const auto header = read_header(file.content(*box), box->content_at);
  found.created_at = header.created_at;
  found.length_room = header.length_room;
  for (at = box->end;;) {
    const auto moof = file.box_at(at);
    if (!moof || moof->type != "moof") break;
    const auto mdat = file.box_at(moof->end);
    if (!mdat || mdat->type != "mdat") break;
    const auto end = end_of_fragment(file.content(*moof), mdat->end - mdat->content_at, header.time_scales);
    if (!end) break;
    found.duration = std::max(found.duration, *end);
    ++found.fragments;
    found.whole_bytes = at = mdat->end;
  }
  return found;
}

}  // namespace nestbox::record
