// Texts that nobody wrote in good faith: refused by a bound, before they cost anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "nestbox/config/settings.h"
#include "support/source_dir.h"
#include "unit/config/temporary_folder.h"

namespace nestbox {
namespace {

using testing::HasSubstr;

std::string first_line(const std::string& yaml) {
  const auto options = options_from_yaml(yaml, "f");
  return options ? "" : to_line(options.error().at(0));
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Hostile, DeepNestsAreRefusedByTheirDepth) {
  EXPECT_THAT(first_line("privacy: " + repeated("[", 100'000) + repeated("]", 100'000)),
              HasSubstr("nested more than 16 deep"));
  EXPECT_THAT(first_line("privacy: " + repeated("{a: ", 100'000)), HasSubstr("nested more than 16 deep"));
  EXPECT_NE(first_line("privacy: " + repeated("[", 100'000)), "");
  EXPECT_THAT(first_line(repeated("- ", 100'000)), HasSubstr("nested more than 16 deep"));
  EXPECT_THAT(first_line(repeated("? ", 100'000)), HasSubstr("a key must be a plain word"));
  std::string block;
  for (std::size_t i = 0; i < 1000; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(first_line(block), HasSubstr("nested more than 16 deep"));
}

TEST(Hostile, AliasesCountInFull) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
              repeated("*a" + std::to_string(i - 1) + ", ", 10) + "]\n";
  }
  EXPECT_THAT(first_line(laughs), HasSubstr("more than 10000 values, aliases counted in full"));
}

TEST(Hostile, AnAliasOfGoodSizeWorks) {
  const auto options = options_from_yaml(
      "privacy:\n  - {polygon: [&p [0, 0], [1, 0], [1, 1]]}\n  - {polygon: [*p, [0, 1], [1, 1]]}\n", "f");
  ASSERT_TRUE(options) << to_lines(options.error());
  EXPECT_EQ(options->privacy.at(1).at(0), (Point{0, 0}));
}

TEST(Hostile, ManyValuesAreRefusedByTheirNumber) {
  EXPECT_THAT(first_line("privacy: [" + repeated("0, ", 100'000) + "]"), HasSubstr("more than 10000 values"));
}

TEST(Hostile, LargeFilesAreRefusedByTheirSize) {
  EXPECT_EQ(first_line(std::string((1U << 20U) + 1, '#')), "f: larger than 1 MiB; this is no configuration");
  const TemporaryFolder folder;
  Sources from;
  from.file = folder.write("large.yaml", std::string(10U << 20U, '#'));
  const auto settings = Settings::load(from);
  ASSERT_FALSE(settings);
  EXPECT_EQ(to_line(settings.error().at(0)), from.file->string() + ": larger than 1 MiB; this is no configuration");
}

TEST(Hostile, BinariesAreNoText) {
  std::string binary(
      "\x7f"
      "ELF\x02\x01\x01\0\0\0",
      10);
  EXPECT_THAT(first_line(binary), HasSubstr("f:1:1: a control character (0x7f)"));
  EXPECT_THAT(first_line(std::string("\xff\xfe"
                                     "a\0",
                                     4)),
              HasSubstr("not UTF-8"));
  EXPECT_THAT(first_line("name: \xc0\xaf"), HasSubstr("not UTF-8"));
  EXPECT_THAT(first_line("name: \xed\xa0\x80"), HasSubstr("not UTF-8"));
  EXPECT_THAT(first_line("name: \"\\x01\"\n"), HasSubstr("a control character"));
}

TEST(Hostile, AByteOrderMarkIsNoError) {
  const auto options = options_from_yaml("\xef\xbb\xbfname: owl\r\n", "f");
  ASSERT_TRUE(options) << to_lines(options.error());
  EXPECT_EQ(options->name, "owl");
}

TEST(Hostile, KeysAreWords) {
  EXPECT_THAT(first_line("\"a\\nb\": 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(first_line(std::string(65, 'k') + ": 1\n"), HasSubstr("a key must be a plain word"));
}

TEST(Hostile, TooManyDropInsAreRefused) {
  const TemporaryFolder folder;
  Sources from;
  from.file = folder.write("nestbox.yaml", "");
  for (int i = 0; i < 66; ++i) folder.write("nestbox.d/" + std::to_string(i) + ".yaml", "");
  const auto settings = Settings::load(from);
  ASSERT_FALSE(settings);
  EXPECT_THAT(to_line(settings.error().at(0)), HasSubstr("holds more than 64 files"));
}

/// Either good, or refused with something to say.
void expect_an_answer(const std::string& text) {
  const auto options = options_from_yaml(text, "f");
  if (options) return;
  ASSERT_FALSE(options.error().empty());
  for (const auto& error : options.error()) EXPECT_FALSE(error.message.empty()) << text;
}

TEST(Hostile, RandomTextsNeverCrash) {
  const std::string alphabet = "{}[]:,-?&*!|>'\"%@`#<= \n\tab09.\\~\xc3\xa9";
  std::mt19937 random(20'260'101);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 40, ' ');
    for (auto& c : text) c = alphabet[random() % alphabet.size()];
    expect_an_answer(text);
  }
}

TEST(Hostile, TheSampleWithBytesChangedNeverCrashes) {
  const auto sample = configuration_sample();
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    auto text = sample;
    for (int change = 0; change < 3; ++change) text[random() % text.size()] = static_cast<char>(random());
    expect_an_answer(text);
  }
}

TEST(Hostile, WhatFuzzingFoundIsKept) {
  const auto corpus = std::filesystem::path(NESTBOX_SOURCE_DIR) / "tests/fuzz/corpus/config";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    expect_an_answer({std::istreambuf_iterator<char>(file), {}});
    ++files;
  }
  EXPECT_GT(files, 5);
}

}  // namespace
}  // namespace nestbox
