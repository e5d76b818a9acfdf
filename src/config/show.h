#pragma once
/// Settings for people and programs: as entries, and as YAML with who said what.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers.h"
#include "nestbox/config/settings.h"

namespace nestbox::config {

/// Whether a night's field is worth showing: it differs by default, or somebody set it.
bool is_shown(const Binding& binding, const Laid& laid);

Setting show(const Binding& binding, const Laid& laid);

/// live.outputs.NAME or live.outputs.NAME.FIELD; empty when there is no such output or field.
std::vector<Setting> show_output(std::string_view key, const Laid& laid);

std::string print_with_origins(const Laid& laid);

}  // namespace nestbox::config
