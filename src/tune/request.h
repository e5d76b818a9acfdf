#pragma once
/// A line from a client, which may be anything, to a Call. Pure; the fuzz target's way in.
#include <cstddef>
#include <string>
#include <string_view>

#include "nestbox/base/result.h"
#include "nestbox/options/ports.h"

namespace nestbox::tune {

/// Nests of objects and lists in a request; arguments need two.
inline constexpr int kDepthMax = 16;
inline constexpr std::size_t kCommandLengthMax = 32;

/// `line` is without its newline. "secret" of the arguments goes into Call.secret; unknown members are ignored.
/// Errors: kInvalidArgument, saying what a request looks like; never with text from the line.
Result<Call> parse_request(std::string_view line);

/// {"error":{"code":code,"message":message}}
std::string error_body(std::string_view code, std::string_view message);

/// The answer's line, its newline included: Answer.json on one line, secrets taken out.
std::string answer_line(const Answer& answer);

/// {"progress":...} on one line, its newline included.
std::string progress_line(std::string_view progress_json);

}  // namespace nestbox::tune
