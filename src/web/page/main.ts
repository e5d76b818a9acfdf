import { Backoff, pause } from "./backoff.js";
import { LoggedOut } from "./box.js";
import { FocusView } from "./focus_view.js";
import { LivePlayer } from "./live_player.js";
import { MjpegPlayer } from "./mjpeg_player.js";
import { MotionView } from "./motion_view.js";
import type { Player, PlayerEvents } from "./player.js";
import { type Notice, Stage } from "./stage.js";
import { Entrance } from "./entrance.js";
import { clockText, contentOf, fetchPictureStatus, fetchStatus, noPictureSince, type PictureStatus } from "./status.js";
import { StatusView } from "./status_view.js";
import { VisitsView } from "./visits_view.js";

// A picture older than this is not called live any more.
const kStaleAfterMs = 2000;
const kStatusEveryMs = 2000;
const kLookEveryMs = 500;
const kFocusHash = "#focus";
// A stream that lasted so long was a good one: the next try comes soon.
const kGoodAfterMs = 10000;

class Page implements PlayerEvents {
  private readonly stage = new Stage();
  private readonly view = new StatusView();
  private readonly entrance = new Entrance();
  private readonly focus = new FocusView(this.entrance);
  private readonly motion = new MotionView();
  private readonly visits = new VisitsView(this.entrance);
  private readonly live: Player = new LivePlayer(this.stage.video, this);
  private readonly mjpeg: Player = new MjpegPlayer(this.stage.still, this);
  private status: PictureStatus | undefined;
  private lastPicture: Date | undefined;
  private unreachableSince: Date | undefined;
  private noCameraSince: Date | undefined;
  private cameraWasSeen = false;
  private watching: AbortController | undefined;

  constructor() {
    document.addEventListener("visibilitychange", () => this.followVisibility());
    window.addEventListener("pagehide", () => this.stop());
    window.addEventListener("pageshow", () => this.followVisibility());
    window.addEventListener("hashchange", () => {
      this.stop();
      this.followVisibility();
    });
    this.followVisibility();
  }

  picture(): void {
    this.lastPicture = new Date();
    this.stage.touchGiven();
  }

  needsTouch(): void {
    this.stage.askForTouch();
  }

  sound(has: boolean): void {
    this.stage.offerSound(has);
  }

  /** A hidden tab costs the box nothing. */
  private followVisibility(): void {
    if (document.hidden) this.stop();
    else this.start();
  }

  private start(): void {
    if (this.watching) return;
    this.watching = new AbortController();
    const { signal } = this.watching;
    this.lastPicture = undefined;
    const focusing = location.hash === kFocusHash;
    this.stage.hidden = focusing;
    this.focus.hidden = !focusing;
    this.visits.hidden = focusing;
    void (focusing ? this.watchFocus(signal) : this.watchPicture(signal));
    void this.watchStatus(signal);
    const look = setInterval(() => this.look(), kLookEveryMs);
    signal.addEventListener("abort", () => clearInterval(look), { once: true });
  }

  private stop(): void {
    this.watching?.abort();
    this.watching = undefined;
    this.lastPicture = undefined;
    this.look();
  }

  private async watchPicture(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(400, 8000);
    while (!signal.aborted) {
      const player = this.live.supported ? this.live : this.mjpeg;
      if (player === this.mjpeg) this.stage.useStill();
      const begun = performance.now();
      await player.play(signal).catch(() => undefined);  // whatever went wrong, the next try is the answer
      if (performance.now() - begun > kGoodAfterMs) backoff.reset();
      await pause(backoff.nextMs(), signal);
    }
  }

  /** In place of the live picture, which costs the box more. */
  private async watchFocus(signal: AbortSignal): Promise<void> {
    if (!(await this.focus.watch(signal))) location.hash = "";
  }

  private async watchStatus(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.status = await this.askStatus(signal);
        this.unreachableSince = undefined;
        this.followCamera(this.status);
      } catch (trouble) {
        if (signal.aborted) return;
        if (trouble instanceof LoggedOut && this.entrance.leave()) continue;
        this.unreachableSince ??= new Date();
        this.view.showUnreachable(this.unreachableSince);
      }
      this.look();
      await pause(kStatusEveryMs, signal);
    }
  }

  private async askStatus(signal: AbortSignal): Promise<PictureStatus> {
    if (await this.entrance.maySeeAll(signal)) {
      const status = await fetchStatus(signal);
      this.view.show(status);
      this.motion.show(status);
      this.visits.follow(status, signal);
      return status;
    }
    const status = await fetchPictureStatus(signal);
    this.view.showToPublic(status);
    this.motion.hide();
    this.visits.showToPublic();
    return status;
  }

  /** A page that was there when the camera went knows the time itself; one that came later asks the box. */
  private followCamera(status: PictureStatus): void {
    if (contentOf(status) !== "slate") {
      this.cameraWasSeen = true;
      this.noCameraSince = undefined;
    } else {
      this.noCameraSince ??= noPictureSince(status) ?? (this.cameraWasSeen ? new Date() : undefined);
    }
  }

  private look(): void {
    this.stage.show(this.notice());
  }

  private notice(): Notice {
    const { lastPicture } = this;
    const stale = lastPicture && Date.now() - lastPicture.getTime() > kStaleAfterMs;
    if (stale) {
      const whose = this.unreachableSince ? "The box does not answer. " : "";
      return { picture: "stale", badge: "Not live", tone: "warn", place: "middle",
               banner: `${whose}No new picture since ${clockText(lastPicture)}.` };
    }
    const content = this.status ? contentOf(this.status) : "live";
    if (content === "slate") return this.slateNotice(lastPicture !== undefined);
    if (!lastPicture) {
      const banner = this.unreachableSince ? `The box does not answer since ${clockText(this.unreachableSince)}.` : "";
      return { picture: "waiting", badge: "Connecting…", tone: "quiet", banner, place: "middle" };
    }
    if (content === "simulated")
      return { picture: "live", badge: "Simulated", tone: "warn", place: "edge",
               banner: "A simulated box, not a camera" };
    return { picture: "live", badge: "Live", tone: "good", banner: "", place: "middle" };
  }

  private slateNotice(hasStill: boolean): Notice {
    const state = this.status?.camera.state;
    const why = state === "busy" ? "another program uses the camera"
      : state === "absent" ? "no camera was found" : "the camera gives none";
    const since = this.noCameraSince ? ` since ${clockText(this.noCameraSince)}` : "";
    return { picture: hasStill ? "stale" : "waiting", badge: "No picture", tone: "warn", place: "middle",
             banner: `No picture${since}: ${why}. The box keeps trying.` };
  }
}

new Page();
