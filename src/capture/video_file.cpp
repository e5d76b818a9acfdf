#include "video_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

extern "C" {
#include <libavutil/display.h>
}

#include "nestbox/base/file.h"

namespace nestbox::capture {
namespace {

constexpr auto kCallMax = std::chrono::seconds(5);
constexpr int kPacketsInOneCall = 64;

int deadline_has_passed(void* deadline) {
  return BootClock::now() >= *static_cast<const BootTime*>(deadline) ? 1 : 0;
}

Result<void> check_regular_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    const auto kind = errno == ENOENT || errno == ENOTDIR ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
    return fail(kind, fmt::format("open {}: {}", path, system_error_text(errno)));
  }
  if (!S_ISREG(facts.st_mode)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("open {}: not a regular file; a video file is wanted", path));
  }
  if (facts.st_size == 0) return fail(ErrorKind::kInvalidArgument, fmt::format("open {}: the file is empty", path));
  return {};
}

const std::uint8_t* display_matrix(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const auto* data = av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data,
                                             AV_PKT_DATA_DISPLAYMATRIX);
  return data == nullptr ? nullptr : data->data;
#else
  return av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
}

int display_turns(const AVStream& stream) {
  const auto* matrix = display_matrix(stream);
  if (matrix == nullptr) return 0;
  std::int32_t numbers[9];
  std::memcpy(numbers, matrix, sizeof numbers);
  const double counterclockwise_degrees = av_display_rotation_get(numbers);
  if (!std::isfinite(counterclockwise_degrees)) return 0;
  return static_cast<int>(std::lround(-counterclockwise_degrees / 90) % 4 + 4) % 4;
}

ErrorKind kind_of(int code) {
  if (code == AVERROR(ENOENT)) return ErrorKind::kNotFound;
  if (code == AVERROR_EXIT) return ErrorKind::kTimeout;
  if (code == AVERROR(EIO) || code == AVERROR(EACCES) || code == AVERROR(EMFILE)) return ErrorKind::kUnavailable;
  return ErrorKind::kInvalidArgument;
}

}  // namespace

Result<std::unique_ptr<VideoFile>> VideoFile::open(const std::string& path) {
  if (auto regular = check_regular_file(path); !regular) return tl::unexpected(regular.error());
  std::unique_ptr<VideoFile> file(new VideoFile(path));
  if (auto opened = file->open_container(); !opened) return tl::unexpected(opened.error());
  if (auto opened = file->open_decoder(); !opened) return tl::unexpected(opened.error());
  return file;
}

Result<void> VideoFile::open_container() {
  deadline_ = BootClock::now() + kCallMax;
  auto* raw = avformat_alloc_context();
  raw->interrupt_callback = {deadline_has_passed, &deadline_};
  raw->probesize = 5'000'000;
  raw->max_analyze_duration = 5 * AV_TIME_BASE;
  raw->max_streams = 64;
  av::Dictionary options;
  options.set("protocol_whitelist", "file");
  const auto url = "file:" + path_;
  int code = avformat_open_input(&raw, url.c_str(), nullptr, options.address());  // frees `raw` when it fails
  if (code < 0) return av::av_fail(kind_of(code), fmt::format("open {} as a video", path_), code);
  input_.reset(raw);
  code = avformat_find_stream_info(input_.get(), nullptr);
  if (code < 0) return av::av_fail(kind_of(code), fmt::format("look for a video in {}", path_), code);
  return {};
}

Result<void> VideoFile::open_decoder() {
  const AVCodec* codec = nullptr;
  const int index = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  const bool cover_art = index >= 0 && (input_->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  if (index == AVERROR_STREAM_NOT_FOUND || cover_art) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("open {}: there is no video in this file", path_));
  }
  if (index < 0) return av::av_fail(ErrorKind::kInvalidArgument, fmt::format("find a decoder for {}", path_), index);
  stream_ = input_->streams[index];
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != index) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  decoder_.reset(avcodec_alloc_context3(codec));
  int code = avcodec_parameters_to_context(decoder_.get(), stream_->codecpar);
  decoder_->max_pixels = kPixelsMax;
  decoder_->thread_count = 1;  // more would hold pictures back, and a Pi has other work for its cores
  decoder_->pkt_timebase = stream_->time_base;
  if (code >= 0) code = avcodec_open2(decoder_.get(), codec, nullptr);
  if (code < 0) return av::av_fail(ErrorKind::kInvalidArgument, fmt::format("open the decoder for {}", path_), code);
  quarter_turns_ = display_turns(*stream_);
  draining_ = picture_waits_ = false;
  pictures_in_pass_ = 0;
  return {};
}

