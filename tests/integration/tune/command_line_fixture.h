#pragma once
/// The built `nestbox` against a control server whose answers the test writes.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "harness.h"

namespace nestbox::tune {

class CommandLineTest : public testing::Test {
 protected:
  Finished nestbox(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"--socket", house_.path()});
    auto finished = CommandLine{.arguments = std::move(words), .input = input, .folder = house_.folder().path()}.run();
    house_.settle();
    return finished;
  }
  /// What the daemon was asked last: "set {...}".
  std::string asked() {
    const auto all = house_.handler().asked();
    return all.empty() ? "nothing" : all.back().command + ' ' + all.back().arguments_json;
  }
  void answer(std::string json, int exit_status = 0) {
    house_.handler().answer_with({exit_status, std::move(json), {}});
  }

  House house_;
};

}  // namespace nestbox::tune
