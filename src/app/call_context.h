#pragma once
/// What the commands are made of: their arguments, whom to answer, and the shapes of answers. Main thread only.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "calls.h"

namespace nestbox::calls {

using Json = nlohmann::ordered_json;

inline constexpr int kGood = 0, kFailed = 1, kBadUsage = 2;

std::string dump(const Json& body);
Answer good(const Json& body);
Answer error(int exit_status, const std::string& code, const std::string& message, const std::string& key = "",
             const std::string& allowed = "", const std::string& nearest = "");
Answer error(const Error& cause);
/// The first of several; the others are in the text, as a person would want them.
Answer error(const std::vector<ConfigError>& causes);

/// "picture", "camera", ...: what a change touches.
Json stage_texts(Stages stages);

std::optional<std::string> text_argument(const Json& arguments, const char* name);

/// One command's way through: its arguments, what it acts on, whom to answer.
struct Context {
  DaemonCalls& daemon;
  const Call& call;
  const Json& arguments;
  const Calls::Done& done;
  FocusPeaks& peaks;

  void changed(ConfigResult<Change> change) const;
  /// settings.yaml lies in the state folder; without one a change could not be kept, and nothing may be written.
  bool can_keep() const;
};

// line_calls.cpp
void simulate(const Context& context);

// visit_calls.cpp
void visits(const Context& context);
void why(const Context& context);
void star(const Context& context);
void note(const Context& context);
void species(const Context& context);
void replay(const Context& context);
void day(const Context& context);

}  // namespace nestbox::calls
