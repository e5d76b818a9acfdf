#include "nestbox/av/av_log.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <exception>
#include <utility>

#include "av/ffmpeg.h"
#include "nestbox/base/log.h"
#include "nestbox/base/secret.h"

namespace nestbox {
namespace {

constexpr std::size_t kComplaintsMax = 4;
constexpr std::size_t kComplaintCharactersMax = 240;
// Lines are redacted as a whole before they are cut, and one beyond this is not shown at all: a secret cut in two would
// not be recognised.
constexpr std::size_t kLineCharactersMax = std::size_t{16} * 1024;

/// What one thread has printed. FFmpeg prints some lines in pieces; a newline ends one.
struct ThreadLog {
  std::string unfinished;
  int unfinished_level = AV_LOG_DEBUG;
  std::array<std::string, kComplaintsMax> complaints;
  std::size_t complaints_count = 0;

  void add_complaint(std::string line) {
    line.resize(std::min(line.size(), kComplaintCharactersMax));
    for (std::size_t i = 0; i < complaints_count; ++i) {
      if (complaints[i] == line) return;
    }
    if (complaints_count == kComplaintsMax) {
      std::move(complaints.begin() + 1, complaints.end(), complaints.begin());
      --complaints_count;
    }
    complaints[complaints_count++] = std::move(line);
  }
};
thread_local ThreadLog thread_log;

std::string formatted(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return {};
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, arguments);
  text.pop_back();
  return text;
}

/// "tls" of "[tls @ 0x55d0]": an address means nothing to a reader.
std::string speaker(void* context) {
  const AVClass* const description = context == nullptr ? nullptr : *static_cast<AVClass**>(context);
  if (description == nullptr || description->item_name == nullptr) return {};
  const char* const name = description->item_name(context);
  return name == nullptr ? std::string() : std::string(name) + ": ";
}

void say(int level, const std::string& line) {
  if (level <= AV_LOG_FATAL) {
    NESTBOX_LOG_WARNING("ffmpeg", "{}", line);
  } else if (level <= AV_LOG_WARNING) {
    NESTBOX_LOG_DEBUG("ffmpeg", "{}", line);
  } else {
    NESTBOX_LOG_DEBUG("ffmpeg", "{}", line);  // a place of its own, so that chatter does not hold back complaints
  }
}

void finish_line(ThreadLog& log) {
  std::string line = redacted(std::exchange(log.unfinished, {}));
  if (line.size() >= kLineCharactersMax) line = "a line that is too long to show";
  const int level = std::exchange(log.unfinished_level, AV_LOG_DEBUG);
  if (line.empty()) return;
  say(level, line);
  if (level <= AV_LOG_ERROR) log.add_complaint(line);
}

void take_line(void* context, int level, const char* format, va_list arguments) {
  ThreadLog& log = thread_log;
  const std::string text = formatted(format, arguments);
  for (const char c : text) {
    if (c == '\n') {
      finish_line(log);
      continue;
    }
    if (log.unfinished.empty()) log.unfinished = speaker(context);
    log.unfinished_level = std::min(log.unfinished_level, level);
    if (c != '\r' && log.unfinished.size() < kLineCharactersMax) log.unfinished.push_back(c);
  }
}

void on_av_log(void* context, int level, const char* format, va_list arguments) {
  constexpr int kLevelMask = 0xff;  // the rest is a colour
  level &= kLevelMask;
  if (level > AV_LOG_INFO) return;
  if (level > AV_LOG_ERROR && !log::enabled(log::Level::kDebug)) return;
  try {
    take_line(context, level, format, arguments);
  } catch (const std::exception&) {
    thread_log.unfinished.clear();  // no memory for a log line: FFmpeg, written in C, must not see an exception
  }
}

}  // namespace

void install_av_log_bridge() {
  av_log_set_callback(&on_av_log);
}

std::string take_last_av_complaint() {
  ThreadLog& log = thread_log;
  finish_line(log);
  std::string all;
  for (std::size_t i = 0; i < log.complaints_count; ++i) {
    all += (all.empty() ? "" : "; ") + log.complaints[i];
    log.complaints[i].clear();
  }
  log.complaints_count = 0;
  return all;
}

}  // namespace nestbox
