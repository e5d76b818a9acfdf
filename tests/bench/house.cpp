/// What the house costs beside a bare encode of the same pictures. One mode a process, so that callgrind and the
/// kernel's CPU times see one thing each; scripts/bench runs the pairs and prints the ratios.
///
///   house_bench bare FRAMES             libavcodec in a loop: the baseline
///   house_bench house FRAMES [OUTPUTS]  ring, encode stage, hub, and OUTPUTS (default 1) FLV outputs to /dev/null,
///   silence house_bench latency FRAMES          source to FLV tag, with pictures so small that encoding takes next to
///   no time
///
/// Prints one line of key=value figures.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "av/ffmpeg.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/encode/encode_stage.h"
#include "nestbox/media/picture_memory.h"
#include "nestbox/publish/output.h"

namespace nestbox {
namespace {

constexpr int kFramerate = 30;
constexpr std::size_t kSlots = 8;
constexpr std::chrono::nanoseconds kFrameTime{1'000'000'000 / kFramerate};

// Pixel copies: every copy of a large block whose source lies in the pictures is counted (the interposed memcpy below).
std::atomic<const std::uint8_t*> pool_begin{nullptr}, pool_end{nullptr};
std::atomic<std::uint64_t> pool_bytes_copied{0};

/// Moving, noisy pictures, made once: what they show is the same for every mode.
std::shared_ptr<PictureMemory> make_pictures(int width, int height) {
  auto memory = std::make_shared<PictureMemory>(kSlots, PictureMemory::Shape{width, height, 16, 16});
  std::uint32_t noise = 1;
  for (SlotIndex slot = 0; slot < kSlots; ++slot) {
    const auto& y = memory->main(slot).y;
    for (int row = 0; row < y.height; ++row) {
      for (int column = 0; column < y.width; ++column) {
        noise = noise * 1664525U + 1013904223U;
        const auto wave = std::sin(0.02 * (column + 9 * static_cast<int>(slot))) +
                          std::cos(0.03 * (row - 5 * static_cast<int>(slot)));
        y.data[row * y.stride + column] = static_cast<std::uint8_t>(118 + 45 * wave + (noise >> 28U));
      }
    }
  }
  pool_begin = memory->main(0).y.data;
  pool_end = memory->analysis(kSlots - 1).data;
  return memory;
}

EncoderOptions encoder_options() {
  EncoderOptions options;
  options.preset = "ultrafast";
  return options;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int bare(int frames) {
  const auto pictures = make_pictures(1280, 720);
  const auto options = encoder_options();
  const AVCodec* const codec = avcodec_find_encoder_by_name("libx264");
  const av::Codec context(avcodec_alloc_context3(codec));
  context->width = 1280;
  context->height = 720;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->time_base = {1, kFramerate};
  context->framerate = {kFramerate, 1};
  context->bit_rate = context->rc_max_rate = options.bitrate_bps;
  context->rc_buffer_size = static_cast<int>(options.bitrate_bps / 2);
  context->max_b_frames = 0;
  context->gop_size = 2 * kFramerate;
  context->thread_count = static_cast<int>(std::min(std::thread::hardware_concurrency(), 4U));
  context->thread_type = FF_THREAD_SLICE;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av::Dictionary settings;
  settings.set("preset", options.preset);
  settings.set("tune", "zerolatency");
  settings.set("profile", "high");
  settings.set("x264-params", "scenecut=0");
  if (avcodec_open2(context.get(), codec, settings.address()) < 0) return 1;

  const auto picture = av::make_frame();
  const auto unit = av::make_packet();
  const double begin = cpu_seconds();
  std::uint64_t bytes = 0;
  for (int n = 0; n < frames; ++n) {
    const auto& main = pictures->main(static_cast<SlotIndex>(n) % kSlots);
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = main.width;
    picture->height = main.height;
    const MutablePlane planes[] = {main.y, main.u, main.v};
    for (int plane = 0; plane < 3; ++plane) {
      picture->data[plane] = planes[plane].data;
      picture->linesize[plane] = planes[plane].stride;
    }
    // An owner that does nothing, or libavcodec would copy the picture.
    picture->buf[0] = av_buffer_create(
        main.y.data, 1, [](void*, std::uint8_t*) {}, nullptr, 0);
    picture->pts = n;
    if (avcodec_send_frame(context.get(), picture.get()) < 0) return 1;
    av_frame_unref(picture.get());
    while (avcodec_receive_packet(context.get(), unit.get()) == 0) {
      bytes += static_cast<std::uint64_t>(unit->size);
      av_packet_unref(unit.get());
    }
  }
  std::printf("mode=bare frames=%d cpu_s=%.4f bytes=%llu\n", frames, cpu_seconds() - begin,
              static_cast<unsigned long long>(bytes));
  return 0;
}

/// Publishes the pictures as a camera would, as fast as they are taken; the stamps are those of real time.
class Feeder {
 public:
  Feeder(std::shared_ptr<PictureMemory> pictures, EncodeStage& encode)
      : pictures_(std::move(pictures)), encode_(encode), returned_(kSlots) {
    ring_ = FrameRing::create(kSlots, pictures_,
                              [this](SlotIndex slot) { NESTBOX_ASSERT(returned_.push(std::move(slot))); });
    for (SlotIndex slot = 0; slot < kSlots; ++slot) free_.push_back(slot);
  }
  void publish(BootTime stamp) {
    Frame frame;
    if (free_.empty()) free_.push_back(*returned_.pop());
    const auto slot = free_.back();
    free_.pop_back();
    frame.sequence = sequence_++;
    frame.captured_at = stamp;
    frame.main = pictures_->main(slot);
    frame.analysis = pictures_->analysis(slot);
    encode_.offer(ring_->publish(slot, frame));
  }
  /// Blocks until the encoder has let go of all but `held` frames: nothing is dropped, at any speed.
  void wait_for_at_most(std::size_t held) {
    while (kSlots - free_.size() > held) free_.push_back(*returned_.pop());
  }

 private:
  const std::shared_ptr<PictureMemory> pictures_;
  EncodeStage& encode_;
  BoundedQueue<SlotIndex> returned_;
  std::vector<SlotIndex> free_;
  std::shared_ptr<FrameRing> ring_;
  std::uint64_t sequence_ = 0;
};

std::vector<std::shared_ptr<Output>> make_outputs(EncodeStage& encode, const std::string& url, int count) {
  std::vector<std::shared_ptr<Output>> outputs;
  for (int n = 0; n < count; ++n) {
    OutputOptions options;
    options.name = "bench-" + std::to_string(n);
    options.url = url;
    outputs.push_back(std::make_shared<Output>(options, Secret(), [&encode] { encode.hub().want_keyframe(); }));
    outputs.back()->start();
    outputs.back()->set_on_air(Air::kOn);
    encode.hub().attach(outputs.back());
  }
  return outputs;
}

void finish(EncodeStage& encode, const std::vector<std::shared_ptr<Output>>& outputs) {
  const auto deadline = BootClock::now() + std::chrono::seconds(5);
  encode.request_stop();
  if (!encode.join_until(deadline)) std::abort();
  for (const auto& output : outputs) output->request_stop();
  for (const auto& output : outputs) {
    if (!output->join_until(deadline)) std::abort();
  }
}

bool all_live(const std::vector<std::shared_ptr<Output>>& outputs) {
  return std::all_of(outputs.begin(), outputs.end(),
                     [](const auto& output) { return output->status().state == OutputState::kLive; });
}

int house(int frames, int outputs_count) {
  EncodeStage encode("encode", {encoder_options(), AudioOptions{}, kFramerate});
  Feeder feeder(make_pictures(1280, 720), encode);
  encode.start();
  const auto link =
      std::string("/tmp/house-bench-") + std::to_string(::getpid()) + ".flv";  // the name tells the format
  if (::symlink("/dev/null", link.c_str()) != 0) return 1;
  const auto outputs = make_outputs(encode, "file:" + link, outputs_count);
  auto stamp = BootClock::now();
  constexpr int kWarmUpMax = 300;
  for (int n = 0; n < kWarmUpMax && !all_live(outputs); ++n) {
    feeder.publish(stamp += kFrameTime);
    feeder.wait_for_at_most(0);
  }
  const bool started = all_live(outputs);
  const auto encoded_before = encode.status().frames;
  pool_bytes_copied = 0;
  const double begin = cpu_seconds();
  for (int n = 0; n < frames; ++n) {
    feeder.wait_for_at_most(1);
    feeder.publish(stamp += kFrameTime);
  }
  feeder.wait_for_at_most(0);
  const double cpu_s = cpu_seconds() - begin;
  const auto status = encode.status();
  std::uint64_t dropped = 0;
  for (const auto& output : outputs) dropped += output->status().packets_dropped;
  finish(encode, outputs);
  ::unlink(link.c_str());
  std::printf("mode=house frames=%llu outputs=%d live=%d cpu_s=%.4f dropped=%llu+%llu pool_bytes_copied=%llu\n",
              static_cast<unsigned long long>(status.frames - encoded_before), outputs_count, started ? 1 : 0, cpu_s,
              static_cast<unsigned long long>(status.frames_dropped), static_cast<unsigned long long>(dropped),
              static_cast<unsigned long long>(pool_bytes_copied.load()));
  return started && status.frames_dropped == 0 && dropped == 0 ? 0 : 1;
}

/// Reads FLV from a pipe and notes when each video tag was complete (Adobe FLV specification, E.4.1).
class TagReader {
 public:
  explicit TagReader(int fd) : fd_(fd) {}
  void run() {
    std::uint8_t header[9 + 4];
    if (!read_exactly(header, sizeof header)) return;
    std::uint8_t tag[11];
    std::vector<std::uint8_t> body;
    while (read_exactly(tag, sizeof tag)) {
      body.resize(static_cast<std::size_t>(tag[1] << 16 | tag[2] << 8 | tag[3]) + 4);
      if (!read_exactly(body.data(), body.size())) return;
      constexpr std::uint8_t kVideo = 9, kSequenceHeader = 0;
      if (tag[0] != kVideo || body[1] == kSequenceHeader || count == arrivals.size()) continue;
      arrivals[count] = BootClock::now();
      ++count;
    }
  }
  /// Whether so many tags have come, now or within a second.
  bool has(std::size_t tags) const {
    for (int n = 0; n < 100 && count < tags; ++n) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return count >= tags;
  }
  std::vector<BootTime> arrivals = std::vector<BootTime>(100'000);
  std::atomic<std::size_t> count{0};  ///< of arrivals; those below it do not change any more

 private:
  bool read_exactly(std::uint8_t* out, std::size_t bytes) {
    while (bytes > 0) {
      const auto got = ::read(fd_, out, bytes);
      if (got <= 0) return false;
      out += got;
      bytes -= static_cast<std::size_t>(got);
    }
    return true;
  }
  const int fd_;
};

int latency(int frames) {
  constexpr std::chrono::milliseconds kPace{5};
  EncodeStage encode("encode", {encoder_options(), AudioOptions{}, kFramerate});
  Feeder feeder(make_pictures(64, 64), encode);
  encode.start();
  const auto pipe = std::string("/tmp/house-bench-") + std::to_string(::getpid()) + ".flv";
  if (::mkfifo(pipe.c_str(), 0600) != 0) return 1;
  // Our own writing end keeps the pipe open between the output's and ours; closing it is the end of the file.
  const int reading_end = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int writing_end = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
  ::fcntl(reading_end, F_SETFL, 0);
  TagReader reader(reading_end);
  std::thread reading([&] { reader.run(); });
  const auto outputs = make_outputs(encode, "file:" + pipe, 1);
  for (int n = 0; n < 300 && !all_live(outputs); ++n) {
    feeder.publish(BootClock::now());
    std::this_thread::sleep_for(kPace);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // what was published to get started has arrived
  const std::size_t first = reader.count;
  std::vector<BootTime> published;
  for (int n = 0; n < frames; ++n) {
    std::this_thread::sleep_for(kPace);
    published.push_back(BootClock::now());
    feeder.publish(published.back());
  }
  const bool all_came = reader.has(first + published.size());
  finish(encode, outputs);
  ::close(writing_end);
  reading.join();
  ::unlink(pipe.c_str());
  if (!all_came) {
    std::fprintf(stderr, "of %zu pictures %zu arrived\n", published.size(), reader.count - first);
    return 1;
  }
  std::vector<double> ms;
  for (std::size_t n = 0; n < published.size(); ++n) {
    ms.push_back(1e3 * to_seconds(reader.arrivals[first + n] - published[n]));
  }
  std::sort(ms.begin(), ms.end());
  std::printf("mode=latency frames=%zu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f\n", ms.size(), ms[ms.size() / 2],
              ms[ms.size() * 99 / 100], ms.back());
  return 0;
}

}  // namespace
}  // namespace nestbox

// Every call of memcpy in the process, the libraries' included, comes here.
extern "C" void* memcpy(void* to, const void* from, std::size_t bytes) noexcept {
  constexpr std::size_t kLarge = 64 * 1024;
  const auto* const source = static_cast<const std::uint8_t*>(from);
  if (bytes >= kLarge && source >= nestbox::pool_begin.load() && source < nestbox::pool_end.load()) {
    nestbox::pool_bytes_copied += bytes;
  }
  return memmove(to, from, bytes);
}

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const int frames = argc > 2 ? std::atoi(argv[2]) : 0;
  if (frames > 0 && mode == "bare") return nestbox::bare(frames);
  if (frames > 0 && mode == "house") return nestbox::house(frames, argc > 3 ? std::atoi(argv[3]) : 1);
  if (frames > 0 && mode == "latency") return nestbox::latency(frames);
  std::fprintf(stderr, "house_bench bare|house|latency FRAMES [OUTPUTS]\n");
  return 2;
}
