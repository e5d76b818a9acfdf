#include "nestbox/av/fragment_muxer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <string_view>

#include "av/ffmpeg.h"
#include "av/h264.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr BootTime kStart(1000s);

/// A short stream of real H.264 and AAC, made by libavcodec.
struct Material {
  StreamInfo info;
  std::vector<Packet> video, audio;
};

av::Codec open_encoder(const char* name, const std::function<void(AVCodecContext&)>& set_up) {
  const AVCodec* const encoder = avcodec_find_encoder_by_name(name);
  av::Codec codec(avcodec_alloc_context3(encoder));
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set_up(*codec);
  av::Dictionary options;
  if (encoder->type == AVMEDIA_TYPE_VIDEO) {
    options.set("preset", "ultrafast");
    options.set("tune", "zerolatency");
  }
  NESTBOX_ASSERT(avcodec_open2(codec.get(), encoder, options.address()) == 0);
  return codec;
}

void encode(AVCodecContext& codec, AVFrame& frame, Track track, std::vector<Packet>& out) {
  NESTBOX_ASSERT(avcodec_send_frame(&codec, &frame) == 0);
  auto unit = av::make_packet();
  if (avcodec_receive_packet(&codec, unit.get()) < 0) return;
  std::shared_ptr<const AVPacket> shared = std::move(unit);
  Packet packet;
  packet.bytes = {shared->data, static_cast<std::size_t>(shared->size)};
  packet.keyframe = (shared->flags & AV_PKT_FLAG_KEY) != 0;
  packet.owner = std::move(shared);
  packet.track = track;
  out.push_back(std::move(packet));
}

std::vector<std::uint8_t> extradata(const AVCodecContext& codec) {
  return {codec.extradata, codec.extradata + codec.extradata_size};
}

/// Video with the given stamps (from the first picture on), and as much sound, beginning `audio_offset` later.
Material make_material(const std::vector<nanoseconds>& stamps, nanoseconds audio_offset) {
  Material material;
  const auto video = open_encoder("libx264", [](AVCodecContext& codec) {
    codec.width = 64;
    codec.height = 48;
    codec.pix_fmt = AV_PIX_FMT_YUV420P;
    codec.time_base = {1, 30};
    codec.gop_size = 30;
    codec.max_b_frames = 0;
  });
  material.info.video = {64, 48, 30, 1'000'000, extradata(*video)};
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    auto frame = av::make_frame();
    frame->width = 64;
    frame->height = 48;
    frame->format = AV_PIX_FMT_YUV420P;
    NESTBOX_ASSERT(av_frame_get_buffer(frame.get(), 0) == 0);
    for (int plane = 0; plane < 3; ++plane) {
      const int rows = plane == 0 ? 48 : 24;
      std::fill_n(frame->data[plane], frame->linesize[plane] * rows, static_cast<std::uint8_t>(40 + i));
    }
    frame->pts = static_cast<std::int64_t>(i);
    encode(*video, *frame, Track::kVideo, material.video);
    material.video.back().pts = kStart + stamps[i];
    material.video.back().duration = 33'333'333ns;
  }
  const auto audio = open_encoder("aac", [](AVCodecContext& codec) {
    codec.sample_rate = 44100;
    codec.sample_fmt = AV_SAMPLE_FMT_FLTP;
    codec.bit_rate = 128'000;
    av_channel_layout_default(&codec.ch_layout, 2);
  });
  material.info.audio = AudioInfo{44100, 2, 128'000, extradata(*audio)};
  const auto stamp_of = [&](std::size_t n) {
    return kStart + audio_offset + av::from_ticks(static_cast<std::int64_t>(n) * 1024, {1, 44100});
  };
  while (stamp_of(material.audio.size()) < kStart + stamps.back()) {
    auto frame = av::make_frame();
    frame->nb_samples = 1024;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = 44100;
    av_channel_layout_default(&frame->ch_layout, 2);
    NESTBOX_ASSERT(av_frame_get_buffer(frame.get(), 0) == 0);
    av_samples_set_silence(frame->extended_data, 0, 1024, 2, AV_SAMPLE_FMT_FLTP);
    const auto before = material.audio.size();
    encode(*audio, *frame, Track::kAudio, material.audio);
    if (material.audio.size() == before) continue;
    Packet& packet = material.audio.back();
    packet.pts = stamp_of(before);
    packet.duration = stamp_of(before + 1) - packet.pts;
    packet.keyframe = true;
  }
  return material;
}

std::vector<Packet> in_order(const Material& material) {
  std::vector<Packet> all = material.video;
  all.insert(all.end(), material.audio.begin(), material.audio.end());
  std::stable_sort(all.begin(), all.end(), [](const Packet& a, const Packet& b) { return a.pts < b.pts; });
  return all;
}

