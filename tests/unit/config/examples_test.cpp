// The configurations that owners start from are right, and agree about who is wired where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "nestbox/config/settings.h"
#include "support/source_dir.h"
#include "unit/config/temporary_folder.h"

namespace nestbox {
namespace {

using testing::IsEmpty;
using testing::IsSupersetOf;

const std::filesystem::path kExamples = std::filesystem::path(NESTBOX_SOURCE_DIR) / "config/examples";

std::vector<std::filesystem::path> examples() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) files.push_back(entry.path());
  return files;
}

Options load(const std::filesystem::path& file, const std::filesystem::path& state) {
  Sources from;
  from.file = file;
  from.set_options = {"paths.state=" + state.string()};
  const auto settings = Settings::load(from);
  EXPECT_TRUE(settings) << (settings ? "" : to_lines(settings.error()));
  if (!settings) return {};
  EXPECT_THAT(settings->warnings(), IsEmpty()) << file;
  return settings->options();
}

TEST(Examples, AreThere) {
  std::vector<std::string> names;
  for (const auto& file : examples()) names.push_back(file.filename());
  EXPECT_THAT(names, IsSupersetOf({"nature-cam.yaml", "nest-box.yaml", "trail-cam.yaml", "button-live.yaml"}));
}

TEST(Examples, LoadWithoutErrorOrWarning) {
  const TemporaryFolder state;
  for (const auto& file : examples()) EXPECT_NE(load(file, state.path()), Options()) << file;
}

TEST(Examples, ExplainEveryLine) {
  for (const auto& file : examples()) {
    std::ifstream text(file);
    for (std::string line; std::getline(text, line);) {
      const bool opens_section = line.ends_with(':');
      const bool is_part_of_list = line.find("- name:") != std::string::npos;
      if (line.empty() || (opens_section && !is_part_of_list)) continue;
      EXPECT_NE(line.find('#'), std::string::npos) << file << ": " << line;
    }
  }
}

/// As the drawings of the wiring have it.
TEST(Examples, AgreeAboutThePins) {
  const TemporaryFolder state;
  for (const auto& file : examples()) {
    const auto options = load(file, state.path());
    const std::map<LineText, const char*> expected = {
        {options.gpio.pir.input.line, "4"},        {options.gpio.button.input.line, "17"},
        {options.gpio.live_light.line, "22"},      {options.gpio.status_led.line, "27"},
        {options.day_night.ir_cut.line_a, "23"},   {options.day_night.ir_cut.line_b, "24"},
        {options.day_night.lamp.output.line, "18"}};
    for (const auto& [line, pin] : expected) EXPECT_TRUE(line == "none" || line == pin) << file << ": " << line;
  }
}

}  // namespace
}  // namespace nestbox
