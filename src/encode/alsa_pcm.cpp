#include "encode/alsa_pcm.h"

#include <alsa/asoundlib.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr int kWaitMs = 100;
constexpr unsigned kRateWantedHz = 44100;
constexpr unsigned kPeriodUs = 20'000, kBufferUs = 500'000;

struct PcmCloser {
  void operator()(snd_pcm_t* pcm) const noexcept { snd_pcm_close(pcm); }
};
using Pcm = std::unique_ptr<snd_pcm_t, PcmCloser>;

tl::unexpected<Error> alsa_fail(const std::string& device, const char* attempt, int code) {
  const auto kind = code == -ENOENT || code == -ENODEV ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
  const char* const hint =
      code == -EBUSY ? "another program holds it (fuser -v /dev/snd/* tells which)" : "arecord -L lists what there is";
  return fail(kind, fmt::format("alsa:{}: {}: {}; {}", device, attempt, snd_strerror(code), hint));
}

/// ALSA writes its own complaints to standard error, a line for each layer of a device's definition; the error that we
/// return says it once.
void hush(const char* /*file*/, int /*line*/, const char* /*function*/, int /*code*/, const char* /*format*/, ...) {}

class AlsaPcm final : public PcmDevice {
 public:
  AlsaPcm(std::string device, Pcm pcm) : device_(std::move(device)), pcm_(std::move(pcm)) {}

  Result<void> configure() {
    snd_pcm_hw_params_t* hardware = nullptr;
    snd_pcm_hw_params_malloc(&hardware);
    const std::unique_ptr<snd_pcm_hw_params_t, void (*)(snd_pcm_hw_params_t*)> owner(hardware, snd_pcm_hw_params_free);
    snd_pcm_t* const pcm = pcm_.get();
    unsigned rate_hz = kRateWantedHz, period_us = kPeriodUs, buffer_us = kBufferUs;
    int done = snd_pcm_hw_params_any(pcm, hardware);
    // Our resampler is the better one, and follows the drift; ALSA's stays out of the way.
    if (done >= 0) done = snd_pcm_hw_params_set_rate_resample(pcm, hardware, 0);
    if (done >= 0) done = snd_pcm_hw_params_set_access(pcm, hardware, SND_PCM_ACCESS_RW_INTERLEAVED);
    if (done >= 0) done = snd_pcm_hw_params_set_format(pcm, hardware, SND_PCM_FORMAT_FLOAT);
    if (done >= 0) done = snd_pcm_hw_params_set_channels(pcm, hardware, kPcmChannels);
    if (done >= 0) done = snd_pcm_hw_params_set_rate_near(pcm, hardware, &rate_hz, nullptr);
    if (done >= 0) done = snd_pcm_hw_params_set_period_time_near(pcm, hardware, &period_us, nullptr);
    if (done >= 0) done = snd_pcm_hw_params_set_buffer_time_near(pcm, hardware, &buffer_us, nullptr);
    if (done >= 0) done = snd_pcm_hw_params(pcm, hardware);
    if (done >= 0) done = snd_pcm_start(pcm);
    if (done < 0) return alsa_fail(device_, "cannot be made to capture", done);
    rate_hz_ = static_cast<int>(rate_hz);
    return {};
  }

  int rate_hz() const override { return rate_hz_; }

  Result<void> read(PcmBlock& block) override {
    block.frames = 0;
    const int ready = snd_pcm_wait(pcm_.get(), kWaitMs);
    if (ready == 0) return {};
    if (ready < 0) return recover(ready);
    const auto got = snd_pcm_readi(pcm_.get(), block.samples.data(), kPcmBlockFramesMax);
    if (got == -EAGAIN) return {};
    if (got < 0) return recover(static_cast<int>(got));
    snd_pcm_sframes_t still_inside = 0;
    if (snd_pcm_delay(pcm_.get(), &still_inside) < 0) still_inside = 0;
    block.frames = static_cast<int>(got);
    const double age_s = static_cast<double>(got + still_inside) / rate_hz_;
    block.begins_at =
        BootClock::now() - std::chrono::duration_cast<BootClock::duration>(std::chrono::duration<double>(age_s));
    return {};
  }

 private:
  /// After an overrun or a suspend the device goes on; what was lost is a gap.
  Result<void> recover(int code) {
    if (code != -EPIPE && code != -ESTRPIPE) return alsa_fail(device_, "is gone", code);
    int done = snd_pcm_recover(pcm_.get(), code, 1);
    if (done >= 0) done = snd_pcm_start(pcm_.get());
    if (done < 0) return alsa_fail(device_, "does not go on", done);
    return {};
  }

  const std::string device_;
  const Pcm pcm_;
  int rate_hz_ = 0;
};

}  // namespace

Result<std::unique_ptr<PcmDevice>> open_alsa(const std::string& device) {
  snd_lib_error_set_handler(&hush);
  // The "plug" in front converts formats and channels, so that a mono USB microphone and a 32-bit I2S one are alike.
  snd_pcm_t* raw = nullptr;
  const int opened =
      snd_pcm_open(&raw, fmt::format("plug:'{}'", device).c_str(), SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
  if (opened < 0) return alsa_fail(device, "cannot be opened", opened);
  auto pcm = std::make_unique<AlsaPcm>(device, Pcm(raw));
  if (auto configured = pcm->configure(); !configured) return tl::unexpected(std::move(configured).error());
  return pcm;
}

}  // namespace nestbox
