import { element } from "./dom.js";
import type { Status } from "./status.js";

/** The line below the picture: whether a visit is under way, and how much moves against what is needed. */
export class MotionView {
  private readonly strip = element("motion", HTMLDivElement);
  private readonly words = element("motion-words", HTMLElement);
  private readonly figures = element("motion-figures", HTMLSpanElement);
  private readonly bar = element("motion-bar", HTMLProgressElement);

  show(status: Status): void {
    const { motion } = status;
    const visiting = typeof status.visit_id === "number";
    this.strip.hidden = !motion && !visiting;
    const words = visiting ? "A visit is under way" : "No visit now";
    if (this.words.textContent !== words) this.words.textContent = words;  // or it is read aloud each time
    this.strip.dataset["tone"] = visiting ? "good" : "quiet";
    this.bar.hidden = !motion;
    this.figures.textContent = "";
    if (!motion) return;
    const { score, threshold } = motion;
    // The threshold stands in the middle of the bar.
    this.bar.value = score !== null && threshold ? Math.min(1, score / (2 * threshold)) : 0;
    if (score !== null && threshold !== null)
      this.figures.textContent = `motion ${score.toFixed(1)} of ${threshold.toFixed(1)} needed`;
  }

  hide(): void {
    this.strip.hidden = true;
  }
}
