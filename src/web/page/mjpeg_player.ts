import { fetchMedia, type Player, type PlayerEvents } from "./player.js";

const kSilenceMs = 8000;
const kHeaderBytesMax = 1024;

/**
 * /stream for browsers without Media Source Extensions. The parts are read here rather than by <img src="/stream">,
 * which would leave the last picture standing when the stream ends, and tell nobody.
 */
export class MjpegPlayer implements Player {
  readonly supported = true;
  private shown = "";

  constructor(private readonly image: HTMLImageElement, private readonly events: PlayerEvents) {}

  async play(outer: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    outer.addEventListener("abort", end, { once: true });
    try {
      const response = await fetchMedia("/stream", ending);
      if (!response.ok || !response.body) return;
      this.events.sound(false);
      const parts = new PartReader();
      const body = response.body.getReader();
      for (;;) {
        const silence = setTimeout(end, kSilenceMs);
        const { done, value } = await body.read().finally(() => clearTimeout(silence));
        if (done) return;
        for (const jpeg of parts.push(value)) await this.show(jpeg);
      }
    } finally {
      end();
      outer.removeEventListener("abort", end);
    }
  }

  private async show(jpeg: Uint8Array): Promise<void> {
    const address = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
    this.image.src = address;
    await this.image.decode().catch(() => undefined);
    URL.revokeObjectURL(this.shown);
    this.shown = address;
    this.events.picture();
  }
}

/** Splits multipart/x-mixed-replace by each part's Content-Length. */
export class PartReader {
  private bytes = new Uint8Array(0);

  push(more: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.bytes.byteLength + more.byteLength);
    all.set(this.bytes);
    all.set(more, this.bytes.byteLength);
    this.bytes = all;
    const parts: Uint8Array[] = [];
    for (let part = this.takeOne(); part; part = this.takeOne()) parts.push(part);
    return parts.slice(-1);  // the newest alone: a slow device shows less, never later
  }

  private takeOne(): Uint8Array | undefined {
    const head = new TextDecoder("latin1").decode(this.bytes.subarray(0, kHeaderBytesMax));
    const headEnd = head.indexOf("\r\n\r\n");
    const length = /content-length: *(\d+)/i.exec(head.slice(0, Math.max(0, headEnd)))?.[1];
    if (length === undefined) return undefined;
    const begin = headEnd + 4;
    const end = begin + Number(length);
    if (this.bytes.byteLength < end) return undefined;
    const part = this.bytes.slice(begin, end);
    this.bytes = this.bytes.slice(end);
    return part;
  }
}
