#include "capture/camera_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "recording_sink.h"

namespace nestbox::capture {
namespace {

using namespace nestbox::test;
using testing::HasSubstr;

/// Where this build has put the modules that are wrong on purpose.
std::filesystem::path wrong_modules() {
  return camera_module_folder().parent_path() / "nestbox-test";
}

class CameraModule : public testing::Test {
 protected:
  void bring(const std::filesystem::path& folder, const std::string& name) {
    std::filesystem::copy_file(folder / name, here_ / name);
  }
  std::string problem() {
    const auto loaded = load_camera_module(here_ / "");
    return loaded ? "" : loaded.error().message;
  }
  TemporaryFolder here_;
};

TEST_F(CameraModule, WithoutAnyTheBuildIsSaidToHaveNone) {
  EXPECT_THAT(problem(), HasSubstr("no camera can be used: this nestbox was built without libcamera"));
  EXPECT_THAT(load_camera_module("/does/not/exist").error().message, HasSubstr("built without libcamera"));
}

TEST_F(CameraModule, AMissingLibraryIsNamedWithItsPackage) {
  bring(wrong_modules(), "nestbox-camera-libcamera.so.9.9.so");
  EXPECT_EQ(problem(), "no camera can be used: libcamera.so.9.9 is not installed (sudo apt install libcamera9.9)");
}

TEST_F(CameraModule, AModuleOfAnotherVersionIsRefused) {
  bring(wrong_modules(), "nestbox-camera-libcamera.so.8.8.so");
  EXPECT_THAT(problem(), HasSubstr("is of another version of nestbox"));
}

TEST_F(CameraModule, AFileThatIsNoModuleIsPassedOver) {
  std::ofstream(here_ / "nestbox-camera-libcamera.so.7.7.so") << "no library";
  std::ofstream(here_ / "readme") << "no module";
  EXPECT_THAT(problem(), HasSubstr("no camera can be used: "));
}

TEST_F(CameraModule, TheOneThatFitsIsFoundAmongThoseThatDoNot) {
  std::error_code none;
  std::string ours;
  for (const auto& entry : std::filesystem::directory_iterator(camera_module_folder(), none)) {
    ours = entry.path().filename().string();
  }
  if (ours.empty()) GTEST_SKIP() << "this build has no camera module: libcamera-dev is not installed";
  bring(wrong_modules(), "nestbox-camera-libcamera.so.9.9.so");
  bring(wrong_modules(), "nestbox-camera-libcamera.so.8.8.so");
  bring(camera_module_folder(), ours);
  EXPECT_EQ(problem(), "");
}

}  // namespace
}  // namespace nestbox::capture
