#pragma once
/// Visits that the page's test lays down, and what the page wants to know and change of them.
#include <nlohmann/json.hpp>
#include <string>

#include "nestbox/base/mutex.h"
#include "nestbox/options/ports.h"

namespace nestbox::test {

/// Thread-safe.
class VisitBook {
 public:
  /// {"visits":[...], newest first; "why":{"12":{...}}}
  void fill(const std::string& json) {
    auto book = nlohmann::json::parse(json);
    Lock lock(mutex_);
    book_ = std::move(book);
  }
  /// How often a list was asked for.
  int lists() {
    Lock lock(mutex_);
    return lists_;
  }
  Answer answer(const Call& call) {
    const auto arguments = nlohmann::json::parse(call.arguments_json);
    Lock lock(mutex_);
    if (call.command == "visits" && !arguments.contains("id")) return good(list(arguments));
    auto* visit = find(arguments["id"]);
    if (visit == nullptr) return {1, R"({"error":{"code":"not_found","message":"there is no such visit"}})", {}};
    if (call.command == "why") return good(book_["why"][std::to_string(arguments["id"].get<int>())]);
    if (call.command == "star") (*visit)["starred"] = arguments["starred"];
    if (call.command == "note") (*visit)["notes"] = arguments["text"];
    if (call.command == "species") (*visit)["species"] = arguments["name"];
    return good(*visit);
  }

 private:
  static Answer good(const nlohmann::json& body) { return {0, body.dump(), {}}; }
  nlohmann::json* find(const nlohmann::json& id) REQUIRES(mutex_) {
    for (auto& visit : book_["visits"])
      if (visit["id"] == id) return &visit;
    return nullptr;
  }
  nlohmann::json list(const nlohmann::json& arguments) REQUIRES(mutex_) {
    ++lists_;
    const auto before = arguments.value("before", std::int64_t{1} << 40);
    const auto limit = arguments.value("limit", std::size_t{100});
    auto visits = nlohmann::json::array();
    nlohmann::json next;
    for (const auto& visit : book_["visits"]) {
      if (visit["id"] >= before) continue;
      if (visits.size() == limit) {
        next = visits.back()["id"];
        break;
      }
      visits.push_back(visit);
    }
    return {{"visits", visits}, {"next", next}};
  }

  Mutex mutex_;
  nlohmann::json book_ GUARDED_BY(mutex_) = {{"visits", nlohmann::json::array()}, {"why", nlohmann::json::object()}};
  int lists_ GUARDED_BY(mutex_) = 0;
};

}  // namespace nestbox::test
