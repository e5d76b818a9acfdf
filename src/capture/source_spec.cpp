#include "source_spec.h"

#include <fmt/format.h>

#include <charconv>

namespace nestbox::capture {
namespace {

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("camera.source: \"{}\": {}; allowed: auto, libcamera[:ID], file:PATH[?loop=1][&pace=fast], "
                          "scene[:SEED], demo",
                          text, why));
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Whether `option` is known; sets it.
bool set_option(FileSpec& file, std::string_view option) {
  if (option == "loop=1") {
    file.at_end = AtEnd::kLoop;
  } else if (option == "pace=fast") {
    file.pace = Pace::kFast;
  } else {
    return option == "loop=0" || option == "pace=stamps";
  }
  return true;
}

Result<SourceSpec> parse_file(std::string_view text, std::string_view rest) {
  FileSpec file;
  const auto question = rest.rfind('?');
  auto options = question == rest.npos ? std::string_view() : rest.substr(question + 1);
  file.path = rest.substr(0, question);
  if (file.path.empty()) return refuse(text, "the path is missing");
  if (file.path.find('\0') != file.path.npos) return refuse(text, "a path has no zero byte");
  while (!options.empty()) {
    const auto end = options.find('&');
    const auto option = options.substr(0, end);
    if (!set_option(file, option)) return refuse(text, fmt::format("unknown option \"{}\"", option));
    options = end == options.npos ? std::string_view() : options.substr(end + 1);
  }
  return file;
}

Result<SourceSpec> parse_scene(std::string_view text, std::string_view rest) {
  SceneSpec scene;
  if (rest.empty()) return scene;
  const auto* end = rest.data() + rest.size();
  const auto parsed = std::from_chars(rest.data() + 1, end, scene.seed);
  if (rest.front() != ':' || parsed.ec != std::errc() || parsed.ptr != end) {
    return refuse(text, "the seed of a scene is a whole number of 0 or more");
  }
  return scene;
}

}  // namespace

Result<SourceSpec> parse_source_spec(std::string_view text) {
  auto rest = text;
  if (rest == "auto") return AutoSpec{};
  if (rest == "demo") return DemoSpec{};
  if (rest == "libcamera") return LibcameraSpec{};
  if (take_prefix(rest, "libcamera:")) {
    if (rest.empty()) return refuse(text, "the camera's ID is missing after the colon");
    return LibcameraSpec{std::string(rest)};
  }
  if (take_prefix(rest, "file:")) return parse_file(text, rest);
  if (take_prefix(rest, "scene")) return parse_scene(text, rest);
  return refuse(text, "not known");
}

}  // namespace nestbox::capture
