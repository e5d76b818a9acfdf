#include "visit_handlers.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "daemon_calls.h"
#include "fields.h"
#include "nestbox/base/assert.h"

namespace nestbox::web {

// Of the folder, as the frames of its coroutines are: g++ warns where one of them holds something of a file's own.
struct VisitOrder {
  const char* command;
  nlohmann::json arguments;
};

namespace {

using Json = nlohmann::json;

constexpr auto kVisitsWithin = std::chrono::seconds(5);

Refusal wrong(std::string message, std::vector<std::string> allowed = {}) {
  return {400, "bad_request", std::move(message), std::move(allowed)};
}

unsigned visit_status_of(const Answer& answer) {
  const auto body = Json::parse(answer.json, nullptr, false);
  const auto code = Json::json_pointer("/error/code");
  const bool unknown_visit = body.contains(code) && body[code] == "not_found";
  return unknown_visit ? 404 : http_status_of(answer);
}

asio::awaitable<std::optional<Answer>> ask_visits(Connection& connection, Site& site, const VisitOrder& order) {
  std::string command = order.command;
  auto arguments = order.arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
  co_return co_await ask_daemon(connection, site, std::move(command), std::move(arguments), kVisitsWithin);
}

asio::awaitable<void> reply_with(Connection& connection, const Request& request, const std::optional<Answer>& answer) {
  const auto reply = answer ? json_reply(visit_status_of(*answer), answer->json)
                            : refuse({504, "timeout", "the daemon did not answer within 5 seconds", {}}, request.path);
  co_await connection.send(reply);
}

asio::awaitable<void> pass_on(Connection& connection, Site& site, const Request& request, const VisitOrder& order) {
  const auto answer = co_await ask_visits(connection, site, order);
  co_await reply_with(connection, request, answer);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What the query asks for, as arguments; the daemon knows which values are right.
std::optional<Refusal> read_query(std::string_view query, Json& arguments) {
  for (const auto* name : {"since", "before", "limit"}) {
    if (!has_field(query, name)) continue;
    const auto text = form_field(query, name);
    if (!text) return wrong(fmt::format("{} is there twice, or badly encoded", name));
    if (std::string_view(name) == "since") {
      arguments[name] = *text;
      continue;
    }
    const auto number = whole_number(*text);
    if (!number) return wrong(fmt::format("{} must be a whole number", name));
    arguments[name] = *number;
  }
  return std::nullopt;
}

// The orders of a change, in the order of the members below.
std::optional<Refusal> read_change(const Request& request, std::vector<VisitOrder>& orders) {
  struct Member {
    const char *name, *command, *argument;
    bool is_text;
  };
  static constexpr Member kMembers[] = {
      {"starred", "star", "starred", false}, {"notes", "note", "text", true}, {"species", "species", "name", true}};
  const std::vector<std::string> allowed = {"starred", "notes", "species"};
  const auto change = Json::parse(request.body, nullptr, false);
  if (!change.is_object() || change.empty())
    return wrong("the body must be a JSON object with starred, notes or species", allowed);
  for (const auto& member : kMembers) {
    const auto value = change.find(member.name);
    if (value == change.end()) continue;
    if (member.is_text ? !value->is_string() : !value->is_boolean())
      return wrong(fmt::format("{} must be {}", member.name, member.is_text ? "a text" : "true or false"));
    orders.push_back({member.command, {{"id", visit_in(request.path)}, {member.argument, *value}}});
  }
  if (orders.size() != change.size())
    return wrong("only starred, notes and species of a visit can be changed", allowed);
  return std::nullopt;
}

asio::awaitable<void> carry_out_change(Connection& connection, Site& site, const Request& request) {
  std::vector<VisitOrder> orders;
  if (const auto refusal = read_change(request, orders)) {
    const auto reply = refuse(*refusal, request.path);
    co_await connection.send(reply);
    co_return;
  }
  std::optional<Answer> answer;
  for (const auto& order : orders) {
    answer = co_await ask_visits(connection, site, order);
    if (!answer || answer->exit_status != 0) break;
  }
  co_await reply_with(connection, request, answer);
}

}  // namespace

std::int64_t visit_in(std::string_view path) {
  constexpr std::string_view kBefore = "/api/v1/visits/";
  NESTBOX_ASSERT(path.starts_with(kBefore));
  path.remove_prefix(kBefore.size());
  const auto id = whole_number(path.substr(0, path.find('/')));
  NESTBOX_ASSERT(id.has_value());
  return *id;
}

asio::awaitable<void> serve_visits(Connection& connection, Site& site, const Request& request) {
  VisitOrder order{"visits", Json::object()};
  if (const auto refusal = read_query(request.query, order.arguments)) {
    const auto reply = refuse(*refusal, request.path);
    co_await connection.send(reply);
    co_return;
  }
  co_await pass_on(connection, site, request, order);
}

asio::awaitable<void> serve_visit(Connection& connection, Site& site, const Request& request) {
  const VisitOrder order{"visits", {{"id", visit_in(request.path)}}};
  co_await pass_on(connection, site, request, order);
}

asio::awaitable<void> serve_why(Connection& connection, Site& site, const Request& request) {
  const VisitOrder order{"why", {{"id", visit_in(request.path)}}};
  co_await pass_on(connection, site, request, order);
}

asio::awaitable<void> change_visit(Connection& connection, Site& site, const Request& request) {
  return carry_out_change(connection, site, request);
}

}  // namespace nestbox::web
