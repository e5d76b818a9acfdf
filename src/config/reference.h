#pragma once
/// What the pages about the configuration share: docs/configuration.md, the sample and the manual page.
#include <string>
#include <string_view>

#include "nestbox/config/settings.h"

namespace nestbox::config {

/// What a section is about, in a sentence; empty where there is nothing to say.
std::string_view section_text(std::string_view section);

/// "camera, encoder"; "nothing".
std::string stages_text(Stages stages);

}  // namespace nestbox::config
