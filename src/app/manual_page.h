#pragma once
/// A program's manual page, made from what its --help is made of, so that the two cannot differ.
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace nestbox {

struct ManualPage {
  int section = 1;
  std::string_view version;
  std::string_view what;         ///< after the name, in one line: "the camera daemon of a nest box"
  std::string_view description;  ///< paragraphs, with an empty line between
  std::string_view exit_status;
  std::string_view files;     ///< lines of PATH, two spaces, and what it is
  std::string_view see_also;  ///< "nestboxd(8), nestbox.yaml(5)"
};

/// The only word of a program that is to print its manual page; --help does not name it.
inline constexpr std::string_view kManualPageOption = "--man-page";

/// What it prints; the build installs it. Options and commands that --help hides are hidden here, too.
std::string manual_page(const CLI::App& app, const ManualPage& page);

}  // namespace nestbox
