#pragma once
/// The areas that doctor.cpp puts together, one function each.
#include <string>
#include <utility>
#include <vector>

#include "nestbox/rules/doctor.h"

namespace nestbox::doctor {

/// Findings as they are made, in the area at hand.
struct Findings {
  std::vector<Finding> all;
  std::string area;

  void good(std::string code, std::string text) { add(std::move(code), Level::kGood, std::move(text), {}); }
  void note(std::string code, std::string text, std::string advice) {
    add(std::move(code), Level::kNote, std::move(text), std::move(advice));
  }
  void warning(std::string code, std::string text, std::string advice) {
    add(std::move(code), Level::kWarning, std::move(text), std::move(advice));
  }
  void fault(std::string code, std::string text, std::string advice) {
    add(std::move(code), Level::kFault, std::move(text), std::move(advice));
  }

 private:
  void add(std::string code, Level level, std::string text, std::string advice) {
    all.push_back({std::move(code), area, level, std::move(text), std::move(advice)});
  }
};

// doctor_camera.cpp
void examine_camera(const Facts& facts, Findings& findings);
void examine_encoder(const Facts& facts, Findings& findings);
// doctor_lines.cpp
void examine_lines(const Facts& facts, Findings& findings);
// doctor_light.cpp
void examine_light(const Facts& facts, Findings& findings);
// doctor_board.cpp
void examine_memory(const Facts& facts, Findings& findings);
void examine_power(const Facts& facts, Findings& findings);
void examine_disk(const Facts& facts, Findings& findings);
void examine_clock(const Facts& facts, Findings& findings);
// doctor_network.cpp
void examine_outputs(const Facts& facts, Findings& findings);
void examine_uplink(const Facts& facts, Findings& findings);

}  // namespace nestbox::doctor
