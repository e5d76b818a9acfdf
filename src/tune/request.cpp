#include "request.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nestbox/base/secret.h"

namespace nestbox::tune {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kShape = R"(a request is one line: {"command":"status","arguments":{}})";

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorKind::kInvalidArgument, fmt::format("{}; {}", why, kShape));
}

bool is_command_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_command(const std::string& word) {
  return !word.empty() && word.size() <= kCommandLengthMax && std::all_of(word.begin(), word.end(), is_command_letter);
}

/// Deep nests are cut while parsing: writing them out again would recurse as deep.
Result<Json> parse_json(std::string_view line) {
  bool too_deep = false;
  const auto cut = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  auto json = Json::parse(line.begin(), line.end(), cut, /*allow_exceptions=*/false);
  if (too_deep) return refuse("the request nests too deep");
  if (json.is_discarded()) return refuse("that is not JSON");
  if (!json.is_object()) return refuse("that is not a JSON object");
  return json;
}

/// The parsed text is wiped where it stood, so that only the Secret holds it.
Result<Secret> take_secret(Json& arguments) {
  const auto found = arguments.find("secret");
  if (found == arguments.end()) return Secret();
  if (!found->is_string()) return refuse(R"("secret" is not a string)");
  auto& text = found->get_ref<std::string&>();
  Secret secret(text);
  wipe(text.data(), text.size());
  arguments.erase(found);
  return secret;
}

/// Between the tokens of JSON a newline is a space like any other; inside of strings it is escaped.
std::string on_one_line(std::string json) {
  std::replace_if(
      json.begin(), json.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return json.empty() ? "{}" : json;
}

}  // namespace

Result<Call> parse_request(std::string_view line) {
  auto json = parse_json(line);
  if (!json) return tl::unexpected<Error>(std::move(json.error()));
  const auto command = json->find("command");
  if (command == json->end() || !command->is_string()) return refuse(R"(the request has no "command")");
  Call call;
  call.command = command->get<std::string>();
  if (!is_command(call.command)) return refuse(R"("command" is not a word of small letters)");

  auto arguments = Json::object();
  if (const auto given = json->find("arguments"); given != json->end() && !given->is_null()) {
    arguments = std::move(*given);
  }
  if (!arguments.is_object()) return refuse(R"("arguments" is not an object)");
  auto secret = take_secret(arguments);
  if (!secret) return tl::unexpected<Error>(std::move(secret.error()));
  call.secret = std::move(*secret);
  call.arguments_json = arguments.dump();
  return call;
}

std::string error_body(std::string_view code, std::string_view message) {
  const Json body{{"error", {{"code", code}, {"message", message}}}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string answer_line(const Answer& answer) {
  return fmt::format("{{\"exit\":{},\"attachment_bytes\":{},\"body\":{}}}\n", answer.exit_status,
                     answer.attachment.size(), on_one_line(redacted(answer.json)));
}

std::string progress_line(std::string_view progress_json) {
  return fmt::format("{{\"progress\":{}}}\n", on_one_line(redacted(progress_json)));
}

}  // namespace nestbox::tune
