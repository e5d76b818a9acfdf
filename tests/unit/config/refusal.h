#pragma once
/// What the configuration says of YAML that it refuses.
#include <string>
#include <vector>

#include "nestbox/config/settings.h"

namespace nestbox {

struct Refusal {
  const char* yaml;
  const char* line;
};

inline std::vector<std::string> lines_of(const std::string& yaml) {
  std::vector<std::string> lines;
  const auto options = options_from_yaml(yaml, "nestbox.yaml");
  if (options) return lines;
  for (const auto& error : options.error()) lines.push_back(to_line(error));
  return lines;
}

}  // namespace nestbox
