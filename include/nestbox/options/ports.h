#pragma once
/// What adapters need of the daemon, so that no adapter knows another. app implements these.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/file.h"
#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox {

/// Whether whoever asked still waits for the answer.
enum class Asker : std::uint8_t { kWaits, kGone };

/// A question or order from the command line, the page or a terminal.
struct Call {
  std::string command{};         ///< "status", "live", "set", ...: the words of `nestbox COMMAND`
  std::string arguments_json{};  ///< a JSON object; empty means {}
  Secret secret{};               ///< "secret" of the arguments, taken out of them: arguments_json may be logged
  /// For commands that take long: says how far they are (one JSON object), any number of times before `done`; on
  /// kGone the work may be given up, and `done` still runs. Thread-safe; empty where nobody looks.
  std::function<Asker(std::string progress_json)> progress{};
};

/// The answer, the same for everybody who asks: bodies are those of docs/api.md.
struct Answer {
  int exit_status = 0;     ///< 0 good; 1 failed; 2 bad usage or value
  std::string json;        ///< the body; on failure {"error":{"code","message",...}}
  std::string attachment;  ///< bytes that are not JSON (a JPEG); mostly empty
};

/// Thread-safe. `done` runs exactly once, on the daemon's main thread unless said otherwise, and must not block.
struct CallHandler {
  virtual ~CallHandler() = default;
  virtual void call(Call call, std::function<void(Answer)> done) = 0;
};

/// Who may use the page where it can be reached from other machines: one password, and the sessions of those who knew
/// it. Thread-safe; sessions are 64 hexadecimal digits, and only who holds one knows it.
struct Doorkeeper {
  enum class Entry : std::uint8_t {
    kAdmitted,
    kRefused,  ///< a wrong password; there is one answer for whatever was wrong with it
    kLater,    ///< too many tries: nothing was looked at
  };
  struct LogIn {
    Entry entry = Entry::kRefused;
    std::string session;               ///< when admitted
    std::chrono::seconds retry_in{0};  ///< when later; at least 1
  };
  static constexpr std::chrono::hours kSessionLife{30 * 24};  ///< since its last use

  virtual ~Doorkeeper() = default;
  /// Whether there is a password; without one nobody is let in.
  virtual bool has_password() const = 0;
  /// `address` is whose tries are counted together. `done` runs once, at once or on another thread, and must not block.
  virtual void log_in(const std::string& address, Secret password, std::function<void(LogIn)> done) = 0;
  /// True while the session holds; being asked for counts as use.
  virtual bool knows(const std::string& session) = 0;
  virtual void log_out(const std::string& session) = 0;
};

/// Makes a JPEG of the newest picture. Thread-safe. `done` runs once, on the jobs thread, and must not block.
/// Errors: kTimeout when no picture came within 2 s, kExhausted when too many ask at once.
struct PictureTaker {
  struct Picture {
    std::shared_ptr<const std::string> jpeg;
    int width = 0, height = 0;
    std::uint64_t sequence = 0;  ///< of the frame it was made from
  };
  virtual ~PictureTaker() = default;
  virtual void take_picture(std::function<void(Result<Picture>)> done) = 0;
  /// Its middle alone, pixel for pixel: the part that the sharpness is measured in.
  virtual void take_centre(std::function<void(Result<Picture>)> done) = 0;
};

/// Opens what was recorded of a visit, for reading. Thread-safe. `done` runs once, on any thread, and must not block.
/// Errors: kNotFound ("visit 12 has no clip any more"), kUnavailable for what the disk refuses.
struct RecordingOpener {
  enum class What : std::uint8_t { kClip, kPhoto };
  struct Opened {
    FileDescriptor file;
    std::uint64_t bytes = 0;
    WallTime changed{};
    std::string name;  ///< of the file, without its folder: "kestrel_2026-11-21_21-13-05.mp4"
  };
  virtual ~RecordingOpener() = default;
  virtual void open_recording(std::int64_t visit, What what, std::function<void(Result<Opened>)> done) = 0;
};

}  // namespace nestbox
