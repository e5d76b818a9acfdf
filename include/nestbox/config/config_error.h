#pragma once
/// What is wrong with a setting, where it stands, and what would be right.
#include <cstdint>
#include <string>
#include <vector>

namespace nestbox {

enum class ConfigErrorCode : std::uint8_t {
  kNotYaml,        ///< "not_yaml": the text cannot be read at all
  kUnreadable,     ///< "unreadable": the file is missing, too large, or refused by the system
  kUnknownKey,     ///< "unknown_key"
  kDuplicateKey,   ///< "duplicate_key"
  kBadValue,       ///< "bad_value": wrong type, wrong unit, or out of range
  kContradiction,  ///< "contradiction": each value is right alone, together they are not
  kSecret,         ///< "secret": a stream key or password stands where others can read it
  kHeld,           ///< "held": the environment or an option holds the key above `set`
  kFixed,          ///< "fixed": read at the start only
  kNotSaved,       ///< "not_saved": settings.yaml could not be written
};

/// The word for programs, as in {"error":{"code",...}}.
const char* code_text(ConfigErrorCode code);

/// Values of secrets never stand in any of its texts.
struct ConfigError {
  ConfigErrorCode code = ConfigErrorCode::kBadValue;
  std::string where;    ///< "nestbox.yaml:12:3", "NESTBOX_CAMERA_WIDTH", "--set camera.width"; empty for `set`
  std::string key;      ///< "camera.widht"; empty where no key is concerned
  std::string message;  ///< "no such key"
  std::string allowed;  ///< "a whole even number, 64 to 4608"; may be empty
  std::string nearest;  ///< the known key or word that was probably meant; may be empty
  bool operator==(const ConfigError&) const = default;
};

/// "nestbox.yaml:12:3: camera.widht: no such key; did you mean camera.width?"
std::string to_line(const ConfigError& error);

/// One line an error, each ended by a newline.
std::string to_lines(const std::vector<ConfigError>& errors);

}  // namespace nestbox
