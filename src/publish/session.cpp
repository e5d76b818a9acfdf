#include "session.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "nestbox/base/assert.h"

namespace nestbox::publish {
namespace {

constexpr AVRational kMpegTicks{1, 90'000};

std::string address_of(const Target& target) {
  if (target.transport == Transport::kFile) return free_path(target.path);
  return target.address.empty() ? target.open_address : target.address.reveal();
}

/// For the protocols of the connection. libavformat hands each one on to the protocol below that knows it.
void set_protocol_options(av::Dictionary& options, const Target& target, int send_buffer_bytes) {
  if (target.transport == Transport::kFile) return;
  // Never "timeout": for RTMP it means "listen".
  if (target.transport == Transport::kRtmp) {
    options.set("send_buffer_size", std::to_string(send_buffer_bytes));
    options.set("tcp_nodelay", "1");
    options.set("rtmp_live", "live");
  }
  if (target.security != Security::kTls) return;
  options.set("tls_verify", "1");
  if (!target.ca_file.empty()) options.set("ca_file", target.ca_file);
  // An empty proxy is one that is not used; without it the environment's http_proxy would reroute the connection.
  options.set("http_proxy", "");
}

void set_muxer_options(av::Dictionary& options, const AVOutputFormat& muxer) {
  const std::string name = muxer.name;
  if (name == "flv") options.set("flvflags", "no_duration_filesize");
  if (name == "mp4") options.set("movflags", "frag_keyframe+empty_moov+default_base_moof");
}

}  // namespace

Session::Session(av::Output context, IoGuard& guard) : context_(std::move(context)), packet_(av::make_packet()) {
  context_->interrupt_callback = guard.callback();
  context_->flags |= AVFMT_FLAG_FLUSH_PACKETS;  // every packet leaves at once
}

Session::~Session() = default;

std::unique_ptr<Session> Session::connect(const Target& target, IoGuard& guard, int send_buffer_bytes, int& code) {
  AVFormatContext* allocated = nullptr;
  code = avformat_alloc_output_context2(&allocated, nullptr, target.muxer.c_str(), nullptr);
  if (code < 0) return nullptr;
  std::unique_ptr<Session> session(new Session(av::Output(allocated), guard));
  av::Dictionary options;
  set_protocol_options(options, target, send_buffer_bytes);
  const auto interrupt = guard.callback();
  code = avio_open2(&allocated->pb, address_of(target).c_str(), AVIO_FLAG_WRITE, &interrupt, options.address());
  return code < 0 ? nullptr : std::move(session);
}

AVStream* Session::add_stream(AVCodecID codec, const std::vector<std::uint8_t>& extradata, std::int64_t bitrate_bps) {
  AVStream* const stream = avformat_new_stream(context_.get(), nullptr);
  NESTBOX_ASSERT(stream != nullptr);
  auto& parameters = *stream->codecpar;
  parameters.codec_id = codec;
  parameters.bit_rate = bitrate_bps;
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  NESTBOX_ASSERT(parameters.extradata != nullptr);
  std::copy(extradata.begin(), extradata.end(), parameters.extradata);
  parameters.extradata_size = static_cast<int>(extradata.size());
  stream->time_base = kMpegTicks;
  return stream;
}

int Session::begin(const StreamInfo& info, BootTime zero) {
  info_ = info;
  zero_ = zero;
  AVStream* const video = add_stream(AV_CODEC_ID_H264, info.video.extradata, info.video.bitrate_bps);
  video->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  video->codecpar->width = info.video.width;
  video->codecpar->height = info.video.height;
  video->codecpar->format = AV_PIX_FMT_YUV420P;
  video->avg_frame_rate = {info.video.framerate, 1};
  video_.stream = video->index;
  if (info.audio) {
    AVStream* const audio = add_stream(AV_CODEC_ID_AAC, info.audio->extradata, info.audio->bitrate_bps);
    audio->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
    audio->codecpar->sample_rate = info.audio->sample_rate_hz;
    audio->codecpar->frame_size = 1024;  // AAC-LC
    audio->codecpar->profile = av::kProfileAacLow;
    av_channel_layout_default(&audio->codecpar->ch_layout, info.audio->channels);
    audio_.stream = audio->index;
  }
  av::Dictionary options;
  set_muxer_options(options, *context_->oformat);
  const int code = avformat_write_header(context_.get(), options.address());
  return std::min(code, 0);
}

bool Session::can_continue_with(const StreamInfo& info) const {
  const bool muxer_can = std::strcmp(context_->oformat->name, "flv") == 0;
  if (info == *info_) return true;
  const bool same_pictures = info.video.width == info_->video.width && info.video.height == info_->video.height;
  const bool same_sound = info.audio.has_value() == info_->audio.has_value() &&
                          (!info.audio || (info.audio->sample_rate_hz == info_->audio->sample_rate_hz &&
                                           info.audio->channels == info_->audio->channels));
  const bool same_headers = info.video.extradata == info_->video.extradata &&
                            (!info.audio || !same_sound || info.audio->extradata == info_->audio->extradata);
  return same_pictures && same_sound && (muxer_can || same_headers);
}

void Session::continue_with(const StreamInfo& info) {
  video_.headers_changed = video_.headers_changed || info.video.extradata != info_->video.extradata;
  if (info.audio) audio_.headers_changed = audio_.headers_changed || info.audio->extradata != info_->audio->extradata;
  info_ = info;
}

int Session::add_side_data(const Packet& packet) {
  const auto& headers = packet.track == Track::kVideo ? info_->video.extradata : info_->audio->extradata;
  std::uint8_t* const copy = av_packet_new_side_data(packet_.get(), AV_PKT_DATA_NEW_EXTRADATA, headers.size());
  if (copy == nullptr) return AVERROR(ENOMEM);
  std::copy(headers.begin(), headers.end(), copy);
  track(packet.track).headers_changed = false;
  return 0;
}

int Session::write(const Packet& packet) {
  NESTBOX_ASSERT(begun());
  auto& state = track(packet.track);
  if (state.stream < 0) return 0;                            // sound in a stream that began without
  if (packet.pts < zero_ && state.last_ticks < 0) return 0;  // sound from before the first picture
  const auto time_base = context_->streams[state.stream]->time_base;
  const auto ticks = std::max(av::to_ticks(packet.pts - zero_, time_base), state.last_ticks + 1);
  state.last_ticks = ticks;
  packet_->pts = packet_->dts = ticks;
  packet_->duration = av::to_ticks(packet.duration, time_base);
  packet_->stream_index = state.stream;
  packet_->flags = packet.keyframe ? AV_PKT_FLAG_KEY : 0;
  // Borrowed for the call: libavformat copies what it writes and does not change it.
  packet_->data = const_cast<std::uint8_t*>(packet.bytes.data());
  packet_->size = static_cast<int>(packet.bytes.size());
  int code = state.headers_changed ? add_side_data(packet) : 0;
  if (code == 0) code = av_write_frame(context_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (code >= 0 && context_->pb->error < 0) code = context_->pb->error;
  return std::min(code, 0);
}

void Session::finish() {
  if (begun()) av_write_trailer(context_.get());
}

}  // namespace nestbox::publish
