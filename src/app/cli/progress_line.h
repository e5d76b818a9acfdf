#pragma once
#include <string>
#include <string_view>

namespace nestbox::cli {

/// How far a long command is, on standard error: one line that changes on a terminal, else a line for each new state.
class ProgressLine {
 public:
  ProgressLine();
  void show(std::string_view progress_json);
  /// Any line that is worth nothing once it is over: on a terminal alone.
  void show_for_now(std::string_view text);
  void finish();

 private:
  const bool on_terminal_;
  bool open_line_ = false;
  std::string last_state_;
};

}  // namespace nestbox::cli
