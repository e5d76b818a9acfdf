/// Prints what is made from the bindings: `config_reference reference` is docs/configuration.md,
/// `config_reference sample` is config/nestbox.yaml.
#include <cstdio>
#include <string_view>

#include "nestbox/config/settings.h"

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "reference" && what != "sample") {
    std::fputs("usage: config_reference reference|sample\n", stderr);
    return 2;
  }
  const auto text = what == "sample" ? nestbox::configuration_sample() : nestbox::configuration_reference();
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