Result<void> VideoFile::feed() {
  int code = av_read_frame(input_.get(), packet_.get());
  if (code == AVERROR(EIO) || code == AVERROR_EXIT) {
    return av::av_fail(kind_of(code), fmt::format("read {}", path_), code);
  }
  if (code < 0) {  // the end; a file that breaks off ends where it breaks off
    draining_ = true;
    avcodec_send_packet(decoder_.get(), nullptr);
    return {};
  }
  if (packet_->stream_index == stream_->index) {
    code = avcodec_send_packet(decoder_.get(), packet_.get());
    if (code < 0) ++damaged_packets_;
  }
  av_packet_unref(packet_.get());
  return {};
}

Result<VideoFile::Step> VideoFile::decode() {
  if (std::exchange(picture_waits_, false)) return Step::kPicture;
  deadline_ = BootClock::now() + kCallMax;
  for (int i = 0; i < kPacketsInOneCall; ++i) {
    const int code = avcodec_receive_frame(decoder_.get(), picture_.get());
    if (code >= 0) {
      ++pictures_in_pass_;
      return Step::kPicture;
    }
    if (code == AVERROR_EOF || (draining_ && code == AVERROR(EAGAIN))) return Step::kEnd;
    if (code != AVERROR(EAGAIN)) {
      ++damaged_packets_;
      continue;
    }
    if (auto fed = feed(); !fed) return tl::unexpected(fed.error());
  }
  return Step::kMore;
}

std::optional<std::chrono::nanoseconds> VideoFile::stamp() const {
  const auto ticks = picture_->best_effort_timestamp;
  if (ticks == AV_NOPTS_VALUE) return std::nullopt;
  // A hostile stamp must not overflow when two of them are subtracted.
  constexpr auto kFarthest = std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 100));
  const auto stamp = av::from_ticks(ticks, stream_->time_base);
  if (stamp > kFarthest || stamp < -kFarthest) return std::nullopt;
  return stamp;
}

Result<void> VideoFile::rewind() {
  if (pictures_in_pass_ == 0) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("decode {}: there is no picture in it that decodes", path_));
  }
  deadline_ = BootClock::now() + kCallMax;
  // Seeking keeps what was probed; raw streams and some containers cannot, and are opened again.
  const auto start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
  if (avformat_seek_file(input_.get(), stream_->index, INT64_MIN, start, start, 0) >= 0) {
    avcodec_flush_buffers(decoder_.get());
    draining_ = false;
    if (auto step = decode(); step && *step == Step::kPicture) {
      pictures_in_pass_ = 1;
      picture_waits_ = true;
      return {};
    }
  }
  decoder_.reset();
  input_.reset();
  if (auto opened = open_container(); !opened) return opened;
  return open_decoder();
}

std::optional<std::chrono::nanoseconds> VideoFile::length() const {
  if (input_->duration == AV_NOPTS_VALUE || input_->duration <= 0) return std::nullopt;
  return av::from_ticks(input_->duration, {1, AV_TIME_BASE});
}

std::chrono::nanoseconds VideoFile::nominal_frame_time() const {
  const auto rate = av_guess_frame_rate(input_.get(), stream_, nullptr);
  const double per_second = rate.den > 0 ? av_q2d(rate) : 0;
  constexpr double kSlowest = 0.1, kFastest = 240, kUsual = 25;
  const bool credible = per_second >= kSlowest && per_second <= kFastest;
  return std::chrono::nanoseconds(std::llround(1e9 / (credible ? per_second : kUsual)));
}

}  // namespace nestbox::capture
