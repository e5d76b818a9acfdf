#include <fmt/format.h>

#include "fields.h"

namespace nestbox::config {
namespace {

constexpr Stages kPicture{Stage::kPicture};
constexpr Stages kSource{Stage::kSource};
constexpr Stages kSize{Stage::kSource, Stage::kEncoder};
constexpr Stages kWhatIsSeen{Stage::kSource, Stage::kOutputs};  // outputs refuse a simulation

/// What is wrong with the options after the last '?' of a file; empty when nothing is.
std::string file_problem(std::string_view file) {
  const auto question = file.rfind('?');
  if (file.substr(0, question).empty()) return "names no file";
  auto options = question == std::string_view::npos ? std::string_view() : file.substr(question + 1);
  while (!options.empty()) {
    const auto option = options.substr(0, options.find('&'));
    const bool known = option == "loop=1" || option == "loop=0" || option == "pace=fast" || option == "pace=stamps";
    if (!known) return fmt::format("has an option that is not known, {}", echo(option));
    options.remove_prefix(option.size() == options.size() ? option.size() : option.size() + 1);
  }
  return "";
}

std::optional<TextProblem> source_problem(const std::string& source) {
  const std::string_view rest = source;
  std::string problem;
  if (source == "auto" || source == "demo" || source == "libcamera" || source == "scene") return std::nullopt;
  if (rest.starts_with("libcamera:")) {
    problem = rest.size() > 10 ? "" : "names no camera after the colon";
  } else if (rest.starts_with("file:")) {
    problem = file_problem(rest.substr(5));
  } else if (rest.starts_with("scene:")) {
    const auto seed = parse_integer(rest.substr(6));
    problem = seed && *seed >= 0 ? "" : "has a seed that is no whole number of 0 or more";
  } else {
    problem = "is no source of pictures";
  }
  if (problem.empty()) return std::nullopt;
  return TextProblem{problem};
}

std::optional<TextProblem> tuning_problem(const std::string& path) {
  if (path.empty() || (path[0] == '/' && path.size() < 4096)) return std::nullopt;
  return TextProblem{"is no absolute path"};
}

void add_size_and_source(std::vector<Field<CameraOptions>>& fields) {
  using C = CameraOptions;
  fields.push_back(field(
      "source", &C::source,
      text("auto | libcamera[:ID] | file:PATH[?loop=1][&pace=fast] | scene[:SEED] | demo", source_problem), kWhatIsSeen,
      "Where the picture comes from. auto is the first camera found, and never a simulation; scene is a simulated nest "
      "box; demo is a camera, else the scene."));
  fields.push_back(field("allow_simulated", &C::allow_simulated, boolean(), {Stage::kOutputs},
                         "Whether a simulated picture may be streamed. Otherwise outputs refuse it."));
  fields.push_back(field("width", &C::width, even_integer(64, 4608), kSize, "Width of the picture in pixels."));
  fields.push_back(field("height", &C::height, even_integer(64, 4608), kSize, "Height of the picture in pixels."));
  fields.push_back(field("framerate", &C::framerate, integer(1, 120), kSize, "Pictures a second."));
  fields.push_back(field("analysis_width", &C::analysis_width, even_integer(64, 1280), kSource,
                         "Width in pixels of the small picture that light and movement are judged by."));
  fields.push_back(field("hflip", &C::hflip, boolean(), kSource, "Mirrors the picture left to right."));
  fields.push_back(field("vflip", &C::vflip, boolean(), kSource, "Mirrors the picture top to bottom."));
  fields.push_back(field("rotation", &C::rotation, choice({0, 180}), kSource,
                         "Turns the picture, for a camera that hangs upside down. Degrees."));
}

void add_exposure(std::vector<Field<CameraOptions>>& fields) {
  using C = CameraOptions;
  using std::chrono::seconds;
  fields.push_back(field("shutter", &C::shutter, optional("auto", duration(milliseconds(1), seconds(10))), kPicture,
                         "How long each picture is exposed.", "10ms"));
  fields.push_back(field("gain", &C::gain, optional("auto", real(1, 64)), kPicture,
                         "How much the sensor amplifies; high values are bright and noisy.", "4.0"));
  fields.push_back(
      field("ev", &C::ev, real(-8, 8), kPicture, "Makes automatic exposure brighter (above 0) or darker, in stops."));
  fields.push_back(field("metering", &C::metering, word({"centre", "spot", "matrix"}), kPicture,
                         "Which part of the picture automatic exposure looks at."));
  fields.push_back(field("exposure_constraint", &C::exposure_constraint, word({"normal", "shadows", "highlights"}),
                         kPicture, "What automatic exposure takes most care of."));
  fields.push_back(field("exposure_zone", &C::exposure_zone, optional("null", rect()), kPicture,
                         "The part of the picture that automatic exposure looks at, in place of metering.",
                         "[0.3, 0.3, 0.7, 0.9]"));
  fields.push_back(field("hdr", &C::hdr, boolean(), kSource, "High dynamic range, where the sensor can."));
}

void add_colours_and_lens(std::vector<Field<CameraOptions>>& fields) {
  using C = CameraOptions;
  fields.push_back(
      field("awb", &C::awb,
            word({"auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy", "greyworld"}),
            kPicture, "White balance. greyworld suits a camera without an infra-red filter (NoIR) by day."));
  fields.push_back(field("denoise", &C::denoise, word({"auto", "off", "fast", "high"}), kPicture,
                         "How much noise is smoothed away."));
  fields.push_back(field("brightness", &C::brightness, real(-1, 1), kPicture, "Adds light to the picture; 0 is none."));
  fields.push_back(field("contrast", &C::contrast, real(0, 32), kPicture, "1 is natural."));
  fields.push_back(field("saturation", &C::saturation, real(0, 32), kPicture, "1 is natural, 0 is grey."));
  fields.push_back(field("sharpness", &C::sharpness, real(0, 16), kPicture, "1 is natural, 0 is none."));
  fields.push_back(field("roi", &C::roi, optional("null", rect()), kPicture,
                         "The part of the sensor that fills the picture: a digital zoom.", "[0.25, 0.25, 0.75, 0.75]"));
  fields.push_back(field("autofocus_mode", &C::autofocus_mode, word({"auto", "continuous", "manual"}), kPicture,
                         "How a lens that can focus does it: once, all the time, or at lens_position."));
  fields.push_back(
      field("lens_position", &C::lens_position, optional("null", real(0, 32)), kPicture,
            "Where a lens that can focus stands with autofocus_mode: manual, in dioptres: 1 divided by the "
            "distance in metres.",
            "4.0"));
  fields.push_back(field("tuning_file", &C::tuning_file,
                         text("an absolute path, or \"\" for the camera's own", tuning_problem), kSource,
                         "libcamera's tuning file for the sensor."));
}

}  // namespace

std::vector<Field<CameraOptions>> camera_fields() {
  std::vector<Field<CameraOptions>> fields;
  add_size_and_source(fields);
  add_exposure(fields);
  add_colours_and_lens(fields);
  return fields;
}

Field<Options> privacy_field() {
  struct Area {
    Polygon polygon;
  };
  const auto corners = list("a list of 3 to 32 corners [x, y]", point(), 3, 32);
  const std::vector<Field<Area>> area_fields = {required(field("polygon", &Area::polygon, corners, {}, ""))};
  const auto areas =
      list("a list of up to 16 areas {polygon: [[x, y], ...]}", map_of("{polygon: [[x, y], ...]}", area_fields), 0, 16);
  // The options keep the polygons alone: what else an area has is the YAML's.
  const Codec<std::vector<Polygon>> polygons = {
      areas.allowed,
      [=](const Node& node, std::vector<Polygon>& out, const Reading& reading) {
        std::vector<Area> read;
        areas.read(node, read, reading);
        out.clear();
        for (auto& area : read) out.push_back(std::move(area.polygon));
      },
      [=](const std::vector<Polygon>& from) {
        std::vector<Area> written;
        for (const auto& polygon : from) written.push_back({polygon});
        return areas.write(written);
      }};
  return field(
      "privacy", &Options::privacy, polygons, {Stage::kText},
      "Parts of the picture that are blacked out before anything else sees them: stream, page and photographs.",
      "[{polygon: [[0, 0], [0.2, 0], [0.2, 1], [0, 1]]}]");
}

}  // namespace nestbox::config
