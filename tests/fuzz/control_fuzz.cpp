/// libFuzzer: any bytes as a request to the control socket, and as what a handler answers.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "../../src/tune/request.h"
#include "nestbox/base/assert.h"

namespace {

void expect_one_line(const std::string& line) {
  NESTBOX_ASSERT(line.find('\n') == line.size() - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto call = nestbox::tune::parse_request(text);
  if (call) {
    NESTBOX_ASSERT(!call->command.empty() && call->command.size() <= nestbox::tune::kCommandLengthMax);
    const auto arguments = nlohmann::json::parse(call->arguments_json, nullptr, false);
    NESTBOX_ASSERT(arguments.is_object() && !arguments.contains("secret"));
  } else {
    NESTBOX_ASSERT(!call.error().message.empty());
  }
  expect_one_line(nestbox::tune::answer_line({0, std::string(text), {}}));
  expect_one_line(nestbox::tune::progress_line(text));
  NESTBOX_ASSERT(nlohmann::json::accept(nestbox::tune::error_body("code", text)));
  return 0;
}
