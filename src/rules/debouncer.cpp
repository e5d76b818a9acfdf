#include "nestbox/rules/debouncer.h"

#include <algorithm>

namespace nestbox {

std::optional<Debouncer::Edge> Debouncer::edge(Edge edge) {
  edge.at = std::max(edge.at, last_edge_);
  const auto settled = pass(edge.at);
  if (unrest_)
    unrest_->active = edge.active;
  else
    unrest_ = Unrest{edge.at, edge.active};
  last_edge_ = edge.at;
  // With a debounce of 0 the new edge is stable at once, and nothing was unsettled before it.
  return settled ? settled : pass(edge.at);
}

std::optional<Debouncer::Edge> Debouncer::pass(BootTime now) {
  if (!unrest_ || now - last_edge_ < debounce_) return std::nullopt;
  const Unrest over = *unrest_;
  unrest_.reset();
  if (stable_ == over.active) return std::nullopt;
  stable_ = over.active;
  return Edge{over.active, over.first};
}

std::optional<BootTime> Debouncer::deadline() const {
  if (!unrest_) return std::nullopt;
  return last_edge_ + debounce_;
}

std::optional<bool> Debouncer::latest() const noexcept {
  return unrest_ ? unrest_->active : stable_;
}

}  // namespace nestbox
