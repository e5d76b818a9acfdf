#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fields.h"
#include "nestbox/base/time_zone.h"

namespace nestbox::config {
namespace {

using std::chrono::seconds;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<TextProblem> box_name_problem(const std::string& name) {
  const bool letters = std::all_of(name.begin(), name.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  const bool ends_well = name.empty() || (name.front() != '-' && name.back() != '-');
  if (letters && ends_well && name.size() <= 63) return std::nullopt;
  return TextProblem{"is no name for a box"};
}

std::optional<TextProblem> zone_problem(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const bool letters = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                         return is_letter_or_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
                       });
  if (letters && TimeZone::find(name)) return std::nullopt;
  return TextProblem{"is no time zone of this system"};
}

std::optional<TextProblem> audio_problem(const std::string& source) {
  const bool file = source.size() > 5 && source.compare(0, 5, "file:") == 0;
  if (source == "silence" || source == "none" || file) return std::nullopt;
  if (source.size() <= 5 || source.compare(0, 5, "alsa:") != 0) return TextProblem{"is no source of sound"};
  const bool device = std::all_of(source.begin() + 5, source.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view(":,=_-.").find(c) != std::string_view::npos;
  });
  if (device) return std::nullopt;
  return TextProblem{"names no ALSA device: letters, digits and :,=_-. as arecord -L shows them"};
}

std::optional<TextProblem> overlay_problem(const std::string& text) {
  constexpr std::array<std::string_view, 3> kWords = {"{name}", "{date}", "{time}"};
  if (text.size() > 200) return TextProblem{"is too long"};
  for (auto at = text.find_first_of("{}"); at != std::string::npos; at = text.find_first_of("{}", at + 1)) {
    const bool known =
        std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return text.compare(at, word.size(), word) == 0; });
    if (!known) return TextProblem{"has braces round something else than name, date or time"};
    at += kWords[0].size() - 1;
  }
  return std::nullopt;
}

std::optional<TextProblem> state_problem(const std::string& path) {
  if (path.size() > 1 && path[0] == '/' && path.size() <= 3000) return std::nullopt;
  return TextProblem{"is no absolute path"};
}

std::optional<TextProblem> socket_problem(const std::string& path) {
  if (path.size() > 1 && path[0] == '/' && path.size() <= 107) return std::nullopt;
  return TextProblem{"is no path for a socket"};
}

struct HostAndPort {
  std::string host;  ///< without brackets
  std::string port;
};

std::optional<HostAndPort> split_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  auto host = listen.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != std::string::npos)) return std::nullopt;
  return HostAndPort{host, listen.substr(colon + 1)};
}

std::optional<TextProblem> listen_problem(const std::string& listen) {
  const TextProblem problem{"is no address to listen on"};
  const auto parts = split_listen(listen);
  if (!parts || parts->port.empty() || !is_letter_or_digit(parts->port[0])) return problem;
  const auto port = parse_integer(parts->port);
  if (!port || *port < 0 || *port > 65535) return problem;
  in6_addr address{};
  const bool known = parts->host == "localhost" || ::inet_pton(AF_INET, parts->host.c_str(), &address) == 1 ||
                     ::inet_pton(AF_INET6, parts->host.c_str(), &address) == 1;
  if (!known) return problem;
  return std::nullopt;
}

std::optional<TextProblem> host_problem(const std::string& host) {
  const bool good = !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
  if (good) return std::nullopt;
  return TextProblem{"is no name of a host"};
}

/// null, or a map whose members may stand in different layers.
Codec<std::optional<LocationOptions>> location() {
  const std::string allowed = "null, or {latitude: -90 to 90, longitude: -180 to 180}, in degrees";
  const std::vector<Field<LocationOptions>> fields = {
      field("latitude", &LocationOptions::latitude, real(-90, 90), {}, ""),
      field("longitude", &LocationOptions::longitude, real(-180, 180), {}, "")};
  return {allowed,
          [=](const Node& node, std::optional<LocationOptions>& out, const Reading& reading) {
            if (node.is_null()) return out.reset();
            if (!node.is_map()) return reading.complain(node, "is not a map", allowed);
            for (const auto& field : fields) {
              if (!out && node.find(field.name) == nullptr) {
                reading.below("." + field.name).complain(node, "is missing", field.allowed);
              }
            }
            auto value = out.value_or(LocationOptions{});
            read_members(node, fields, value, reading);
            out = value;
          },
          [=](const std::optional<LocationOptions>& from) {
            if (!from) return Node{};
            auto node = map_node();
            for (const auto& field : fields) node.put(field.name, field.write(*from));
            return node;
          }};
}

}  // namespace

