#include "nestbox/config/config_error.h"

namespace nestbox {

const char* code_text(ConfigErrorCode code) {
  switch (code) {
    case ConfigErrorCode::kNotYaml:
      return "not_yaml";
    case ConfigErrorCode::kUnreadable:
      return "unreadable";
    case ConfigErrorCode::kUnknownKey:
      return "unknown_key";
    case ConfigErrorCode::kDuplicateKey:
      return "duplicate_key";
    case ConfigErrorCode::kBadValue:
      return "bad_value";
    case ConfigErrorCode::kContradiction:
      return "contradiction";
    case ConfigErrorCode::kSecret:
      return "secret";
    case ConfigErrorCode::kHeld:
      return "held";
    case ConfigErrorCode::kFixed:
      return "fixed";
    case ConfigErrorCode::kNotSaved:
      return "not_saved";
  }
  return "bad_value";
}

std::string to_line(const ConfigError& error) {
  std::string line;
  if (!error.where.empty()) line += error.where + ": ";
  const auto place_names_key = error.where == "--set " + error.key;
  if (!error.key.empty() && !place_names_key) line += error.key + ": ";
  line += error.message;
  if (!error.allowed.empty()) line += "; allowed: " + error.allowed;
  if (!error.nearest.empty()) line += "; did you mean " + error.nearest + "?";
  return line;
}

std::string to_lines(const std::vector<ConfigError>& errors) {
  std::string lines;
  for (const auto& error : errors) lines += to_line(error) + '\n';
  return lines;
}

}  // namespace nestbox
