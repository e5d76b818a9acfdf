#include "qr_text.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "format.h"

namespace nestbox::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Version 2 (25 modules) holds 26 bytes at level M.
TEST(QrText, IsASquareWithItsQuietZone) {
  const auto text = qr_text("http://192.0.2.7:8080", Colours::kLeave);
  ASSERT_TRUE(text);
  const auto lines = lines_of(*text);
  constexpr std::size_t kModules = 25 + 2 * 4;
  ASSERT_EQ(lines.size(), (kModules + 1) / 2);
  for (const auto& line : lines) EXPECT_EQ(width_of(line), kModules);
  std::string all_light;
  for (std::size_t i = 0; i < kModules; ++i) all_light += "\u2588";
  EXPECT_EQ(lines[0], all_light);
  EXPECT_EQ(lines[1], all_light);
  // The finder pattern's upper edge, dark, over its light ring's: 4 quiet, then 7 of them.
  EXPECT_EQ(lines[2].substr(0, 12 + 1 + 15 + 1), "\u2588\u2588\u2588\u2588 \u2584\u2584\u2584\u2584\u2584 ");
  EXPECT_EQ(qr_text("x", Colours::kLeave)->find('\033'), std::string::npos);
}

TEST(QrText, SetsItsColoursOnEachLine) {
  for (const auto& line : lines_of(*qr_text("http://192.0.2.7:8080", Colours::kSet))) {
    EXPECT_TRUE(line.starts_with("\033[97;40m"));
    EXPECT_TRUE(line.ends_with("\033[0m"));
  }
}

TEST(QrText, WhatDoesNotFitIsNone) {
  EXPECT_EQ(qr_text(std::string(4000, 'x'), Colours::kLeave), std::nullopt);
}

}  // namespace
}  // namespace nestbox::cli
