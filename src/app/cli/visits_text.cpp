#include "visits_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nestbox::cli {
namespace {

constexpr const char* kColumns[] = {"id",       "start",           "end",           "clock_trusted", "duration_s",
                                    "triggers", "zones",           "peak_score",    "clip",          "photo",
                                    "starred",  "notes",           "species",       "openings",      "nuts",
                                    "minutes",  "nuts_per_minute", "temperature_c", "continues"};

bool is_true(const Json& object, const char* key) {
  return member(object, key) == Json(true);
}

std::string words_of(const Json& list, const char* between) {
  std::vector<std::string> words;
  for (const auto& word : list) words.push_back(value_text(word));
  return fmt::format("{}", fmt::join(words, between));
}

std::string number_text(const Json& object, const char* key) {
  const auto number = number_of(object, key);
  return number ? fmt::format("{:.0f}", *number) : "?";
}

/// "34 s", "2 min 5 s", "1 h 4 min".
std::string length_text(const Json& visit) {
  const auto seconds = number_of(visit, "duration_s");
  if (!seconds) return "lasts";
  const auto whole = static_cast<long long>(std::llround(std::clamp(*seconds, 0.0, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

/// "motion: hole, perch".
std::string cause_text(const Json& visit) {
  const auto zones = words_of(list_of(visit, "zones"), ", ");
  auto text = words_of(list_of(visit, "triggers"), ", ");
  if (!zones.empty()) text += (text.empty() ? "" : ": ") + zones;
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

Row row_of(const Json& visit) {
  const auto start = text_of(visit, "start");  // 2026-11-20T12:53:18+01:00
  constexpr std::size_t kDay = 10, kTime = 8;
  const auto day = start.substr(0, kDay);
  const auto time = start.size() > kDay ? start.substr(kDay + 1, kTime) : "?";
  const auto peak = number_of(visit, "peak_score");
  return {number_text(visit, "id"),
          day,
          time + (member(visit, "clock_trusted") == Json(false) ? "?" : ""),
          length_text(visit),
          cause_text(visit),
          peak ? fmt::format("{:.1f}", *peak) : "-",
          is_true(visit, "starred") ? "*" : "",
          or_dash(text_of(visit, "species")),
          or_dash(text_of(visit, "clip"))};
}

/// A field of RFC 4180: in quotes where it has to be.
std::string csv_field(const Json& value) {
  std::string text;
  if (value.is_string()) {
    text = value.get_ref<const std::string&>();
  } else if (value.is_array()) {
    text = words_of(value, " ");
  } else if (!value.is_null()) {
    text = value.dump();
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string event_text(const Json& event, const Style& style) {
  const auto from = number_of(event, "start_s").value_or(0), to = number_of(event, "end_s").value_or(from);
  const auto tenths = [](double seconds) { return std::round(seconds * 10) / 10 + 0.0; };  // no "-0.0"
  auto text = fmt::format("  {:+.1f} s to {:+.1f} s: {:.1f} %", tenths(from), tenths(to),
                          100 * number_of(event, "area").value_or(0));
  if (const auto zone = text_of(event, "zone"); !zone.empty()) text += " in zone " + zone;
  const auto score = number_of(event, "peak_score"), threshold = number_of(event, "threshold");
  if (score && threshold) text += fmt::format(", score {:.1f} where {:.1f} counts", *score, *threshold);
  text += '\n';
  for (const auto& reason : list_of(event, "reasons")) {
    const auto ago = number_of(reason, "ago_s");
    auto line = or_dash(text_of(reason, "text"));
    if (ago && *ago > 0) line += fmt::format(", until {:.1f} s before", *ago);
    text += "      " + style.faint(line) + '\n';
  }
  return text;
}

std::string events_text(const Json& events, const char* heading, const Style& style) {
  if (events.empty()) return "";
  auto text = fmt::format("\n{}\n", style.strong(heading));
  for (const auto& event : events) text += event_text(event, style);
  return text;
}

}  // namespace

std::string visits_text(const Json& visits, const Style& style) {
  if (visits.empty()) return "No visits.\n";
  std::vector<Row> rows{{"VISIT", "DAY", "TIME", "LENGTH", "TRIGGERS AND ZONES", "PEAK", "STAR", "SPECIES", "CLIP"}};
  bool doubtful_clock = false;
  for (const auto& visit : visits) {
    rows.push_back(row_of(visit));
    doubtful_clock = doubtful_clock || member(visit, "clock_trusted") == Json(false);
  }
  auto text = table(rows);
  if (doubtful_clock) {
    text += style.doubtful("? the network had not set the clock: the true time is another") + '\n';
  }
  return text;
}

std::string visits_csv(const Json& visits) {
  auto text = fmt::format("{}\r\n", fmt::join(kColumns, ","));
  for (const auto& visit : visits) {
    std::vector<std::string> fields;
    for (const auto* const column : kColumns) fields.push_back(csv_field(member(visit, column)));
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
  }
  return text;
}

std::string why_text(const Json& body, const Style& style) {
  return fmt::format("{}\n", text_of(body, "sentence")) +
         events_text(list_of(body, "events"), "events, from the visit's begin on", style) +
         events_text(list_of(body, "near_misses"), "near misses", style);
}

std::string day_text(const Json& body) {
  auto text = fmt::format("{}: {:.0f} of {:.0f} visits, {:.0f} s\n", printable(text_of(body, "file")),
                          number_of(body, "moments").value_or(0), number_of(body, "visits").value_or(0),
                          number_of(body, "duration_s").value_or(0));
  for (const auto& clip : list_of(body, "left_out"))
    text += fmt::format("  without {}: {}\n", printable(text_of(clip, "clip")), printable(text_of(clip, "why")));
  return text;
}

std::string remark_text(const std::string& command, const Json& visit) {
  const auto id = number_text(visit, "id");
  if (command == "star") {
    return is_true(visit, "starred") ? fmt::format("Visit {} has a star: its recordings are kept.\n", id)
                                     : fmt::format("Visit {} has no star: its recordings go in their turn.\n", id);
  }
  const bool is_note = command == "note";
  const auto text = text_of(visit, is_note ? "notes" : "species");
  if (text.empty()) return fmt::format("Visit {} has no {}.\n", id, is_note ? "note" : "species");
  return fmt::format("Visit {}: {}\n", id, text);
}

}  // namespace nestbox::cli