/// What each call returned, empty ones left out; the last is finish()'s.
std::vector<std::string> mux(const Material& material, nanoseconds fragment_duration) {
  install_av_log_bridge();
  auto muxer = FragmentMuxer::create(material.info, fragment_duration);
  EXPECT_TRUE(muxer) << muxer.error().message;
  std::vector<std::string> pieces;
  for (const auto& packet : in_order(material)) {
    auto piece = (*muxer)->push(packet);
    EXPECT_TRUE(piece) << piece.error().message;
    if (!piece->empty()) pieces.push_back(*piece);
  }
  auto last = (*muxer)->finish();
  EXPECT_TRUE(last);
  if (!last->empty()) pieces.push_back(*last);
  return pieces;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  return all;
}

/// ISO/IEC 14496-12: size (32 bit), type, content.
struct Box {
  std::string type;
  std::string_view content;
};
std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}
std::vector<Box> boxes(std::string_view bytes) {
  std::vector<Box> all;
  while (bytes.size() >= 8) {
    const auto size = big_endian(bytes.substr(0, 4));
    if (size < 8 || size > bytes.size()) break;
    all.push_back({std::string(bytes.substr(4, 4)), bytes.substr(8, size - 8)});
    bytes.remove_prefix(size);
  }
  EXPECT_TRUE(bytes.empty()) << "boxes end where the bytes end";
  return all;
}
std::vector<std::string> types(std::string_view bytes) {
  std::vector<std::string> all;
  for (const auto& box : boxes(bytes)) all.push_back(box.type);
  return all;
}

struct TrackFragment {
  std::uint64_t track = 0, decode_time = 0, duration = 0;  ///< in the track's units; duration of its first sample
  bool base_is_moof = false;
};
std::uint64_t flags_of(const Box& box) {
  return big_endian(box.content.substr(1, 3));
}

TrackFragment track_fragment(std::string_view traf) {
  constexpr std::uint64_t kDefaultBaseIsMoof = 0x020000, kBaseOffset = 1, kDescriptionIndex = 2, kDefaultDuration = 8;
  constexpr std::uint64_t kDataOffset = 1, kFirstSampleFlags = 4, kSampleDuration = 0x100;
  TrackFragment fragment;
  for (const auto& box : boxes(traf)) {
    const auto flags = flags_of(box);
    if (box.type == "tfhd") {
      fragment.base_is_moof = (flags & kDefaultBaseIsMoof) != 0;
      fragment.track = big_endian(box.content.substr(4, 4));
      const std::size_t at = 8U + ((flags & kBaseOffset) != 0 ? 8 : 0) + ((flags & kDescriptionIndex) != 0 ? 4 : 0);
      if ((flags & kDefaultDuration) != 0) fragment.duration = big_endian(box.content.substr(at, 4));
    } else if (box.type == "tfdt") {
      fragment.decode_time = big_endian(box.content.substr(4, box.content[0] == 1 ? 8 : 4));
    } else if (box.type == "trun" && (flags & kSampleDuration) != 0) {
      const std::size_t at = 8U + ((flags & kDataOffset) != 0 ? 4 : 0) + ((flags & kFirstSampleFlags) != 0 ? 4 : 0);
      fragment.duration = big_endian(box.content.substr(at, 4));
    }
  }
  return fragment;
}

std::vector<TrackFragment> track_fragments(std::string_view moof) {
  std::vector<TrackFragment> all;
  for (const auto& box : boxes(moof)) {
    if (box.type == "traf") all.push_back(track_fragment(box.content));
  }
  return all;
}

std::vector<nanoseconds> even_stamps(int count) {
  std::vector<nanoseconds> stamps;
  for (int i = 0; i < count; ++i) stamps.push_back(i * 33'333'333ns);
  return stamps;
}

struct Demuxed {
  std::vector<nanoseconds> video, audio;
  std::vector<bool> keyframes;
  int decoded_pictures = 0, decoded_sounds = 0;
};

struct Reader {
  std::string_view rest;
  static int read(void* opaque, std::uint8_t* to, int bytes_max) {
    auto& self = *static_cast<Reader*>(opaque);
    if (self.rest.empty()) return AVERROR_EOF;
    const auto count = std::min(self.rest.size(), static_cast<std::size_t>(bytes_max));
    std::copy_n(self.rest.begin(), count, to);
    self.rest.remove_prefix(count);
    return static_cast<int>(count);
  }
};

