#include "call_context.h"

#include "nestbox/base/secret.h"

namespace nestbox::calls {
namespace {

const char* code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "bad_value";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kBusy:
      return "busy";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kExhausted:
      return "exhausted";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

Json to_json(const Change& change, const std::vector<std::string>& warnings) {
  auto notes = Json(warnings);
  for (const auto& key : change.at_next_start) notes.push_back(key + " takes effect at the next start");
  return {{"changed", change.keys}, {"rebuilt", stage_texts(change.stages)}, {"notes", notes}};
}

}  // namespace

Json stage_texts(Stages stages) {
  auto texts = Json::array();
  for (const auto stage : kEveryStage) {
    if (stages.contains(stage)) texts.push_back(stage_text(stage));
  }
  return texts;
}

std::string dump(const Json& body) {
  return redacted(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Answer good(const Json& body) {
  return {kGood, dump(body), {}};
}

Answer error(int exit_status, const std::string& code, const std::string& message, const std::string& key,
             const std::string& allowed, const std::string& nearest) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  return {exit_status,
          dump({{"error",
                 {{"code", code},
                  {"message", message},
                  {"key", or_null(key)},
                  {"allowed", or_null(allowed)},
                  {"nearest", or_null(nearest)}}}}),
          {}};
}

Answer error(const Error& cause) {
  const bool asker_is_wrong = cause.kind == ErrorKind::kInvalidArgument || cause.kind == ErrorKind::kNotFound;
  return error(asker_is_wrong ? kBadUsage : kFailed, code_of(cause.kind), cause.message);
}

Answer error(const std::vector<ConfigError>& causes) {
  const auto& first = causes.front();
  auto message = first.where.empty() ? first.message : first.where + ": " + first.message;
  for (auto other = causes.begin() + 1; other != causes.end(); ++other) message += "\n" + to_line(*other);
  const int status = first.code == ConfigErrorCode::kNotSaved ? kFailed : kBadUsage;
  return error(status, code_text(first.code), message, first.key, first.allowed, first.nearest);
}

std::optional<std::string> text_argument(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

void Context::changed(ConfigResult<Change> change) const {
  if (!change) return done(error(change.error()));
  daemon.apply(*change);
  done(good(to_json(*change, daemon.settings().warnings())));
}

bool Context::can_keep() const {
  if (daemon.state_error().empty()) return true;
  done(error(kFailed, "unavailable", "settings cannot be kept: " + daemon.state_error()));
  return false;
}

}  // namespace nestbox::calls

namespace nestbox {

Answer error_answer(const Error& cause) {
  return calls::error(cause);
}

}  // namespace nestbox
