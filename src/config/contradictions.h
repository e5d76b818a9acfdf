#pragma once
/// What is right by itself and wrong together.
#include <functional>
#include <string>
#include <vector>

#include "nestbox/options/options.h"

namespace nestbox::config {

struct Contradiction {
  std::vector<std::string> keys;
  std::function<std::string(const Options&)> message;  ///< empty: none
  std::string allowed;
};

std::vector<Contradiction> contradictions();

/// Those of what is wired to lines, and of what goes by the sun.
std::vector<Contradiction> line_contradictions();

/// What is allowed and yet hardly meant, one sentence each.
std::vector<std::string> doubts(const Options& options);

}  // namespace nestbox::config
