#include <array>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "nestbox/base/file.h"
#include "support.h"

namespace nestbox::test {
namespace {

/// A 16-bit WAV file with a tone; removed when it dies.
class ToneFile {
 public:
  ToneFile(const std::string& name, int rate_hz, int channels, double seconds)
      : path_(testing::TempDir() + "/" + std::to_string(getpid()) + name) {
    const auto samples = static_cast<std::uint32_t>(rate_hz * seconds);
    const std::uint32_t data_bytes = samples * static_cast<std::uint32_t>(channels) * 2;
    std::ofstream out(path_, std::ios::binary);
    const auto put = [&](std::uint32_t value, int bytes) {
      for (int i = 0; i < bytes; ++i) out.put(static_cast<char>(value >> (8 * i)));
    };
    const auto rate = static_cast<std::uint32_t>(rate_hz), lanes = static_cast<std::uint32_t>(channels);
    out << "RIFF";
    put(36 + data_bytes, 4);
    out << "WAVEfmt ";
    put(16, 4);
    put(1, 2);
    put(lanes, 2);
    put(rate, 4);
    put(rate * lanes * 2, 4);
    put(lanes * 2, 2);
    put(16, 2);
    out << "data";
    put(data_bytes, 4);
    for (std::uint32_t i = 0; i < samples * lanes; ++i) {
      const double phase = 2 * 3.14159265 * 440 * (i / lanes) / rate_hz;
      put(static_cast<std::uint16_t>(static_cast<std::int16_t>(12000 * std::sin(phase))), 2);
    }
  }
  ~ToneFile() { std::filesystem::remove(path_); }
  std::string source() const { return "file:" + path_; }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

EncodeStage::Setup with_sound(const std::string& source) {
  auto setup = quick_setup();
  setup.audio.source = source;
  return setup;
}

/// The mean loudness (root of the mean square) of decoded AAC, full scale 1.
double loudness(const AudioInfo& info, const std::vector<Packet>& audio) {
  const AVCodec* const decoder = avcodec_find_decoder(AV_CODEC_ID_AAC);
  av::Codec codec(avcodec_alloc_context3(decoder));
  codec->extradata = static_cast<std::uint8_t*>(av_mallocz(info.extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::copy(info.extradata.begin(), info.extradata.end(), codec->extradata);
  codec->extradata_size = static_cast<int>(info.extradata.size());
  NESTBOX_ASSERT(avcodec_open2(codec.get(), decoder, nullptr) == 0);
  double squares = 0;
  std::size_t count = 0;
  for (const auto& packet : audio) {
    auto unit = av::make_packet();
    NESTBOX_ASSERT(av_new_packet(unit.get(), static_cast<int>(packet.bytes.size())) == 0);
    std::copy(packet.bytes.begin(), packet.bytes.end(), unit->data);
    EXPECT_EQ(avcodec_send_packet(codec.get(), unit.get()), 0);
    auto frame = av::make_frame();
    if (avcodec_receive_frame(codec.get(), frame.get()) < 0) continue;
    EXPECT_EQ(frame->sample_rate, 44100);
    EXPECT_EQ(frame->ch_layout.nb_channels, 2);
    for (int i = 0; i < frame->nb_samples; ++i, ++count) {
      const double sample = reinterpret_cast<const float*>(frame->extended_data[0])[i];
      squares += sample * sample;
    }
  }
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

/// Sound is contiguous, in order of stamps with the pictures, and never ahead of them by more than a frame.
void expect_even_sound(const std::vector<Packet>& packets) {
  std::optional<BootTime> last, audio_next, video_last;
  for (const auto& packet : packets) {
    EXPECT_LE(last.value_or(packet.pts), packet.pts) << "order of stamps";
    last = packet.pts;
    if (packet.track == Track::kVideo) {
      video_last = packet.pts;
      continue;
    }
    EXPECT_TRUE(packet.keyframe);
    EXPECT_EQ(audio_next.value_or(packet.pts), packet.pts) << "no hole";
    audio_next = packet.pts + packet.duration;
    EXPECT_LE(packet.pts - *video_last, 34ms);
  }
}

TEST(Sound, SilenceIsAsLongAsThePictures) {
  Line line(with_sound("silence"), {64, 64});
  constexpr int kPictures = 300;
  for (int i = 0; i < kPictures; ++i) line.pass(line.camera.gradient(at(i * 33'333'333ns)));
  const auto info = line.sink->infos().at(0).audio;
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->sample_rate_hz, 44100);
  EXPECT_EQ(info->channels, 2);
  EXPECT_EQ(info->bitrate_bps, 128'000);
  EXPECT_EQ(info->extradata.size() >= 2, true);
  EXPECT_EQ(info->extradata[0] >> 3, 2) << "AAC-LC";

  expect_even_sound(line.sink->packets());
  const auto audio = line.sink->of(Track::kAudio);
  const auto video = line.sink->of(Track::kVideo);
  EXPECT_EQ(audio.front().pts, video.front().pts);
  const auto off = (audio.back().pts + audio.back().duration) - video.back().pts;
  EXPECT_LE(std::chrono::abs(off), kAacFrame) << to_seconds(off);
  EXPECT_LT(loudness(*info, audio), 1e-4);
  for (const auto& packet : audio)
    EXPECT_EQ(packet.bytes.data(), audio.front().bytes.data()) << "one payload, repeated";
}

TEST(Sound, OfSlatesTwiceASecondIsEvenToo) {
  Line line(with_sound("silence"), {64, 64});
  std::minstd_rand random(5);
  for (int i = 0; i < 40; ++i)
    line.pass(line.camera.gradient(at(i * 500ms + nanoseconds(random() % 2'000'000)), Content::kSlate));
  const auto packets = line.sink->packets();
  // The first interval of 500 ms is taken for a pause when jitter makes it longer: the frame rate is not known yet.
  const auto from = std::find_if(packets.begin(), packets.end(), [](const Packet& p) { return p.pts >= at(999ms); });
  std::vector<Packet> settled(from, packets.end());
  std::optional<BootTime> next;
  int holes = 0;
  for (const auto& packet : settled) {
    if (packet.track == Track::kVideo) continue;
    holes += next && *next != packet.pts;
    next = packet.pts + packet.duration;
    EXPECT_EQ(packet.content, Content::kSlate);
  }
  EXPECT_LE(holes, 1);
}

TEST(Sound, LeapsWithThePictures) {
  Line line(with_sound("silence"), {64, 64});
  for (int i = 0; i < 10; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  for (int i = 0; i < 10; ++i) line.pass(line.camera.gradient(at(5s + i * 33ms)));
  std::vector<BootTime> stamps;
  for (const auto& packet : line.sink->of(Track::kAudio)) stamps.push_back(packet.pts);
  const auto leap = std::adjacent_find(stamps.begin(), stamps.end(), [](auto a, auto b) { return b - a > 1s; });
  ASSERT_NE(leap, stamps.end());
  EXPECT_LT(*leap, at(297ms));
  EXPECT_EQ(*std::next(leap), at(5s)) << "sound goes on with the first picture after the pause";
  EXPECT_LT(stamps.size(), 30U) << "the pause is not filled";
}

TEST(Sound, NoneIsNoTrack) {
  Line line(with_sound("none"), {64, 64});
  for (int i = 0; i < 10; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  EXPECT_FALSE(line.sink->infos().at(0).audio.has_value());
  EXPECT_TRUE(line.sink->of(Track::kAudio).empty());
}

TEST(Sound, OfAFileIsResampledAndLooped) {
  struct Case {
    int rate_hz, channels;
  };
  for (const auto& [rate_hz, channels] : {Case{48000, 1}, Case{44100, 2}, Case{8000, 2}}) {
    const ToneFile file("tone.wav", rate_hz, channels, 0.4);
    Line line(with_sound(file.source()), {64, 64});
    for (int i = 0; i < 150; ++i) line.pass(line.camera.gradient(at(i * 33'333'333ns)));  // 5 s: a dozen loops
    expect_even_sound(line.sink->packets());
    const auto audio = line.sink->of(Track::kAudio);
    const auto info = *line.sink->infos().at(0).audio;
    // A tone of this amplitude; one channel spread over two keeps its power, so each has half.
    const double expected = 12000 / 32768.0 / std::sqrt(2) * (channels == 1 ? std::sqrt(0.5) : 1);
    EXPECT_NEAR(loudness(info, audio), expected, 0.03) << rate_hz << " Hz";
    EXPECT_NEAR(loudness(info, {audio.end() - 20, audio.end()}), expected, 0.03) << "still, at the end";
    EXPECT_LT(to_seconds(audio.back().pts - at(0s)), 5);
    EXPECT_GT(to_seconds(audio.back().pts - at(0s)), 4.9);
  }
}

TEST(Sound, OfAMissingOrBrokenFileIsSilenceUntilItIsBack) {
  const std::string path = testing::TempDir() + "/" + std::to_string(getpid()) + "later.wav";
  ASSERT_TRUE(write_file_atomically(path, "this is no sound", 0644));
  Line line(with_sound("file:" + path), {64, 64});
  for (int i = 0; i < 30; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  const auto info = line.sink->infos().at(0).audio;
  ASSERT_TRUE(info.has_value()) << "a broken file must not take the track away: platforms want sound";
  EXPECT_LT(loudness(*info, line.sink->of(Track::kAudio)), 1e-4);
  EXPECT_EQ(line.stage.status().state, EncoderState::kRunning);

  const ToneFile tone("mended.wav", 44100, 2, 1);
  std::filesystem::rename(tone.path(), path);
  for (int i = 0; i < 40; ++i) line.pass(line.camera.gradient(at(40s + i * 33ms)));
  const auto audio = line.sink->of(Track::kAudio);
  EXPECT_GT(loudness(*info, {audio.end() - 30, audio.end()}), 0.2) << "tried again after 30 s of pictures";
  EXPECT_EQ(line.sink->infos().size(), 1U);
  std::filesystem::remove(path);
}

TEST(Sound, NeverReadsWhatIsNoRegularFile) {
  Line line(with_sound("file:/dev/zero"), {64, 64});
  for (int i = 0; i < 10; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  EXPECT_LT(loudness(*line.sink->infos().at(0).audio, line.sink->of(Track::kAudio)), 1e-4);
}

}  // namespace
}  // namespace nestbox::test
