// The shipped files are what the bindings say, and every setting has a name everywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "nestbox/config/settings.h"
#include "support/source_dir.h"

namespace nestbox {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string shipped(const std::string& name) {
  std::ifstream file(std::filesystem::path(NESTBOX_SOURCE_DIR) / name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string variable_of(std::string key) {
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return c == '.' ? '_' : static_cast<char>(std::toupper(c)); });
  return "NESTBOX_" + key;
}

TEST(Reference, IsWhatTheBindingsSay) {
  EXPECT_EQ(shipped("docs/configuration.md"), configuration_reference())
      << "run: ninja -C build/dev config_reference && build/dev/bin/config_reference reference > docs/configuration.md";
}

TEST(Sample, IsWhatTheBindingsSay) {
  EXPECT_EQ(shipped("config/nestbox.yaml"), configuration_sample())
      << "run: ninja -C build/dev config_reference && build/dev/bin/config_reference sample > config/nestbox.yaml";
}

TEST(Sample, LoadsToTheDefaultsAndNamesEveryKey) {
  Sources from;
  from.file = std::filesystem::path(NESTBOX_SOURCE_DIR) / "config/nestbox.yaml";
  from.set_options = {"paths.state=/nonexistent/nestbox"};  // not this machine's own settings
  auto settings = Settings::load(from);
  ASSERT_TRUE(settings) << to_lines(settings.error());
  auto options = settings->options();
  options.paths = PathsOptions();
  EXPECT_EQ(options, Options());
  const auto every_key = settings->get().value();
  for (const auto& setting : every_key) {
    if (setting.key == "paths.state") continue;
    EXPECT_EQ(setting.layer, Layer::kFile) << setting.key << " is not in the sample";
    EXPECT_EQ(setting.value, setting.default_value) << setting.key;
  }
}

TEST(Bindings, EveryKeyHasHelpAndARange) {
  const auto settings = Settings::load({});
  ASSERT_TRUE(settings);
  const auto every_key = settings->get().value();
  for (const auto& setting : every_key) {
    EXPECT_THAT(setting.help, Not(IsEmpty())) << setting.key;
    EXPECT_THAT(setting.allowed, Not(IsEmpty())) << setting.key;
    EXPECT_THAT(setting.default_json, Not(IsEmpty())) << setting.key;
    EXPECT_FALSE(setting.stages.empty()) << setting.key;
  }
}

TEST(Bindings, EveryVariableIsUniqueDocumentedAndRead) {
  const auto settings = Settings::load({});
  ASSERT_TRUE(settings);
  const auto reference = shipped("docs/configuration.md");
  std::set<std::string> seen;
  auto keys = settings->get().value();
  const auto of_camera = settings->get("camera").value();
  for (const auto& setting : of_camera) {  // any of these may stand in camera.night too
    const auto night = "camera.night." + setting.key.substr(std::string("camera.").size());
    const auto by_night = settings->get(night);
    if (by_night && setting.key.find("night") == std::string::npos) keys.push_back(by_night->front());
  }
  std::set<std::string> distinct_keys;
  for (const auto& setting : keys) {
    if (!distinct_keys.insert(setting.key).second) continue;
    const auto variable = variable_of(setting.key);
    EXPECT_TRUE(seen.insert(variable).second) << variable << " names two settings";
    EXPECT_THAT(reference, HasSubstr("`" + variable + "`"));
    Sources from;
    from.environment = {{variable, setting.default_value}};
    const auto loaded = Settings::load(from);
    ASSERT_TRUE(loaded) << to_lines(loaded.error());
    EXPECT_EQ(loaded->get(setting.key).value().front().where, variable);
  }
  EXPECT_GT(seen.size(), 60U);
}

TEST(Stages, HaveWords) {
  std::set<std::string> words;
  for (const auto stage : kEveryStage) EXPECT_TRUE(words.insert(stage_text(stage)).second);
  EXPECT_TRUE(Stages{}.empty());
  EXPECT_TRUE((Stages{Stage::kWeb, Stage::kLog}.contains(Stage::kLog)));
  EXPECT_FALSE((Stages{Stage::kWeb, Stage::kLog}.contains(Stage::kText)));
}

}  // namespace
}  // namespace nestbox
