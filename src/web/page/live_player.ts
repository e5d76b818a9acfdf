import { fetchMedia, type Player, type PlayerEvents } from "./player.js";

/** Safari on the iPhone has only this kind (iOS 17.1 and newer); TypeScript's library does not know it yet. */
declare global {
  interface Window {
    ManagedMediaSource?: typeof MediaSource;
  }
}

// Seconds behind the newest picture. Below kTargetS a hiccup of the network would show as a stutter.
const kTargetS = 0.2;
const kHurryAboveS = 0.45;
const kJumpAboveS = 1.2;
const kHurryRate = 1.1;
// Seconds already seen that stay in the browser's memory, and how many more may gather before they are removed.
const kKeepS = 4;
const kTrimS = 6;
// More than this waiting to be decoded means that this device cannot keep up.
const kPendingBytesMax = 8 * 1024 * 1024;
// A picture that stood still for so long goes on from a fresh keyframe: a browser would show the old one a while longer.
const kSilenceMs = 2500;

function mediaSourceClass(): typeof MediaSource | undefined {
  return window.MediaSource ?? window.ManagedMediaSource;
}

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** /live.mp4 by Media Source Extensions: the encoder's own packets, always at the live edge. */
export class LivePlayer implements Player {
  supported = mediaSourceClass() !== undefined && typeof ReadableStream !== "undefined";
  private lastTime = -1;

  constructor(private readonly video: HTMLVideoElement, private readonly events: PlayerEvents) {
    const advanced = (): void => {
      if (video.currentTime === this.lastTime || video.paused) return;
      this.lastTime = video.currentTime;
      events.picture();
    };
    video.addEventListener("timeupdate", advanced);
  }

  async play(outer: AbortSignal): Promise<void> {
    const Source = mediaSourceClass();
    if (!Source) return;
    // Ends everything that belongs to this one connection.
    const ending = new AbortController();
    const end = (): void => ending.abort();
    outer.addEventListener("abort", end, { once: true });
    try {
      const response = await fetchMedia("/live.mp4", ending);
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.ok || !response.body) return;
      if (!Source.isTypeSupported(type)) {
        this.supported = false;
        return;
      }
      const source = new Source();
      const address = URL.createObjectURL(source);
      this.lastTime = -1;
      this.video.src = address;
      await once(source, "sourceopen", ending.signal);
      URL.revokeObjectURL(address);
      source.duration = Infinity;
      this.events.sound(type.includes("mp4a"));
      await this.feed(source.addSourceBuffer(type), response.body.getReader(), ending);
    } finally {
      end();
      outer.removeEventListener("abort", end);
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  /** Resolves when the body ends. */
  private async feed(buffer: SourceBuffer, body: ReadableStreamDefaultReader<Uint8Array>,
                     ending: AbortController): Promise<void> {
    const pending: Uint8Array[] = [];
    let pendingBytes = 0;
    const broken = (): void => ending.abort();
    const pump = (): void => {
      if (buffer.updating || ending.signal.aborted) return;
      this.stayLive(buffer);
      if (this.trim(buffer)) return;
      const bytes = joined(pending.splice(0));
      pendingBytes = 0;
      if (!bytes) return;
      try {
        buffer.appendBuffer(bytes);
      } catch {
        broken();  // full, or gone: begin anew, with an empty buffer
      }
    };
    buffer.addEventListener("updateend", pump, { signal: ending.signal });
    buffer.addEventListener("error", broken, { signal: ending.signal });
    this.video.addEventListener("error", broken, { signal: ending.signal });

    for (;;) {
      const silence = setTimeout(broken, kSilenceMs);
      const { done, value } = await body.read().finally(() => clearTimeout(silence));
      if (done || ending.signal.aborted) return;
      pending.push(value);
      pendingBytes += value.byteLength;
      if (pendingBytes > kPendingBytesMax) return;
      pump();
    }
  }

  /** Plays slightly faster when a little behind, jumps when far behind or stuck outside of what there is. */
  private stayLive(buffer: SourceBuffer): void {
    const { video } = this;
    const ranges = buffer.buffered;
    if (ranges.length === 0) return;
    const edge = ranges.end(ranges.length - 1);
    const begin = ranges.start(ranges.length - 1);
    const behind = edge - video.currentTime;
    const target = Math.max(begin, edge - kTargetS);
    if (behind > kJumpAboveS || video.currentTime < begin) video.currentTime = target;
    if (behind > kHurryAboveS) video.playbackRate = kHurryRate;
    else if (behind <= kTargetS) video.playbackRate = 1;
    if (video.paused) {
      video.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === "NotAllowedError") this.events.needsTouch();
      });
    }
  }

  /** True when a removal has begun; the append then waits for its end. */
  private trim(buffer: SourceBuffer): boolean {
    if (buffer.buffered.length === 0) return false;
    const keepFrom = this.video.currentTime - kKeepS;
    if (buffer.buffered.start(0) > keepFrom - kTrimS) return false;
    buffer.remove(0, keepFrom);
    return true;
  }
}

function joined(parts: Uint8Array[]): Uint8Array | undefined {
  if (parts.length <= 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
