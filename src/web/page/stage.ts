import { element } from "./dom.js";
import type { Tone } from "./status.js";

/** iPhones make the video itself full screen, and nothing else. */
interface IosVideo extends HTMLVideoElement {
  webkitEnterFullscreen?(): void;
}

export interface Notice {
  picture: "live" | "stale" | "waiting";
  badge: string;
  tone: Tone;
  /** Over the picture; empty for none. */
  banner: string;
  /** At the upper edge, where it hides nothing of a picture that moves; or in its middle. */
  place: "middle" | "edge";
}

/** The picture's frame: its controls, its badge, its banner. */
export class Stage {
  readonly video: IosVideo = element("video", HTMLVideoElement);
  readonly still = element("still", HTMLImageElement);
  private readonly section = element("watch", HTMLElement);
  private readonly stage = element("stage", HTMLElement);
  private readonly badge = element("badge", HTMLParagraphElement);
  private readonly banner = element("banner", HTMLParagraphElement);
  private readonly start = element("start", HTMLButtonElement);
  private readonly sound = element("sound", HTMLButtonElement);
  private readonly full = element("full", HTMLButtonElement);
  private readonly fullLabel = element("full-label", HTMLSpanElement);

  constructor() {
    this.sound.addEventListener("click", () => this.toggleSound());
    this.full.addEventListener("click", () => this.toggleFull());
    this.start.addEventListener("click", () => {
      this.start.hidden = true;
      void this.video.play();
    });
    document.addEventListener("fullscreenchange", () => {
      this.fullLabel.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
    });
  }

  set hidden(hidden: boolean) {
    this.section.hidden = hidden;
  }

  show(notice: Notice): void {
    this.stage.dataset["picture"] = notice.picture;
    this.badge.textContent = notice.badge;
    this.badge.dataset["tone"] = notice.tone;
    this.banner.hidden = notice.banner === "" || !this.start.hidden;
    this.banner.dataset["place"] = notice.place;
    if (this.banner.textContent !== notice.banner) this.banner.textContent = notice.banner;
  }

  askForTouch(): void {
    this.start.hidden = false;
  }

  touchGiven(): void {
    this.start.hidden = true;
  }

  offerSound(has: boolean): void {
    this.sound.hidden = !has;
  }

  useStill(): void {
    this.video.hidden = true;
    this.still.hidden = false;
  }

  private toggleSound(): void {
    this.video.muted = !this.video.muted;
    this.sound.setAttribute("aria-pressed", String(!this.video.muted));
  }

  private toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.stage.requestFullscreen) void this.stage.requestFullscreen();
    else this.video.webkitEnterFullscreen?.();
  }
}
