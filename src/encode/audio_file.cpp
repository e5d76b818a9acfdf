#include "encode/audio_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "encode/aac_encoder.h"
#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

// Steps of decoding for one frame of sound; a file that yields nothing in so many is taken for broken. Video packets
// of a film lie between those of its sound, so there may be many.
constexpr int kStepsMax = 20'000;
constexpr int kFifoSamples = 8 * kAudioFrameSamples;  // it grows for formats with larger frames

}  // namespace

Result<std::unique_ptr<AudioFile>> AudioFile::open(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return fail(ErrorKind::kNotFound, path + ": there is no such file");
  // A pipe or a device could keep the thread waiting for ever.
  if (!std::filesystem::is_regular_file(status))
    return fail(ErrorKind::kInvalidArgument, path + ": not a regular file");
  auto file = std::unique_ptr<AudioFile>(new AudioFile(path));
  if (auto opened = file->open_input(); !opened) return tl::unexpected(std::move(opened).error());
  if (auto opened = file->open_decoder(); !opened) return tl::unexpected(std::move(opened).error());
  file->fifo_.reset(av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, kAudioChannels, kFifoSamples));
  NESTBOX_ASSERT(file->fifo_ != nullptr);
  return file;
}

tl::unexpected<Error> AudioFile::broken(const std::string& attempt, int code) const {
  return av::av_fail(ErrorKind::kUnavailable, fmt::format("{}: {}", path_, attempt), code);
}

Result<void> AudioFile::open_input() {
  av::Dictionary options;
  options.set("protocol_whitelist", "file");  // a play list does not make us fetch from the network
  AVFormatContext* input = nullptr;
  const int opened = avformat_open_input(&input, ("file:" + path_).c_str(), nullptr, options.address());
  if (opened < 0) return broken("cannot open it", opened);
  input_.reset(input);
  const int found = avformat_find_stream_info(input, nullptr);
  if (found < 0) return broken("cannot find out what it holds", found);
  return {};
}

Result<void> AudioFile::open_decoder() {
  const AVCodec* codec = nullptr;
  stream_index_ = av_find_best_stream(input_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
  if (stream_index_ < 0) return broken("it holds no sound that can be decoded", stream_index_);
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != stream_index_) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  decoder_.reset(avcodec_alloc_context3(codec));
  NESTBOX_ASSERT(decoder_ != nullptr);
  const AVStream& stream = *input_->streams[stream_index_];
  int done = avcodec_parameters_to_context(decoder_.get(), stream.codecpar);
  decoder_->pkt_timebase = stream.time_base;
  decoder_->thread_count = 1;  // sound is cheap; a decoder's threads would only add to ours
  if (done >= 0) done = avcodec_open2(decoder_.get(), codec, nullptr);
  if (done < 0) return broken("cannot open the decoder", done);
  return {};
}

Result<void> AudioFile::read(AVFrame& samples) {
  for (int step = 0; av_audio_fifo_size(fifo_.get()) < kAudioFrameSamples; ++step) {
    if (step == kStepsMax) return fail(ErrorKind::kUnavailable, path_ + ": holds no sound for a long stretch");
    if (auto decoded = decode_some(); !decoded) return decoded;
  }
  if (const int writable = av_frame_make_writable(&samples); writable < 0) return broken("no memory", writable);
  av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(samples.extended_data), kAudioFrameSamples);
  return {};
}

Result<void> AudioFile::decode_some() {
  av_packet_unref(packet_.get());
  const int got = av_read_frame(input_.get(), packet_.get());
  if (got == AVERROR_EOF) return rewind();
  if (got < 0) return broken("cannot read on", got);
  if (packet_->stream_index != stream_index_) return {};
  const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
  if (sent == AVERROR_INVALIDDATA) return {};  // a damaged piece; kStepsMax bounds how many
  if (sent < 0) return broken("cannot decode it", sent);
  return take_decoded();
}

Result<void> AudioFile::take_decoded() {
  while (true) {
    const int got = avcodec_receive_frame(decoder_.get(), decoded_.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF || got == AVERROR_INVALIDDATA) return {};
    if (got < 0) return broken("cannot decode it", got);
    samples_this_pass_ += decoded_->nb_samples;
    if (auto adapted = adapt_resampler(); !adapted) return adapted;
    if (auto stored = store_resampled(); !stored) return stored;
  }
}

Result<void> AudioFile::adapt_resampler() {
  const auto format = static_cast<AVSampleFormat>(decoded_->format);
  const int channels = decoded_->ch_layout.nb_channels;
  if (resampler_ && format == format_ && decoded_->sample_rate == rate_hz_ && channels == channels_) return {};
  AVChannelLayout stereo{};
  av_channel_layout_default(&stereo, kAudioChannels);
  SwrContext* resampler = nullptr;
  int made = swr_alloc_set_opts2(&resampler, &stereo, AV_SAMPLE_FMT_FLTP, kAudioRateHz, &decoded_->ch_layout, format,
                                 decoded_->sample_rate, 0, nullptr);
  resampler_.reset(resampler);
  if (made >= 0) made = swr_init(resampler_.get());
  if (made < 0) return broken("cannot convert its sound", made);
  format_ = format;
  rate_hz_ = decoded_->sample_rate;
  channels_ = channels;
  return {};
}

// By swr_convert() and not swr_convert_frame(), which takes a WAV file's unnamed channels for a change of layout.
Result<void> AudioFile::store_resampled() {
  const int room = swr_get_out_samples(resampler_.get(), decoded_->nb_samples);
  if (room <= 0) return {};
  av_frame_unref(resampled_.get());
  resampled_->format = AV_SAMPLE_FMT_FLTP;
  resampled_->nb_samples = room;
  av_channel_layout_default(&resampled_->ch_layout, kAudioChannels);
  if (const int made = av_frame_get_buffer(resampled_.get(), 0); made < 0)
    return broken("no memory for its sound", made);
  const int converted = swr_convert(resampler_.get(), resampled_->extended_data, room,
                                    const_cast<const std::uint8_t**>(decoded_->extended_data), decoded_->nb_samples);
  if (converted < 0) return broken("cannot convert its sound", converted);
  const int stored = av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(resampled_->extended_data), converted);
  if (stored < 0) return broken("no memory for its sound", stored);
  return {};
}

Result<void> AudioFile::rewind() {
  avcodec_send_packet(decoder_.get(), nullptr);  // what the decoder still has
  if (auto taken = take_decoded(); !taken) return taken;
  if (std::exchange(samples_this_pass_, 0) == 0) return fail(ErrorKind::kUnavailable, path_ + ": holds no sound");
  avcodec_flush_buffers(decoder_.get());
  const int sought = avformat_seek_file(input_.get(), -1, INT64_MIN, 0, INT64_MAX, 0);
  if (sought < 0) return broken("cannot go back to its beginning", sought);
  return {};
}

Result<Heard> FileSound::read(AVFrame& samples, BootTime /*stamp*/) {
  if (!file_) {
    auto opened = AudioFile::open(path_);
    if (!opened) return tl::unexpected(std::move(opened).error());
    file_ = std::move(*opened);
  }
  if (auto filled = file_->read(samples); !filled) {
    file_.reset();
    return tl::unexpected(std::move(filled).error());
  }
  return Heard::kSound;
}

}  // namespace nestbox
