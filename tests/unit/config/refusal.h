#pragma once
/// What the configuration makes of YAML: the settings, or what it says against them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nestbox/config/settings.h"

namespace nestbox {

struct Refusal {
  const char* yaml;
  const char* line;
};

inline Options options_of(const std::string& yaml) {
  const auto options = options_from_yaml(yaml, "nestbox.yaml");
  EXPECT_TRUE(options) << (options ? "" : to_lines(options.error()));
  return options.value_or(Options());
}

inline std::vector<std::string> lines_of(const std::string& yaml) {
  std::vector<std::string> lines;
  const auto options = options_from_yaml(yaml, "nestbox.yaml");
  if (options) return lines;
  for (const auto& error : options.error()) lines.push_back(to_line(error));
  return lines;
}

}  // namespace nestbox
