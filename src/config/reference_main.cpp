/// Prints what is made from the bindings: `config_reference reference` is docs/configuration.md,
/// `config_reference sample` is config/nestbox.yaml, `config_reference manual` is nestbox.yaml(5).
#include <cstdio>
#include <string>
#include <string_view>

#include "nestbox/config/settings.h"

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  std::string text;
  if (what == "reference") text = nestbox::configuration_reference();
  if (what == "sample") text = nestbox::configuration_sample();
  if (what == "manual") text = nestbox::configuration_manual();
  if (text.empty()) {
    std::fputs("usage: config_reference reference|sample|manual\n", stderr);
    return 2;
  }
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