/// Through libavformat, without seeking, as a live player has to.
Demuxed demux(const std::string& bytes) {
  Demuxed found;
  Reader reader{bytes};
  const av::Io io(avio_alloc_context(static_cast<unsigned char*>(av_malloc(4096)), 4096, 0, &reader, &Reader::read,
                                     nullptr, nullptr));
  AVFormatContext* context = avformat_alloc_context();
  context->pb = io.get();
  EXPECT_EQ(avformat_open_input(&context, nullptr, nullptr, nullptr), 0);
  const av::Input input(context);
  EXPECT_EQ(context->nb_streams, 2U);
  std::array<av::Codec, 2> decoders;
  for (std::size_t i = 0; i < 2; ++i) {
    const AVCodecParameters& parameters = *context->streams[i]->codecpar;
    const AVCodec* const decoder = avcodec_find_decoder(parameters.codec_id);
    decoders[i].reset(avcodec_alloc_context3(decoder));
    EXPECT_EQ(avcodec_parameters_to_context(decoders[i].get(), &parameters), 0);
    decoders[i]->flags |= AV_CODEC_FLAG_LOW_DELAY;
    EXPECT_EQ(avcodec_open2(decoders[i].get(), decoder, nullptr), 0);
  }
  auto packet = av::make_packet();
  auto frame = av::make_frame();
  while (av_read_frame(context, packet.get()) == 0) {
    const AVStream& stream = *context->streams[packet->stream_index];
    const bool is_video = stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    (is_video ? found.video : found.audio).push_back(av::from_ticks(packet->dts, stream.time_base));
    if (is_video) {
      EXPECT_EQ(packet->dts, packet->pts);
      found.keyframes.push_back((packet->flags & AV_PKT_FLAG_KEY) != 0);
    }
    auto& decoder = decoders[static_cast<std::size_t>(packet->stream_index)];
    EXPECT_EQ(avcodec_send_packet(decoder.get(), packet.get()), 0);
    while (avcodec_receive_frame(decoder.get(), frame.get()) == 0)
      ++(is_video ? found.decoded_pictures : found.decoded_sounds);
    av_packet_unref(packet.get());
  }
  return found;
}

void expect_close(const std::vector<nanoseconds>& got, const std::vector<nanoseconds>& wanted, nanoseconds tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_LE(std::chrono::abs(got[i] - wanted[i]), tolerance) << i;
}

std::vector<nanoseconds> times(const std::vector<Packet>& packets) {
  std::vector<nanoseconds> all;
  for (const auto& packet : packets) all.push_back(packet.pts - kStart);
  return all;
}

TEST(FragmentMuxer, HasTheShapeThatMediaSourceWants) {
  const auto material = make_material(even_stamps(60), 5ms);
  const auto pieces = mux(material, 0ns);
  EXPECT_EQ(types(pieces.front()), (std::vector<std::string>{"ftyp", "moov"}))
      << "at the first push: nothing of the picture yet, whose duration its successor tells";
  ASSERT_EQ(pieces.size(), 61U) << "the header, and a fragment for each picture";
  std::uint64_t video_time = 0, audio_time = 0;
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    ASSERT_EQ(types(pieces[i]), (std::vector<std::string>{"moof", "mdat"})) << "whole fragments alone";
    for (const auto& fragment : track_fragments(boxes(pieces[i])[0].content)) {
      EXPECT_TRUE(fragment.base_is_moof);
      auto& last = fragment.track == 1 ? video_time : audio_time;
      EXPECT_GE(fragment.decode_time, last);
      last = fragment.decode_time;
    }
  }
  EXPECT_EQ(track_fragments(boxes(pieces[1])[0].content)[0].decode_time, 0U) << "times start at 0";
}

TEST(FragmentMuxer, KeepsEveryPacketAndItsTime) {
  for (const auto fragment_duration : {0ns, nanoseconds(200ms), nanoseconds(1s)}) {
    const auto material = make_material(even_stamps(90), 7ms);
    const auto found = demux(joined(mux(material, fragment_duration)));
    expect_close(found.video, times(material.video), 12us);
    expect_close(found.audio, times(material.audio), 23us);
    EXPECT_EQ(found.decoded_pictures, 90);
    EXPECT_GE(found.decoded_sounds, static_cast<int>(material.audio.size()) - 1);
    for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(found.keyframes[i], material.video[i].keyframe);
  }
}

TEST(FragmentMuxer, FragmentsAreAsLongAsAsked) {
  const auto pieces = mux(make_material(even_stamps(91), 0ms), 1s);
  EXPECT_EQ(pieces.size(), 1U + 3U) << "header, 1 s, 1 s, and the rest";
}

