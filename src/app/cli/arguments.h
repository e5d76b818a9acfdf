#pragma once
/// What was typed after `nestbox`.
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "nestbox/options/options.h"

namespace nestbox::cli {

/// What the command line ends with; kGood also when the daemon's status is degraded.
inline constexpr int kGood = 0, kFailed = 1, kBadUsage = 2, kNotRunning = 3;

enum class OutputForm { kText, kJson, kCsv };

struct Invocation {
  std::string socket = ControlOptions().socket;
  OutputForm form = OutputForm::kText;
  std::string command;              ///< "status", "live", ...
  std::string action;               ///< "start", "stop", "test" of live; "set" of key; "set", "get" of sim
  std::optional<std::string> name;  ///< of an output, of a key, or of a simulated line
  std::optional<std::string> key;   ///< of a setting
  std::string value;
  std::optional<std::string> file;  ///< of a snapshot ("-" is standard output); of the doctor's configuration; a video
  std::optional<std::string> config, picture;  ///< of analyze: YAML file; PNG to be written
  std::vector<std::string> set;                ///< of analyze and replay: "motion.sensitivity=60"
  bool infrared = false;                       ///< focus: by infra-red light
  bool reset = false;                          ///< focus: forget that light's peak first
  bool lights = false;                         ///< the doctor tries lamp and filter
  int uplink_s = 0;                            ///< how long the doctor measures the way to the server; 0: not
  std::int64_t visit = 0;                      ///< of why, star, note, species
  std::optional<std::string> since;            ///< visits, day: 24h, a date, RFC 3339, as typed
  bool off = false;                            ///< star: take it away
  bool unattended = false;                     ///< setup was told to ask nothing
};

/// What to print instead of doing anything: help and version (exit 0), or what was wrong with the words (exit 2).
struct EarlyEnd {
  int exit_status = 0;
  std::string out, err;
};

tl::expected<Invocation, EarlyEnd> parse_arguments(int argc, const char* const* argv);

}  // namespace nestbox::cli
