import { fetchBlob, LoggedOut } from "./box.js";
import { pause } from "./backoff.js";
import { element } from "./dom.js";
import type { Entrance } from "./entrance.js";
import { dioptresText, fetchLook, holdLens, type Light, type Look, resetPeak, shareOfPeak, wholeScale } from "./focus.js";

const kLookEveryMs = 200;
// A figure older than this must not look as if it were of this moment.
const kStaleAfterMs = 1500;
const kAtThePeak = 0.97;
const kHeightShare = 0.6;

/** The mode for somebody who turns the lens, phone in hand. While it is not watched it asks the box for nothing. */
export class FocusView {
  private readonly section = element("focus", HTMLElement);
  private readonly figure = element("focus-figure", HTMLParagraphElement);
  private readonly bar = element("focus-bar", HTMLProgressElement);
  private readonly share = element("focus-share", HTMLParagraphElement);
  private readonly own = element("focus-own", HTMLParagraphElement);
  private readonly message = element("focus-message", HTMLParagraphElement);
  private readonly reset = element("focus-reset", HTMLButtonElement);
  private readonly lens = element("focus-lens", HTMLFormElement);
  private readonly dioptres = element("focus-dioptres", HTMLInputElement);
  private readonly position = element("focus-position", HTMLParagraphElement);
  private readonly crop = element("focus-crop", HTMLElement);
  private readonly picture = element("focus-picture", HTMLImageElement);
  private readonly caption = element("focus-caption", HTMLElement);
  private readonly lights: Record<Light, HTMLButtonElement> = {
    day: element("focus-day", HTMLButtonElement),
    infrared: element("focus-infrared", HTMLButtonElement),
  };
  private light: Light = "day";
  private shown = "";

  constructor(private readonly entrance: Entrance) {
    for (const light of ["day", "infrared"] as const)
      this.lights[light].addEventListener("click", () => this.choose(light));
    this.reset.addEventListener("click", () => this.order(resetPeak(this.light, this.entrance.csrf), "The peak begins anew."));
    this.lens.addEventListener("submit", (event) => {
      event.preventDefault();
      const wanted = this.dioptres.value;
      this.order(holdLens(wanted, this.entrance.csrf), `The lens is held at ${dioptresText(Number(wanted))}.`);
    });
    this.choose("day");
  }

  set hidden(hidden: boolean) {
    this.section.hidden = hidden;
  }

  /** False for who may not: the mode is for those who have logged in. */
  async watch(signal: AbortSignal): Promise<boolean> {
    this.say("");
    while (!signal.aborted) {
      const begun = performance.now();
      const stale = setTimeout(() => this.blank(), kStaleAfterMs);
      try {
        if (!(await this.entrance.maySeeAll(signal))) return false;
        const light = this.light;
        const [look, jpeg] = await Promise.all([fetchLook(light, signal), fetchBlob("/snapshot/centre", signal)]);
        await this.showPicture(look, jpeg);
        if (light === this.light && !signal.aborted) this.show(look);
      } catch (trouble) {
        if (signal.aborted) break;
        this.blank();
        this.say(trouble instanceof Error ? trouble.message : "The box does not answer.");
        if (trouble instanceof LoggedOut) this.entrance.leave();
      } finally {
        clearTimeout(stale);
      }
      await pause(Math.max(0, begun + kLookEveryMs - performance.now()), signal);
    }
    this.blank();
    return true;
  }

  private show(look: Look): void {
    if (this.section.dataset["state"] === "none") this.say("");
    this.section.dataset["state"] = "fresh";
    const share = shareOfPeak(look);
    this.figure.textContent = look.sharpness.toFixed(1);
    this.bar.value = share;
    this.section.dataset["tone"] = share >= kAtThePeak ? "good" : "quiet";
    this.share.textContent = `${Math.round(share * 100)} % of the peak, ${(look.peak ?? 0).toFixed(1)}`;
    this.lights.day.lastElementChild!.textContent = peakText(look.peaks.day);
    this.lights.infrared.lastElementChild!.textContent = peakText(look.peaks.infrared);
    this.own.textContent = look.focus_measure === null
      ? "The camera has no figure of its own (FocusFoM) here."
      : `The camera's own figure (FocusFoM): ${look.focus_measure}, peak ${look.focus_measure_peak ?? look.focus_measure}`;
    this.showLens(look);
  }

  private showLens(look: Look): void {
    this.lens.hidden = look.lens === null;
    if (!look.lens) return;
    const { min, max, position } = look.lens;
    if (max > min) {
      this.dioptres.min = String(min);
      this.dioptres.max = String(max);
    }
    this.position.textContent = position === null ? "" : `It stands at ${dioptresText(position)} now.`;
    const writing = document.activeElement === this.dioptres;  // who has just emptied it wants another number
    if (this.dioptres.value === "" && position !== null && !writing) this.dioptres.value = position.toFixed(1);
  }

  private async showPicture(look: Look, jpeg: Blob): Promise<void> {
    const address = URL.createObjectURL(jpeg);
    this.picture.src = address;
    await this.picture.decode().catch(() => undefined);
    URL.revokeObjectURL(this.shown);
    this.shown = address;
    const ratio = window.devicePixelRatio;
    const scale = wholeScale(look, this.crop.clientWidth, window.innerHeight * kHeightShare, ratio);
    this.picture.style.width = `${(look.crop_width * scale) / ratio}px`;
    this.picture.style.height = `${(look.crop_height * scale) / ratio}px`;
    const size = scale === 1 ? "pixel for pixel" : `each pixel ${scale} × ${scale} of this screen's`;
    this.caption.textContent =
      `${look.crop_width} × ${look.crop_height} from the middle of ${look.width} × ${look.height}, ${size}`;
  }

  private choose(light: Light): void {
    this.light = light;
    for (const other of ["day", "infrared"] as const)
      this.lights[other].setAttribute("aria-pressed", String(other === light));
    this.say("");
    this.blank();
  }

  private blank(): void {
    this.section.dataset["state"] = "none";
    this.figure.textContent = "–";
    this.share.textContent = "Waiting for a picture";
    this.bar.value = 0;
  }

  private order(order: Promise<void>, done: string): void {
    order.then(() => this.say(done), (trouble: unknown) => {
      this.say(trouble instanceof Error ? trouble.message : "The box does not answer.");
    });
  }

  private say(message: string): void {
    this.message.textContent = message;
    this.message.hidden = message === "";
  }
}

function peakText(peak: number | null): string {
  return peak === null ? "no peak yet" : `peak ${peak.toFixed(1)}`;
}
