#include "setup_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace nestbox::cli {

std::optional<bool> yes_or_no(std::string_view answer, bool by_default) {
  auto word = without_spaces_around(answer);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (word.empty()) return by_default;
  if (word == "y" || word == "yes") return true;
  if (word == "n" || word == "no") return false;
  return std::nullopt;
}

std::string without_spaces_around(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1));
}

Listen split_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return {listen, ""};
  return {listen.substr(0, colon), listen.substr(colon + 1)};
}

bool is_loopback(const Listen& listen) {
  return listen.host.starts_with("127.") || listen.host == "[::1]" || listen.host == "localhost";
}

bool camera_works(const Json& camera) {
  const auto content = text_of(camera, "content");
  return text_of(camera, "state") == "running" && content != "slate" && number_of(camera, "frames").value_or(0) > 0;
}

std::string camera_text(const Json& camera) {
  const auto source = printable(text_of(camera, "source"));
  if (!camera_works(camera)) {
    const auto error = printable(text_of(camera, "last_error"));
    return fmt::format("There is no picture from {}{}\n", source, error.empty() ? "." : ": " + error);
  }
  return fmt::format("{} works: {:.0f} x {:.0f}, {:.1f} frames/s.\n{}", source, number_of(camera, "width").value_or(0),
                     number_of(camera, "height").value_or(0), number_of(camera, "fps").value_or(0),
                     text_of(camera, "content") == "simulated" ? "It is a simulated picture, and no camera.\n" : "");
}

std::string camera_advice(const Json& camera) {
  const auto state = text_of(camera, "state");
  if (state == "busy") return "Another program holds the camera; find it with: sudo fuser -v /dev/video* /dev/media*\n";
  const auto source = text_of(camera, "source");
  if (source.starts_with("file:"))
    return "It is no camera but a file: see camera.source (nestbox get camera.source).\n";
  return "Look at the ribbon cable first, with the power off: fully in at both ends, its contacts to the right side.\n"
         "Does the system see the camera? rpicam-hello --list-cameras, or for a USB camera: lsusb\n"
         "/boot/firmware/config.txt should say camera_auto_detect=1, or name the camera by a dtoverlay.\n";
}

std::vector<std::string> page_addresses(std::string_view scheme, const Listen& listen, const std::string& host_name,
                                        const std::vector<std::string>& machine_addresses) {
  const auto url = [&](const std::string& host) { return fmt::format("{}://{}:{}", scheme, host, listen.port); };
  if (is_loopback(listen)) return {url("localhost")};
  const bool every = listen.host == "0.0.0.0" || listen.host == "[::]";
  if (!every) return {url(listen.host)};
  std::vector<std::string> addresses{url(host_name.substr(0, host_name.find('.')) + ".local")};
  for (const auto& address : machine_addresses) {
    const bool v6 = address.find(':') != std::string::npos;
    if (v6 && listen.host == "0.0.0.0") continue;  // it listens on IPv4 alone
    addresses.push_back(url(v6 ? "[" + address + "]" : address));
  }
  return addresses;
}

std::string commands_instead() {
  return R"(  nestbox status                                the camera, and what is wrong
  nestbox snapshot                              a picture to look at
  nestbox set name NAME
  nestbox passwd < FILE                         the page's password, on one line
  nestbox set web.listen 0.0.0.0:8080           the page for your network
  nestbox set live.outputs '[{name: youtube, url: "rtmps://a.rtmps.youtube.com/live2"}]'
  nestbox key set youtube < FILE
  nestbox set camera.rotation 180
)";
}

}  // namespace nestbox::cli
