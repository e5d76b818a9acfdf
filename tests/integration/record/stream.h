#pragma once
/// Real H.264 and AAC, encoded once and handed out with any stamps; and what other programs say of a file.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "av/ffmpeg.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/mutex.h"
#include "nestbox/media/packet.h"
#include "nestbox/record/clip_recorder.h"
#include "support/patience.h"

namespace nestbox::test {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct StreamShape {
  int width = 160, height = 96;
  int framerate = 25;
  nanoseconds length = 20s;
  nanoseconds gop = 1s;
  bool sound = true;
  int shade = 0;  ///< added to each picture
};

/// Packets in the order of their stamps, which begin at `start`.
struct Stream {
  StreamInfo info;
  std::vector<Packet> packets;
  BootTime start{};
  BootTime at(nanoseconds since_start) const { return start + since_start; }
};

namespace stream {

inline av::Codec open_codec(const char* name, const std::function<void(AVCodecContext&)>& set_up) {
  const AVCodec* const encoder = avcodec_find_encoder_by_name(name);
  av::Codec codec(avcodec_alloc_context3(encoder));
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  codec->thread_count = 1;
  set_up(*codec);
  av::Dictionary options;
  if (encoder->type == AVMEDIA_TYPE_VIDEO) {
    options.set("preset", "ultrafast");
    options.set("tune", "zerolatency");
    options.set("x264-params", "scenecut=0");
  }
  NESTBOX_ASSERT(avcodec_open2(codec.get(), encoder, options.address()) == 0);
  return codec;
}

inline void encode(AVCodecContext& codec, const AVFrame& frame, Track track, std::vector<Packet>& out) {
  NESTBOX_ASSERT(avcodec_send_frame(&codec, &frame) == 0);
  auto unit = av::make_packet();
  if (avcodec_receive_packet(&codec, unit.get()) < 0) return;
  std::shared_ptr<const AVPacket> shared = std::move(unit);
  Packet packet;
  packet.bytes = {shared->data, static_cast<std::size_t>(shared->size)};
  packet.keyframe = track == Track::kAudio || (shared->flags & AV_PKT_FLAG_KEY) != 0;
  packet.owner = std::move(shared);
  packet.track = track;
  out.push_back(std::move(packet));
}

inline std::vector<std::uint8_t> extradata(const AVCodecContext& codec) {
  return {codec.extradata, codec.extradata + codec.extradata_size};
}

inline void add_video(const StreamShape& shape, Stream& to) {
  const auto codec = open_codec("libx264", [&](AVCodecContext& c) {
    c.width = shape.width;
    c.height = shape.height;
    c.pix_fmt = AV_PIX_FMT_YUV420P;
    c.time_base = {1, shape.framerate};
    c.framerate = {shape.framerate, 1};
    c.gop_size = static_cast<int>(shape.gop * shape.framerate / 1s);
    c.max_b_frames = 0;
    c.bit_rate = 400'000;
  });
  to.info.video = {shape.width, shape.height, shape.framerate, 400'000, extradata(*codec)};
  const auto pictures = static_cast<int>(shape.length * shape.framerate / 1s);
  for (int n = 0; n < pictures; ++n) {
    auto frame = av::make_frame();
    frame->width = shape.width;
    frame->height = shape.height;
    frame->format = AV_PIX_FMT_YUV420P;
    NESTBOX_ASSERT(av_frame_get_buffer(frame.get(), 0) == 0);
    for (int row = 0; row < shape.height; ++row) {
      for (int x = 0; x < shape.width; ++x) {
        frame->data[0][row * frame->linesize[0] + x] =
            static_cast<std::uint8_t>(40 + shape.shade + (x + row + 3 * n) % 160);
      }
    }
    for (int plane = 1; plane < 3; ++plane)
      std::memset(frame->data[plane], 110, static_cast<std::size_t>(frame->linesize[plane] * shape.height / 2));
    frame->pts = n;
    const auto before = to.packets.size();
    encode(*codec, *frame, Track::kVideo, to.packets);
    NESTBOX_ASSERT(to.packets.size() == before + 1);
    to.packets.back().pts = to.start + nanoseconds(1s) * n / shape.framerate;
    to.packets.back().duration = nanoseconds(1s) / shape.framerate;
  }
}

inline void add_sound(const StreamShape& shape, Stream& to) {
  const auto codec = open_codec("aac", [](AVCodecContext& c) {
    c.sample_rate = 44100;
    c.sample_fmt = AV_SAMPLE_FMT_FLTP;
    c.bit_rate = 64'000;
    av_channel_layout_default(&c.ch_layout, 1);
  });
  to.info.audio = AudioInfo{44100, 1, 64'000, extradata(*codec)};
  std::vector<Packet> sounds;
  const auto stamp = [&](std::size_t n) { return av::from_ticks(static_cast<std::int64_t>(n) * 1024, {1, 44100}); };
  while (stamp(sounds.size()) < shape.length) {
    auto frame = av::make_frame();
    frame->nb_samples = 1024;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = 44100;
    av_channel_layout_default(&frame->ch_layout, 1);
    NESTBOX_ASSERT(av_frame_get_buffer(frame.get(), 0) == 0);
    auto* const samples = reinterpret_cast<float*>(frame->data[0]);
    for (int i = 0; i < 1024; ++i) samples[i] = 0.1F * static_cast<float>(i % 64 - 32) / 32;
    encode(*codec, *frame, Track::kAudio, sounds);
  }
  for (std::size_t n = 0; n < sounds.size(); ++n) {
    sounds[n].pts = to.start + stamp(n);
    sounds[n].duration = stamp(n + 1) - stamp(n);
  }
  to.packets.insert(to.packets.end(), sounds.begin(), sounds.end());
  std::stable_sort(to.packets.begin(), to.packets.end(),
                   [](const Packet& a, const Packet& b) { return a.pts < b.pts; });
}

}  // namespace stream

/// Its stamps are to come: a recorder that looks at its clock does not take the stream for one that has ceased.
inline Stream make_stream(const StreamShape& shape = {}, BootTime start = BootClock::now() + 1h) {
  install_av_log_bridge();
  Stream made;
  made.start = start;
  stream::add_video(shape, made);
  if (shape.sound) stream::add_sound(shape, made);
  return made;
}

/// The same packets, `later`.
inline Stream moved(Stream stream, nanoseconds later) {
  stream.start += later;
  for (auto& packet : stream.packets) packet.pts += later;
  return stream;
}

/// Pushes what lies in [from, to) of the stream, as quickly as the recorder takes it.
template <class Recorder>
void feed(Recorder& recorder, const Stream& stream, nanoseconds from, nanoseconds to) {
  for (const auto& packet : stream.packets) {
    if (packet.pts < stream.at(from) || packet.pts >= stream.at(to)) continue;
    while (recorder.status().behind_s > 1) std::this_thread::sleep_for(1ms);
    recorder.push(packet);
  }
}

/// What `command` prints, both of its outputs.
inline std::string printed_by(const std::string& command) {
  std::string text;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 512> chunk{};
  while (fgets(chunk.data(), chunk.size(), pipe) != nullptr) text += chunk.data();
  pclose(pipe);
  return text;
}

inline bool has_ffmpeg() {
  return std::system("command -v ffmpeg ffprobe >/dev/null") == 0;
}

/// Decodes all of it; says what was complained of.
inline testing::AssertionResult plays(const std::filesystem::path& file) {
  const auto complaints = printed_by("ffmpeg -v warning -xerror -i '" + file.string() + "' -f null -");
  if (complaints.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << file << ": " << complaints;
}

/// Of one track ("v" or "a"), by its packets; 0 when there is none.
inline double duration_s(const std::filesystem::path& file, const char* track = "v") {
  const auto text = printed_by(std::string("ffprobe -v error -select_streams ") + track +
                               " -show_entries packet=pts_time,duration_time -of csv=p=0 '" + file.string() + "'");
  double end_s = 0;
  const char* line = text.c_str();
  double pts = 0, duration = 0;
  int read = 0;
  while (std::sscanf(line, "%lf,%lf%*[^\n]%n", &pts, &duration, &read) >= 2 ||
         std::sscanf(line, "%lf,%lf%n", &pts, &duration, &read) >= 2) {
    end_s = std::max(end_s, pts + duration);
    line = std::strchr(line, '\n');
    if (line == nullptr) break;
    ++line;
  }
  return end_s;
}

inline std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Waits for what a clip came to.
class Outcome {
 public:
  ClipRecorder::Done taker() {
    return [state = state_](Result<ClipResult> result) {
      Lock lock(state->mutex);
      ++state->count;
      state->result = std::move(result);
      state->changed.notify_all();
    };
  }
  Result<ClipResult> wait() {
    const auto deadline = BootClock::now() + kPatience;
    Lock lock(state_->mutex);
    while (!state_->result) {
      const auto left = deadline - BootClock::now();
      if (left <= left.zero()) return fail(ErrorKind::kTimeout, "the clip did not end");
      state_->changed.wait_for(state_->mutex, left);
    }
    return *state_->result;
  }
  int count() const {
    Lock lock(state_->mutex);
    return state_->count;
  }

 private:
  struct State {
    Mutex mutex;
    Condition changed;
    std::optional<Result<ClipResult>> result GUARDED_BY(mutex);
    int count GUARDED_BY(mutex) = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace nestbox::test
