#pragma once
/// What `nestbox doctor` reads from the machine itself: /proc, /sys, /dev and /etc.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/options/options.h"
#include "nestbox/rules/doctor.h"

namespace nestbox {

/// Where to look. Tests give a tree of their own.
struct Machine {
  std::filesystem::path root = "/";
  /// Whether the V4L2 device at this path encodes H.264 from memory to memory.
  std::function<bool(const std::filesystem::path& device)> encodes_h264;
  /// What the chip of lines at this path says of itself; nothing where it may not be opened.
  struct ChipInfo {
    std::string label;
    int lines = 0;
  };
  std::function<std::optional<ChipInfo>(const std::filesystem::path& device)> chip_info;
};
/// This machine, whose drivers are asked.
Machine this_machine();

/// Fills system (but for our own versions), memory, power, clock, device nodes, encoders, and of the lines the chips
/// and who else may have their pins. What cannot be read stays
/// as it is. Takes a few milliseconds; waits for nothing but the firmware. Reentrant.
void read_board(const Machine& machine, doctor::Facts& facts);
/// Fills disk, for paths.state.
void read_disk(const Machine& machine, const std::string& state_path, doctor::DiskFacts& disk);
/// Whether the files of a lamp on a path are there, and may be written.
doctor::LampPathFacts lamp_path_facts(const Machine& machine, const std::string& path);
/// The groups of devices that exist here and that the user is not in, by /etc/passwd and /etc/group. Nothing when there
/// is no such user.
struct UserGroups {
  bool exists = false;
  std::vector<std::string> missing;
};
UserGroups user_groups(const Machine& machine, const std::string& user);
/// What the pictures that are held at once take, in bytes.
std::uint64_t picture_buffers_bytes(const CameraOptions& camera, std::size_t slots);

}  // namespace nestbox