// A browser takes a picture that begins more than two durations after the last one for a jump, and waits for a
// keyframe.
TEST(FragmentMuxer, TellsTrueDurationsWhenPicturesComeUnevenly) {
  std::vector<nanoseconds> stamps{0ms};
  std::minstd_rand random(11);
  for (int i = 0; i < 80; ++i) stamps.push_back(stamps.back() + nanoseconds(5ms) + nanoseconds(random() % 400'000'000));
  const auto material = make_material(stamps, 3ms);
  const auto pieces = mux(material, 0ns);
  expect_close(demux(joined(pieces)).video, stamps, 12us);
  ASSERT_EQ(pieces.size(), stamps.size() + 1);
  for (std::size_t i = 0; i + 2 < stamps.size(); ++i) {
    const auto video = track_fragments(boxes(pieces[i + 1])[0].content).at(0);
    const auto next = track_fragments(boxes(pieces[i + 2])[0].content).at(0);
    ASSERT_EQ(video.track, 1U);
    EXPECT_EQ(video.decode_time + video.duration, next.decode_time) << "picture " << i;
  }
}

TEST(FragmentMuxer, KeepsAHoleInTheSound) {
  auto material = make_material(even_stamps(90), 0ms);
  material.audio.erase(material.audio.begin() + 40, material.audio.begin() + 60);
  const auto found = demux(joined(mux(material, 0ns)));
  expect_close(found.audio, times(material.audio), 23us);
}

TEST(FragmentMuxer, LeavesOutSoundFromBeforeTheFirstPicture) {
  const auto material = make_material(even_stamps(30), -60ms);
  const auto found = demux(joined(mux(material, 0ns)));
  ASSERT_FALSE(found.audio.empty());
  EXPECT_GE(found.audio.front(), 0ns);
  EXPECT_LT(found.audio.front(), 24ms);
  expect_close(found.video, times(material.video), 12us);
}

TEST(FragmentMuxer, SaysItsTypeAsBrowsersWantIt) {
  auto material = make_material(even_stamps(1), 0ms);
  EXPECT_THAT((*FragmentMuxer::create(material.info, 0ns))->mime_type(),
              testing::MatchesRegex("video/mp4; codecs=\"avc1\\.[0-9A-F]{6}, mp4a\\.40\\.2\""));
  material.info.audio.reset();
  EXPECT_THAT((*FragmentMuxer::create(material.info, 0ns))->mime_type(),
              testing::MatchesRegex("video/mp4; codecs=\"avc1\\.[0-9A-F]{6}\""));
  const std::vector<std::uint8_t> sps{0, 0, 0, 1, 0x67, 0x64, 0x00, 0x1f, 0xac};
  EXPECT_EQ(av::avc_codec_string(sps), "avc1.64001F");
}

TEST(FragmentMuxer, RefusesAStreamWithoutHeaders) {
  auto material = make_material(even_stamps(1), 0ms);
  material.info.video.extradata.clear();
  const auto muxer = FragmentMuxer::create(material.info, 0ns);
  ASSERT_FALSE(muxer);
  EXPECT_EQ(muxer.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(muxer.error().message, "fragmented MP4: the video's extradata holds no H.264 SPS");
}

TEST(FragmentMuxer, RefusesVideoThatGoesBack) {
  auto material = make_material(even_stamps(3), 0ms);
  material.video[2].pts = material.video[1].pts;
  auto muxer = *FragmentMuxer::create(material.info, 0ns);
  EXPECT_TRUE(muxer->push(material.video[0]));
  EXPECT_TRUE(muxer->push(material.video[1]));
  EXPECT_FALSE(muxer->push(material.video[2]));
}

std::string run(const std::string& command) {
  std::string output;
  FILE* const pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

TEST(FragmentMuxer, IsReadByFfprobeWithoutAComplaint) {
  if (std::system("command -v ffprobe >/dev/null") != 0) GTEST_SKIP() << "ffprobe is not installed";
  const std::string path = testing::TempDir() + "/fragments" + std::to_string(getpid()) + ".mp4";
  std::ofstream(path, std::ios::binary) << joined(mux(make_material(even_stamps(90), 9ms), 500ms));
  EXPECT_EQ(
      run("ffprobe -v warning -count_frames -select_streams v -show_entries stream=codec_name,width,nb_read_frames "
          "-of csv=p=0 " +
          path + " 2>&1"),
      "h264,64,90\n");
  EXPECT_THAT(
      run("ffprobe -v warning -select_streams a -show_entries stream=codec_name,sample_rate,channels,start_time "
          "-of csv=p=0 " +
          path + " 2>&1"),
      testing::StartsWith("aac,44100,2,0.009"));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace nestbox
