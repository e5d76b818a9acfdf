/// What scripts/motion-benchmark is made of.
///
///   motion_eval detect WIDTH HEIGHT FRAMERATE [SENSITIVITY]   planes from standard input through our detector; JSON
///   motion_eval scene KIND SEED TRUTH                         a generated scene's planes to standard output, its truth
///                                                             (JSON) to the file TRUTH
///   motion_eval kinds                                         the kinds of scenes
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "motion_scene.h"
#include "nestbox/rules/motion_detector.h"

namespace nestbox {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Span {
  double start_s = 0, end_s = 0, confirmed_s = 0;
};

int detect(int width, int height, double framerate, int sensitivity) {
  MotionOptions options;
  options.sensitivity = sensitivity;
  MotionDetector detector(options);
  std::vector<std::uint8_t> plane(static_cast<std::size_t>(width * height));
  std::vector<Span> events;
  MotionReport report;
  const BootTime first{std::chrono::seconds(1)};
  const auto seconds = [&](BootTime time) { return to_seconds(time - first); };
  double cpu_s = 0;
  int frames = 0;
  for (; std::fread(plane.data(), 1, plane.size(), stdin) == plane.size(); ++frames) {
    const auto stamp = first + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * frames / framerate));
    const double before = cpu_seconds();
    report = detector.update({plane.data(), width, height, width, stamp});
    cpu_s += cpu_seconds() - before;
    if (report.change == MotionReport::Change::kConfirmed) events.emplace_back();
    const bool tells = report.state == MotionState::kActive || report.change == MotionReport::Change::kEnded;
    if (tells && !events.empty()) {
      events.back() = {seconds(report.event.begin), seconds(report.event.end) + 1 / framerate,
                       seconds(report.event.confirmed)};
    }
  }
  std::printf("{\"frames\":%d,\"cpu_us\":%.2f,\"events\":[", frames, 1e6 * cpu_s / std::max(1, frames));
  for (std::size_t n = 0; n < events.size(); ++n) {
    std::printf("%s[%.4f,%.4f,%.4f]", n > 0 ? "," : "", events[n].start_s, events[n].end_s, events[n].confirmed_s);
  }
  std::printf("]}\n");
  return frames > 0 ? 0 : 1;
}

int write_truth(const char* path, const std::string& name, const std::vector<bench::SceneEvent>& events) {
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) return 1;
  using bench::MotionScene;
  std::fprintf(file,
               "{\"clip\":\"%s\",\"fps\":%g,\"size\":[%d,%d],\"frames\":%d,\"label_source\":\"exact\",\"events\":[",
               name.c_str(), MotionScene::kFramerate, MotionScene::kWidth, MotionScene::kHeight, MotionScene::kFrames);
  const char* comma = "";
  for (const auto& event : events) {
    std::fprintf(file, "%s[%.4f,%.4f]", comma, event.start_s, event.end_s);
    comma = ",";
  }
  std::fprintf(file, "]}\n");
  return std::fclose(file) == 0 ? 0 : 1;
}

int scene(const std::string& kind, std::uint64_t seed, const char* truth_path) {
  for (std::size_t n = 0; n < bench::kSceneNames.size(); ++n) {
    if (kind != bench::kSceneNames[n]) continue;
    bench::MotionScene scene(static_cast<bench::SceneKind>(n), seed);
    for (int frame = 0; frame < bench::MotionScene::kFrames; ++frame) {
      const auto& plane = scene.next();
      if (std::fwrite(plane.data(), 1, plane.size(), stdout) != plane.size()) return 1;
    }
    return write_truth(truth_path, kind + "-" + std::to_string(seed), scene.events());
  }
  std::fprintf(stderr, "motion_eval: no scene %s; see motion_eval kinds\n", kind.c_str());
  return 2;
}

}  // namespace
}  // namespace nestbox

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "detect" && argc >= 5) {
    const int sensitivity = argc > 5 ? std::atoi(argv[5]) : 50;
    return nestbox::detect(std::atoi(argv[2]), std::atoi(argv[3]), std::atof(argv[4]), sensitivity);
  }
  if (mode == "scene" && argc == 5) return nestbox::scene(argv[2], std::strtoull(argv[3], nullptr, 10), argv[4]);
  if (mode == "kinds") {
    for (const auto name : nestbox::bench::kSceneNames) std::printf("%s\n", name.data());
    return 0;
  }
  std::fprintf(stderr, "motion_eval detect WIDTH HEIGHT FRAMERATE [SENSITIVITY] | scene KIND SEED TRUTH | kinds\n");
  return 2;
}