std::vector<Field<Options>> general_fields() {
  return {
      field("name", &Options::name,
            text("lower-case letters, digits and hyphens, up to 63; or \"\" for the host name", box_name_problem),
            {Stage::kText}, "What this box is called: on the picture and in file names.", "owl-box"),
      field("location", &Options::location, location(), {Stage::kLines, Stage::kOutputs},
            "Where the box stands, for dawn and dusk. It never leaves the box.", "{latitude: 51.48, longitude: -3.18}"),
      field("time_zone", &Options::time_zone,
            text("a name such as Europe/London, or \"\" for the system's", zone_problem),
            {Stage::kText, Stage::kOutputs}, "The local time of the picture and of schedules.", "Europe/London"),
  };
}

std::vector<Field<EncoderOptions>> encoder_fields() {
  using E = EncoderOptions;
  constexpr Stages kEncoder{Stage::kEncoder};
  return {
      field("codec", &E::codec, word({"auto", "libx264", "h264_v4l2m2m"}), kEncoder,
            "What makes H.264 of the picture: the processor (libx264), or the encoder that a Raspberry Pi 4 and older "
            "have in hardware (h264_v4l2m2m). auto takes hardware where it is there and works."),
      field("bitrate", &E::bitrate_bps, rate(100'000, 50'000'000), {Stage::kEncoder, Stage::kOutputs},
            "How much the stream may take. YouTube wants 3M to 8M for 1280x720."),
      field("bitrate_min", &E::bitrate_min_bps, rate(50'000, 50'000'000), {Stage::kEncoder, Stage::kOutputs},
            "How far the rate may fall on a slow uplink before pictures are left out."),
      field("keyframe_interval", &E::keyframe_interval, duration(milliseconds(500), seconds(10)), kEncoder,
            "How often a whole picture is sent. YouTube and Twitch want 2s."),
      field("preset", &E::preset, word({"ultrafast", "superfast", "veryfast", "faster", "fast", "medium"}), kEncoder,
            "How hard the encoder works: slower looks better at the same rate."),
  };
}

std::vector<Field<AudioOptions>> audio_fields() {
  return {field("source", &AudioOptions::source, text("silence | none | alsa:DEVICE | file:PATH", audio_problem),
                {Stage::kEncoder},
                "The sound. YouTube refuses a stream without any, so there is silence; none leaves it out. "
                "alsa:DEVICE is a microphone (alsa:default; arecord -L lists them): what is said near the box is heard "
                "wherever the stream goes. It is open only while somebody takes the stream.")};
}

std::vector<Field<OverlayOptions>> overlay_fields() {
  using O = OverlayOptions;
  constexpr Stages kText{Stage::kText};
  return {
      field("enabled", &O::enabled, boolean(), kText, "Whether there is text on the picture."),
      field("text", &O::text,
            text("up to 200 characters; {name}, {date} and {time} (with the date) are filled in", overlay_problem),
            kText, "What it says."),
      field("position", &O::position, word({"top-left", "top-right", "bottom-left", "bottom-right"}), kText,
            "The corner it stands in."),
      field("size", &O::size, integer(8, 144), kText, "Height of its line, in rows of a picture 720 rows high."),
  };
}

std::vector<Field<WebOptions>> web_fields() {
  using W = WebOptions;
  constexpr Stages kWeb{Stage::kWeb};
  const auto path = text("an absolute path, or \"\"", no_absolute_path);
  return {
      field("listen", &W::listen,
            text("ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080; port 0: any", listen_problem), kWeb,
            "Where the page answers. 127.0.0.1 is this machine alone; 0.0.0.0 is every network, with a password."),
      field("allowed_hosts", &W::allowed_hosts,
            list("a list of up to 32 host names", text("a host name", host_problem), 0, 32), kWeb,
            "Further names under which browsers may ask for the page.", "[owlbox.example.org]"),
      field("public_page", &W::public_page, boolean(), kWeb,
            "Lets everybody who reaches the page see the picture. All else still asks for the password."),
      field("tls_cert", &W::tls_cert, path, kWeb, "The page's certificate (PEM), for https."),
      field("tls_key", &W::tls_key, path, kWeb, "The certificate's private key (PEM), readable by nobody else."),
  };
}

std::vector<Field<ControlOptions>> control_fields() {
  return {field("socket", &ControlOptions::socket, text("an absolute path of up to 107 characters", socket_problem),
                {Stage::kFixed}, "Where the nestbox command reaches the daemon.")};
}

std::vector<Field<PathsOptions>> paths_fields() {
  return {field("state", &PathsOptions::state, text("an absolute path", state_problem), {Stage::kFixed},
                "The folder for stream keys and for settings changed while running.")};
}

std::vector<Field<LogOptions>> log_fields() {
  return {field("level", &LogOptions::level, word({"debug", "info", "warning", "error"}), {Stage::kLog},
                "How much is logged.")};
}

}  // namespace nestbox::config
