#include "capture/source_spec.h"

#include <gtest/gtest.h>

namespace nestbox::capture {
namespace {

TEST(SourceSpec, ReadsEveryKind) {
  EXPECT_TRUE(std::holds_alternative<AutoSpec>(*parse_source_spec("auto")));
  EXPECT_TRUE(std::holds_alternative<DemoSpec>(*parse_source_spec("demo")));
  EXPECT_EQ(std::get<LibcameraSpec>(*parse_source_spec("libcamera")).id, "");
  EXPECT_EQ(std::get<LibcameraSpec>(*parse_source_spec("libcamera:/base/soc/i2c0/imx708@1a")).id,
            "/base/soc/i2c0/imx708@1a");
  EXPECT_EQ(std::get<SceneSpec>(*parse_source_spec("scene")).seed, 1u);
  EXPECT_EQ(std::get<SceneSpec>(*parse_source_spec("scene:18446744073709551615")).seed, 18446744073709551615u);
}

TEST(SourceSpec, ReadsTheOptionsOfAFile) {
  const auto plain = std::get<FileSpec>(*parse_source_spec("file:/clips/an owl.mp4"));
  EXPECT_EQ(plain.path, "/clips/an owl.mp4");
  EXPECT_EQ(plain.at_end, AtEnd::kStop);
  EXPECT_EQ(plain.pace, Pace::kStamps);
  const auto both = std::get<FileSpec>(*parse_source_spec("file:what?.mp4?loop=1&pace=fast"));
  EXPECT_EQ(both.path, "what?.mp4");
  EXPECT_EQ(both.at_end, AtEnd::kLoop);
  EXPECT_EQ(both.pace, Pace::kFast);
}

TEST(SourceSpec, RefusesWhatItDoesNotKnowAndSaysWhatIsAllowed) {
  for (const auto* bad : {"", "camera", "scene:", "scene:-1", "scene:1x", "scene:18446744073709551616", "scenery",
                          "file:", "file:?loop=1", "file:a.mp4?speed=2", "libcamera:", "Auto"}) {
    const auto spec = parse_source_spec(bad);
    ASSERT_FALSE(spec) << bad;
    EXPECT_EQ(spec.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_NE(spec.error().message.find("allowed: auto, libcamera[:ID]"), std::string::npos) << spec.error().message;
  }
}

}  // namespace
}  // namespace nestbox::capture
