#include "nearest.h"

#include <algorithm>
#include <numeric>

namespace nestbox::cli {
namespace {

/// Letters to insert, remove or replace (Levenshtein 1965).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t kWordMax = 32;  // longer ones were not meant as any of ours
  constexpr std::size_t kDistanceMax = 2;
  if (word.size() > kWordMax) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::min(kDistanceMax, word.size() - std::min<std::size_t>(word.size(), 1)) + 1;
  for (const auto& candidate : known) {
    const auto steps = distance(word, candidate);
    if (steps >= best_distance) continue;
    best = candidate;
    best_distance = steps;
  }
  return best;
}

}  // namespace nestbox::cli
