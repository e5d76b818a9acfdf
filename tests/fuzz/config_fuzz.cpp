// Any bytes as a configuration file, and as the value of --set: good or refused, never a crash. What is good must print
// to the same options.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "nestbox/config/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto options = nestbox::options_from_yaml(text, "fuzz");
  if (!options && options.error().empty()) std::abort();

  nestbox::Sources sources;
  sources.set_options = {std::string(text), "paths.state=/nonexistent/nestbox"};
  const auto settings = nestbox::Settings::load(sources);
  if (!settings) return 0;
  const auto again = nestbox::options_from_yaml(settings->print(), "printed");
  if (!again || !(*again == settings->options())) std::abort();
  return 0;
}
